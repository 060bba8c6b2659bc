"""The occurrence format: how occurrences are counted, and what becomes of an index that points nowhere."""

from __future__ import annotations

import pytest
from json_outputs import TOKENS, listed, parse

from llms_meet_ner import Sentence, Span, WrittenEntity, get_format


def test_occurrences_are_counted_inside_words_and_over_each_other() -> None:
    sentence = Sentence("s", TOKENS, (Span(12, 13, "LOC"),))
    text = get_format("occurrence").render(sentence)
    assert text == '[{"text": "US", "label": "LOC", "occurrence_index": 2}]'
    inside = parse("occurrence", listed(("US", "LOC", 1)))
    assert (inside.spans, inside.reasons) == ((Span(10, 11, "LOC"),), ("snapped",))
    assert parse("occurrence", listed(("a a", "X", 2)), ("a", "a", "a")).spans == (Span(1, 3, "X"),)


@pytest.mark.parametrize(
    "index",
    [0, -1, 3, 1.5, "two", None, True, [1], {"a": 1}, 10**4000, float("nan"), float("inf")],
    ids=lambda v: str(type(v)),
)
def test_an_index_that_leads_nowhere_takes_the_first_occurrence_left(index: object) -> None:
    text = listed(("New York", "LOC", index), ("New York", "X", 1))
    alignment = parse("occurrence", text)
    assert alignment.spans == (Span(0, 2, "X"), Span(4, 6, "LOC"))
    assert alignment.status == "repaired"
    assert "misnumbered" in alignment.reasons
    rest = parse("occurrence", listed(("Times", "LOC", 1), ("Times", "X", index)))
    assert rest.spans == (Span(2, 3, "LOC"),)
    assert rest.ungrounded == (WrittenEntity("Times", "X"),)
    whole = parse("occurrence", listed(("US", "X", index if index != 3 else 9)))
    assert whole.spans == (Span(12, 13, "X"),)


@pytest.mark.parametrize("number", ["2", "2.0", " 02"])
def test_numbers_in_quotes_are_read(number: str) -> None:
    alignment = parse("occurrence", listed(("New York", "LOC", number)))
    assert (alignment.spans, alignment.reasons) == ((Span(4, 6, "LOC"),), ("loose-json",))
