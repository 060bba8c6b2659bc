"""The reader of doccano's JSON Lines, in both forms, and real files of its repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reading import read, read_file, records_of, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog

DOCCANO = {"type": "doccano", "language": "spaces"}
FOUND = [("Ann left Rome", [(0, 1, "PER"), (2, 3, "LOC")])]


@pytest.mark.parametrize(
    ("record", "more"),
    [
        ({"label": [[0, 3, "PER"], [9, 13, "LOC"]], "Comments": ["x"]}, {}),
        ({"labels": [[0, 3, "PER"], [9, 13, "LOC"]], "meta": {}}, {}),
        (
            {
                "entities": [{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3}, {"id": 2, "label": "LOC", "start_offset": 9, "end_offset": 13}],
                "relations": [{"id": 1, "from_id": 1, "to_id": 2, "type": "left"}], "Comments": [],
            },
            {},
        ),
        ({"marked": [[0, 3, "PER"], [9, 13, "LOC"]], "label": ["news"]}, {"spans": "marked"}),
        ({"label": [], "entities": [[0, 3, "PER"], [9, 13, "LOC"]]}, {}),
    ],
    ids=["label", "labels", "entities", "named", "empty"],
)  # fmt: skip
def test_records_of_every_form(tmp_path: Path, record: dict[str, Any], more: dict[str, Any]) -> None:
    assert seen(read(tmp_path, json.dumps({"text": "Ann left Rome", **record}), {**DOCCANO, **more})) == FOUND
    own = json.dumps({"data": "Ann left Rome", **record})
    assert seen(read(tmp_path, own, {**DOCCANO, "text": "data", **more})) == FOUND


def test_only_approved_texts_can_be_read(tmp_path: Path) -> None:
    lines = [
        {"text": "Ann", "label": [[0, 3, "PER"]], "annotation_approver": "bob"},
        {"text": "b", "label": [], "annotation_approver": None},
    ]
    content = "\n".join(map(json.dumps, lines))
    log = ProblemLog()
    assert [s.id for s in read(tmp_path, content, {**DOCCANO, "approved": True}, log=log)] == ["c/s/0"]
    assert (log.kept[0].kind, log.kept[0].message) == ("not-annotated", "nobody approved it")
    assert len(read(tmp_path, content, DOCCANO)) == 2


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"text": "Ann"},
            "no entities or label or labels in the record; it has text; a doccano project for sequence labelling",
        ),
        (
            {"text": "Ann", "label": ["news"]},
            "a span is start, end and label, not 'news'; a doccano project for sequence",
        ),
        ({"text": "Ann", "label": [[0, 9, "PER"]]}, "goes past its end at 3"),
        ({"label": []}, "no 'text' in the record; it has label; the card's reader.text names the key"),
        (["Ann", {"entities": []}], "a record is a mapping, not"),
    ],
)
def test_what_is_wrong_in_a_record(tmp_path: Path, record: Any, message: str) -> None:
    with pytest.raises(LmnError, match=f"file:1: .*{message}"):
        read(tmp_path, json.dumps(record) + '\n{"text": "b", "label": []}', DOCCANO)


FILES = [
    ("data_export_pipeline_examples_sequence_labeling_example.jsonl", {}, 3),
    ("data_import_pipeline_examples_sequence_labeling_example.jsonl", {"text": "column_data", "spans": "column_label"}, 3),
    ("data_export_pipeline_examples_relation_extraction_example.jsonl", {}, 1),
    ("data_import_pipeline_examples_relation_extraction_example.jsonl", {}, 1),
    ("data_import_tests_data_relation_extraction_example.jsonl", {}, 1),
]  # fmt: skip


@pytest.mark.parametrize(("file", "keys", "size"), FILES)
def test_files_of_doccano_s_repository(corpora: Path, file: str, keys: dict[str, str], size: int) -> None:
    path = corpora / "doccano" / "doccano" / file
    labels = ("ORG", "MISC", "PERSON", "DATE")
    found = read_file(path, {**DOCCANO, "language": "en", "cut": "error", **keys}, labels=labels)
    assert len(found) == len(records_of(path)) == size
    assert found == read_file(path, {"type": "spans", "language": "en", "cut": "error", **keys}, labels=labels)
