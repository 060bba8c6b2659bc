"""Prodigy: records with tokens, whose last one is inclusive, and sessions with times."""

from __future__ import annotations

from llms_meet_ner.annotation.exchange.prodigy import Prodigy
from llms_meet_ner.annotation.exchange.suggestions import Suggested
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
