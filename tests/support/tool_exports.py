"""Annotation tools as far as their files go: what each exports after a person has worked on what it imported.

The shapes are those of the tools' documentation: Label Studio's JSON export, doccano's JSONL, `dataset.records.to_json` of Argilla 2,
`prodigy db-out`. Offsets are counted here by encoding, and not by the code that is tested.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Marks = Sequence[tuple[int, int, str]]
"""Entities by code points: start, end, label."""
DATE = "2026-03-04T05:06:07Z"
STAMP = 1772600767
LINES = ("doccano", "prodigy")
"""Tools that export a record a line."""


Row = tuple[list[str], list[tuple[int, int, str]]]
"""Tokens, and entities on them."""
CARD = """\
name: mine
language: en
docstart: none
nested: {nested}
join: "{join}"
splits: {{train: train.jsonl}}
reader: {{type: token-spans, tokens: tokens, entities: entities, ends: exclusive}}
labels: [{{name: PER, long: person}}, {{name: LOC, definition: a <place> & more}}]
"""


def save_corpus(folder: Path, rows: Sequence[Row], *, nested: bool = True, join: str = " ") -> Path:
    """Write a corpus of tokens with entities."""
    folder.mkdir(exist_ok=True)
    (folder / "card.yaml").write_text(CARD.format(nested=str(nested).lower(), join=join))
    lines = [
        {"tokens": tokens, "entities": [{"start": start, "end": end, "label": label} for start, end, label in spans]}
        for tokens, spans in rows
    ]
    (folder / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def utf16(text: str, at: int) -> int:
    """Return a code point's offset in UTF-16 units."""
    return len(text[:at].encode("utf-16-le", "surrogatepass")) // 2


def finished(
    tool: str, record: dict[str, Any], marks: Marks, who: str = "ada", state: str = "done", number: int = 1
) -> dict[str, Any]:
    """Return the export of a record that a person has finished, or skipped, refused or never opened.

    Args:
        tool: Name of the tool.
        record: The record as the tool imported it.
        marks: Entities that the person leaves.
        who: The person.
        state: `done`, `skipped` or `untouched`.
        number: Number that the tool gives to the record.
    """
    return {"label-studio": _label_studio, "doccano": _doccano, "argilla": _argilla, "prodigy": _prodigy}[tool](
        record, marks, who, state, number
    )


def _label_studio(record: dict[str, Any], marks: Marks, who: str, state: str, number: int) -> dict[str, Any]:
    text = record["data"]["text"]
    result = [
        {
            "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
            "id": f"r{at}", "from_name": "label", "to_name": "text", "type": "labels", "origin": "manual",
        }
        for at, (start, end, label) in enumerate(marks)
    ]  # fmt: skip
    annotation = {
        "id": 10 + number, "completed_by": {"id": 3, "email": who, "first_name": "", "last_name": ""}, "result": result,
        "was_cancelled": state == "skipped", "ground_truth": False, "created_at": "2026-03-04T05:00:00Z", "updated_at": DATE,
        "lead_time": 3.1, "prediction": {}, "result_count": len(result), "task": number, "project": 1,
    }  # fmt: skip
    return {
        "id": number, "annotations": [] if state == "untouched" else [annotation], "predictions": record["predictions"],
        "data": record["data"], "meta": {}, "created_at": "2026-03-04T04:00:00Z", "updated_at": DATE, "inner_id": number,
        "total_annotations": 1, "cancelled_annotations": int(state == "skipped"), "project": 1, "updated_by": 3,
    }  # fmt: skip


def _doccano(record: dict[str, Any], marks: Marks, who: str, state: str, number: int) -> dict[str, Any]:
    text = record["text"]
    label = [[utf16(text, start), utf16(text, end), name] for start, end, name in marks]
    beside = {key: value for key, value in record.items() if key not in ("text", "label")}
    return {
        "id": number,
        "text": text,
        "label": label,
        "Comments": [],
        **beside,
        "annotation_approver": who if state == "done" else None,
    }


def _argilla(record: dict[str, Any], marks: Marks, who: str, state: str, number: int) -> dict[str, Any]:
    text = record["fields"]["text"]
    value = [{"label": name, "start": utf16(text, start), "end": utf16(text, end)} for start, end, name in marks]
    status = {"done": "submitted", "skipped": "discarded"}.get(state)
    responses = {"entities": [{"value": value, "user_id": who, "status": status}]} if status else {}
    return {
        "id": record["id"], "fields": record["fields"], "metadata": {}, "suggestions": record["suggestions"], "responses": responses,
        "vectors": {}, "status": "completed" if status else "pending", "_server_id": f"00000000-0000-0000-0000-{number:012}",
    }  # fmt: skip


def _prodigy(record: dict[str, Any], marks: Marks, who: str, state: str, number: int) -> dict[str, Any]:
    first = {token["start"]: token["id"] for token in record["tokens"]}
    last = {token["end"]: token["id"] for token in record["tokens"]}
    spans = [
        {"start": start, "end": end, "label": label, "token_start": first.get(start, 0), "token_end": last.get(end, 0)}
        for start, end, label in marks
    ]
    answer = {"done": "accept", "skipped": "ignore", "untouched": "reject"}[state]
    return {
        **record, "spans": spans, "answer": answer, "_view_id": "spans_manual", "_input_hash": number, "_task_hash": -number,
        "_is_binary": False, "_timestamp": STAMP, "_annotator_id": who, "_session_id": who,
    }  # fmt: skip


def write(tool: str, path: Path, records: Sequence[dict[str, Any]]) -> Path:
    """Write an export."""
    text = "\n".join(map(json.dumps, records)) if tool in LINES else json.dumps(records)
    path.write_text(text + "\n")
    return path


def imported(tool: str, path: Path) -> list[dict[str, Any]]:
    """Return the records of a file as the tool imports it."""
    text = path.read_text(encoding="utf-8")
    records: list[dict[str, Any]] = (
        [json.loads(line) for line in text.split("\n") if line] if tool in LINES else json.loads(text)
    )
    return records
