"""The reader of Label Studio's exports: tasks, JSON-MIN, several annotations, and what is no annotation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reading import read, read_file, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog

STUDIO = {"type": "label-studio", "language": "spaces"}
TEXT = "Ann left Rome"
FOUND = [(TEXT, [(0, 1, "PER"), (2, 3, "LOC")])]


def region(
    start: int, end: int, *labels: str, kind: str = "labels", name: str = "label", **value: Any
) -> dict[str, Any]:
    return {
        "from_name": name,
        "to_name": "text",
        "type": kind,
        "value": {"start": start, "end": end, kind: [*labels], **value},
    }


REGIONS = [region(0, 3, "PER", text="Ann"), region(9, 13, "LOC", text="Rome")]
BESIDE = [
    {"from_name": "mood", "type": "choices", "value": {"choices": ["good"]}},
    {"from_name": "mood", "type": "choices", "value": {"start": 0, "end": 3, "text": "Ann", "choices": ["good"]}},
    {"from_name": "note", "type": "textarea", "value": {"start": 0, "end": 3, "text": ["who?"]}},
    {"from_name": "stars", "type": "rating", "value": {"rating": 3}},
    {"from_name": "box", "type": "taxonomy", "value": {"taxonomy": [["a"]]}},
    {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right"},
]


def done(*result: Any, by: Any = 1, at: str = "2026-01-02T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {"result": [*result], "completed_by": by, "created_at": at, "was_cancelled": False, **more}


def task(*annotations: Any, text: str = TEXT, **more: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"text": text}, "annotations": [*annotations], "predictions": [], **more}


@pytest.mark.parametrize(
    "record",
    [
        task(done(*REGIONS)),
        task(done(*REGIONS, *BESIDE)),
        task(done(*BESIDE, *REGIONS), predictions=[{"result": [region(4, 8, "ORG")]}]),
        {"data": {"text": TEXT}, "completions": [{"id": 1, "result": REGIONS}]},
        {"id": 3, "result": REGIONS, "task": {"id": 1, "data": {"text": TEXT}}, "completed_by": {"id": 1}},
        task(done(*[region(0, 3, "PER", kind="hypertextlabels", startOffset=0, endOffset=3), REGIONS[1]])),
        task(done(REGIONS[1], {"type": "hypertextlabels", "value": {"start": "/p[1]", "end": "/p[1]", "globalOffsets": {"start": 0, "end": 3}, "hypertextlabels": ["PER"]}})),
        {"id": 1, "text": TEXT, "label": [r["value"] for r in REGIONS], "mood": "good", "note": [b["value"] for b in BESIDE[1:3]], "annotator": 1, "annotation_id": 2, "lead_time": 3.5},
        {"id": 1, "letter": TEXT, "label": [r["value"] for r in REGIONS], "number": 3, "annotator": 1, "annotation_id": 2, "created_at": "x", "updated_at": "y"},
    ],
    ids=["task", "beside", "predictions", "completions", "storage", "hypertext", "global", "min", "min-only-text"],
)  # fmt: skip
def test_records_of_every_form(tmp_path: Path, record: dict[str, Any]) -> None:
    log = ProblemLog()
    for content in (json.dumps([record]), json.dumps([record], indent=1), json.dumps(record)):
        assert seen(read(tmp_path, content, STUDIO, log=log)) == FOUND
    assert log.counts == {}


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (task(), "nobody annotated it to the end"),
        (task(predictions=[{"result": REGIONS}]), "nobody annotated it to the end"),
        ({"id": 1, "data": {"text": TEXT}}, "nobody annotated it to the end"),
        ({"id": 1, "data": {"text": TEXT}, "annotations": 3}, "nobody annotated it to the end"),
        (task(done(*REGIONS, was_cancelled=True)), "its annotation was cancelled"),
        (
            {"data": {"text": TEXT}, "completions": [{"result": REGIONS, "skipped": True}]},
            "its annotation was cancelled",
        ),
    ],
)
def test_tasks_that_are_no_negatives(tmp_path: Path, record: dict[str, Any], why: str) -> None:
    log = ProblemLog()
    found = read(tmp_path, json.dumps([record, task(done(), text="b")]), STUDIO, log=log)
    assert ([(s.id, s.text) for s in found], log.counts) == ([("c/s/1", "b")], {"not-annotated": 1})
    assert log.kept[0].message == why
    with pytest.raises(LmnError, match=f"file: no record is annotated: {why}"):
        read(tmp_path, json.dumps([record]), STUDIO)


def test_an_annotation_without_regions_is_a_negative(tmp_path: Path) -> None:
    flat = {"id": 1, "text": TEXT, "annotator": 1, "annotation_id": 2}  # JSON-MIN has no key for a tag without regions
    for record in (task(done()), task(done(*BESIDE)), flat):
        assert seen(read(tmp_path, json.dumps([record]), STUDIO)) == [(TEXT, [])]


def test_the_first_completed_annotation_is_read_or_that_of_the_annotator_on_the_card(tmp_path: Path) -> None:
    second = done(region(4, 8, "ORG"), by={"id": 2, "email": "b@c.d"}, at="2026-01-03")
    cancelled = done(by=3, at="2026-01-01", was_cancelled=True)
    first = done(*REGIONS, by=1, at="2026-01-02")
    content = json.dumps([task(second, cancelled, first)])
    log = ProblemLog()
    assert seen(read(tmp_path, content, STUDIO, log=log)) == FOUND
    assert log.counts == {"several-annotations": 1}
    assert log.kept[0].message == "2 annotations, by 1, 2 / b@c.d"
    for name in (2, "2", "b@c.d"):
        log = ProblemLog()
        assert seen(read(tmp_path, content, {**STUDIO, "annotator": name}, log=log))[0][1] == [(1, 2, "ORG")]
        assert log.counts == {}
    with pytest.raises(LmnError, match=r"no record is annotated: annotated by 1, 2 / b@c\.d, not by 7"):
        read(tmp_path, content, {**STUDIO, "annotator": 7})


def test_records_of_json_min_for_one_task_are_its_annotations(tmp_path: Path) -> None:
    def flat(task: int, annotation: int, at: str, *regions: Any, **more: Any) -> dict[str, Any]:
        marked = {"label": [r["value"] for r in regions]} if regions else {}
        return {
            "id": task,
            "text": TEXT,
            **marked,
            "annotator": annotation,
            "annotation_id": annotation,
            "created_at": at,
            **more,
        }

    records = [
        flat(1, 12, "2026-02", REGIONS[0]),
        flat(1, 11, "2026-01", *REGIONS),
        flat(2, 13, "2026-01", topic="sea"),
    ]
    log = ProblemLog()
    found = read(tmp_path, json.dumps(records), STUDIO, log=log)
    assert ([(s.id, len(s.spans)) for s in found], log.counts) == (
        [("c/s/0", 2), ("c/s/1", 0)],
        {"several-annotations": 1},
    )
    of_twelve = read(tmp_path, json.dumps(records), {**STUDIO, "annotator": 12})
    assert [(s.id, len(s.spans)) for s in of_twelve] == [("c/s/0", 1)]
    assert [s.id for s in read(tmp_path, json.dumps(records), {**STUDIO, "where": {"topic": "sea"}})] == ["c/s/1"]


def test_a_card_can_name_the_tag_and_the_text(tmp_path: Path) -> None:
    record = task(done(*REGIONS, region(4, 8, "ORG", name="other")))
    record["data"] = {"title": "A title", "body": TEXT}
    with pytest.raises(
        LmnError, match=r"the texts of the task are title, body; the card's reader\.text names the key of the text"
    ):
        read(tmp_path, json.dumps([record]), {**STUDIO, "tag": "label"})
    for key in ("body", "data.body"):
        assert seen(read(tmp_path, json.dumps([record]), {**STUDIO, "tag": "label", "text": key})) == FOUND


def test_regions_that_are_no_spans_of_the_text_and_several_labels(tmp_path: Path) -> None:
    log = ProblemLog()
    beside = [region(0, 1, "X", kind="paragraphlabels"), region(4, 8), {"type": "rectanglelabels", "value": {"x": 1}}]
    content = json.dumps([task(done(region(0, 3, "PER", "ORG"), *beside))])
    assert seen(read(tmp_path, content, STUDIO, log=log, nested=True)) == [(TEXT, [(0, 1, "ORG"), (0, 1, "PER")])]
    assert log.counts == {"passed-region": 3}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": TEXT}, "no task of Label Studio; a task has data and annotations; it has text"),
        ([1], "no task of Label Studio; .* it is list"),
        (
            task(done({"type": "labels", "value": {"start": "a", "labels": ["PER"]}})),
            "a span is start, end and label, not",
        ),
        (
            task(done(region(0, 3, "PER", text="Bob"))),
            "the PER from 0 to 3 is 'Ann' in the text, and 'Bob' in the record",
        ),
        ({"data": {"n": 1}, "annotations": [done()]}, r"the task has no text; the card's reader\.text names the key"),
    ],
)
def test_what_is_wrong_in_a_task(tmp_path: Path, record: Any, message: str) -> None:
    with pytest.raises(LmnError, match=f"file:1: {message}"):
        read(tmp_path, json.dumps(record) + "\n" + json.dumps(task(done(), text="b")), STUDIO)


def test_tasks_of_its_own_repository_with_their_spans(corpora: Path, tmp_path: Path) -> None:
    folder = corpora / "label_studio"
    request = json.loads((folder / "spacy_backend_predict_request.json").read_text())
    response = json.loads((folder / "spacy_backend_predict_response.json").read_text())
    log = ProblemLog(keep_going=True)
    path = tmp_path / "export.json"
    for field, expected in (("predictions", 0), ("annotations", 3)):
        for one, result in zip(request["tasks"], response["results"], strict=True):
            one[field] = [result]
        path.write_text(json.dumps(request["tasks"]))
        if not expected:
            with pytest.raises(LmnError, match="no record is annotated: nobody annotated it to the end"):
                read_file(path, STUDIO, log=log)
            continue
        (sentence,) = read_file(path, {**STUDIO, "language": "en"}, labels=("PERSON", "ORG", "PRODUCT"))
        texts = [(item["value"]["text"], item["value"]["labels"][0]) for item in response["results"][0]["result"]]
        assert [(" ".join(sentence.tokens[s.start : s.end]), s.label) for s in sentence.spans] == texts
