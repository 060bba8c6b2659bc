"""Label Studio: its configuration, its prediction, its exports."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import tool_exports
from tool_exports import Row, save_corpus

from llms_meet_ner import LabelSet, LmnError
from llms_meet_ner.annotation.exchange.importing import read_export
from llms_meet_ner.annotation.exchange.label_studio import LabelStudio
from llms_meet_ner.annotation.exchange.registry import reader_keys
from llms_meet_ner.annotation.exchange.suggestions import Suggested, Suggestions, read_suggestions
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.sentence import Sentence, Span

TOOL = LabelStudio()
ROWS: list[Row] = [(["Ada", "left", "Rome"], [(0, 1, "PER"), (2, 3, "LOC")]), (["It", "rained"], [])]
MARKS = [[(0, 3, "PER"), (9, 13, "LOC")], []]


def found_in(folder: Path, rows: list[Row]) -> Suggestions:
    return read_suggestions(load_card(save_corpus(folder / "mine", rows)), "train")


def test_a_prediction_has_the_score_of_its_least_certain_entity() -> None:
    one = Suggested(
        Sentence("a/0", ("Ada", "saw", "Rome"), (Span(0, 1, "PER"), Span(2, 3, "LOC"))),
        "Ada saw Rome",
        (0.9, 0.4),
        "gpt",
    )
    (prediction,) = TOOL.record(one, list(one.marked()))["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("gpt", 0.4)
    assert [region["score"] for region in prediction["result"]] == [0.9, 0.4]
    assert prediction["result"][1]["value"] == {"start": 8, "end": 12, "text": "Rome", "labels": ["LOC"]}
    bare = Suggested(one.sentence, one.text, None, "gpt")
    assert "score" not in TOOL.record(bare, list(bare.marked()))["predictions"][0]


def test_the_configuration_is_xml_whatever_the_labels_are_called() -> None:
    names = ("A&B", "it's", "日本")
    tree = ElementTree.fromstring(TOOL.companion(LabelSet.of(*names), nested=False).text)
    assert tuple(label.get("value") for label in tree.iter("Label")) == names
    assert [(tag.get("name"), tag.get("toName"), tag.get("value")) for tag in tree] == [
        ("label", "text", None),
        ("text", None, "$text"),
    ]


def test_an_annotation_as_cloud_storage_has_it_says_who_and_when() -> None:
    record = {
        "id": 1,
        "result": [],
        "completed_by": 5,
        "updated_at": "2026-01-01",
        "task": {"data": {"text": "x", "lmn_id": "a/0"}},
    }
    assert TOOL.correction(record, None) == ("a/0", "5", "2026-01-01")
    assert TOOL.correction({"data": {}, "annotations": [{"was_cancelled": True}]}, None) == (None, None, None)
    assert TOOL.correction([], None) == (None, None, None)


def test_label_studio_s_flat_export_comes_back_too(tmp_path: Path) -> None:
    found = found_in(tmp_path, ROWS)
    records = [TOOL.record(one, list(one.marked())) for one in found.sentences]
    rows = [
        {
            **record["data"], "id": at, "annotation_id": at, "annotator": 7, "created_at": "2026-01-01T00:00:00Z", "updated_at": tool_exports.DATE,
            "lead_time": 2.0, "label": [{"start": start, "end": end, "text": "", "labels": [name]} for start, end, name in marks],
        }
        for at, (record, marks) in enumerate(zip(records, MARKS), start=1)
    ]  # fmt: skip
    for row in rows:
        for region in row["label"]:
            region["text"] = row["text"][region["start"] : region["end"]]
    imported = read_export(tool_exports.write("label-studio", tmp_path / "in.json", rows), TOOL, found)
    assert [len(one.sentence.spans) for one in imported.sentences] == [2, 0]
    assert {(one.review.annotator, one.review.date) for one in imported.sentences} == {("7", tool_exports.DATE)}


def test_words_that_are_not_those_at_the_offsets_are_an_error_that_names_the_unit(tmp_path: Path) -> None:
    found = found_in(tmp_path, [(["🚀🚀", "Ada", "left"], [])])
    record = TOOL.record(found.sentences[0], [])
    done = tool_exports.finished("label-studio", record, [(3, 6, "PER")])
    done["annotations"][0]["result"][0]["value"] |= {"start": 5, "end": 8}
    path = tool_exports.write("label-studio", tmp_path / "in.json", [done])
    with pytest.raises(LmnError, match="`offsets: utf-16` in the card's reader finds them"):
        read_export(path, TOOL, found)
    (one,) = read_export(path, TOOL, found, keys=reader_keys(TOOL, ("offsets=utf-16",))).sentences
    assert [(span.start, span.end) for span in one.sentence.spans] == [(1, 2)]
