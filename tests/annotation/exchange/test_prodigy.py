"""Prodigy: records with tokens, whose last one is inclusive, and sessions with times."""

from __future__ import annotations

from pathlib import Path

from tool_exports import Row, finished, save_corpus, write

from llms_meet_ner.annotation.exchange.importing import read_export
from llms_meet_ner.annotation.exchange.prodigy import Prodigy
from llms_meet_ner.annotation.exchange.suggestions import Suggested, read_suggestions
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.sentence import Sentence, Span

TOOL = Prodigy()


def test_a_record_has_tokens_with_and_without_a_space_after_them_and_inclusive_ends() -> None:
    one = Suggested(Sentence("a/0", ("New", "York", " ", "!"), (Span(0, 2, "LOC"),)), "New York  !", (0.5,), "gpt")
    record = TOOL.record(one, list(one.marked()))
    assert record["tokens"] == [
        {"text": "New", "start": 0, "end": 3, "id": 0, "ws": True}, {"text": "York", "start": 4, "end": 8, "id": 1, "ws": True},
        {"text": "!", "start": 10, "end": 11, "id": 2, "ws": False},
    ]  # fmt: skip
    assert record["spans"] == [
        {"start": 0, "end": 8, "token_start": 0, "token_end": 1, "label": "LOC", "text": "New York"}
    ]
    assert record["meta"] == {"lmn_id": "a/0", "source": "gpt", "score": 0.5}


def test_a_time_that_is_none_is_not_known() -> None:
    record = {"meta": {"lmn_id": "a/0"}, "_session_id": "set-ada", "_timestamp": 0}
    assert TOOL.correction(record, None) == ("a/0", "set-ada", "1970-01-01T00:00:00+00:00")
    for stamp in ("yesterday", True, 1e300, None):
        assert TOOL.correction(record | {"_timestamp": stamp}, None).date is None
    assert TOOL.correction("x", None) == (None, None, None)


def test_equal_sentences_that_two_people_answer_are_two_sentences(tmp_path: Path) -> None:
    rows: list[Row] = [(["Ada", "left"], []), (["Ada", "left"], [])]
    found = read_suggestions(load_card(save_corpus(tmp_path / "mine", rows)), "train")
    records = [TOOL.record(one, []) for one in found.sentences]
    done = [finished("prodigy", record, [(0, 3, "PER")], who=who) for record, who in zip(records, ("ada", "bob"))]
    imported = read_export(write("prodigy", tmp_path / "in.jsonl", done), TOOL, found)
    assert [(one.review.annotator, len(one.sentence.spans)) for one in imported.sentences] == [("ada", 1), ("bob", 1)]
