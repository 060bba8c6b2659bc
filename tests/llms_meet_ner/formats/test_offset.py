"""The offset format: the offsets decide, even against the text."""

from __future__ import annotations

import pytest
from json_outputs import listed, parse

from llms_meet_ner import Span, WrittenEntity


def test_offsets_decide_even_against_the_text() -> None:
    right = parse("offset", listed(("New York", "LOC", 17, 25), name="offset"))
    assert (right.spans, right.status) == ((Span(4, 6, "LOC"),), "exact")
    wrong = parse("offset", listed(("Müller", "PER", 0, 8), name="offset"))
    assert (wrong.spans, wrong.status, wrong.reasons) == ((Span(0, 2, "PER"),), "repaired", ("misplaced",))
    cut = parse("offset", listed(("New York", "LOC", 18, 23), name="offset"))
    assert (cut.spans, cut.reasons) == ((Span(4, 6, "LOC"),), ("misplaced", "snapped"))
    spaced = parse("offset", listed(("New York", "LOC", 16, 26), name="offset"))
    assert (spaced.spans, spaced.reasons) == ((Span(4, 6, "LOC"),), ("respaced",))
    cased = parse("offset", listed(("NEW YORK", "LOC", 17, 25), name="offset"))
    assert (cased.spans, cased.reasons) == ((Span(4, 6, "LOC"),), ("changed",))


@pytest.mark.parametrize(
    ("start", "end"),
    [(8, 8), (8, 3), (-1, 4), (0, 10**6), (0, None), ("a", 4), (10**30, 10**31), (0.5, 3), (float("nan"), 2)],
)
def test_offsets_that_lead_nowhere_place_nothing(start: object, end: object) -> None:
    alignment = parse("offset", listed(("New York", "LOC", start, end), name="offset"))
    assert (alignment.spans, alignment.status) == ((), "repaired")
    assert alignment.ungrounded == (WrittenEntity("New York", "LOC"),)
    assert {"misnumbered", "ungrounded"} <= set(alignment.reasons)


def test_offsets_of_a_space_between_tokens_touch_no_token() -> None:
    alignment = parse("offset", listed((" ", "LOC", 3, 4), name="offset"))
    assert (alignment.spans, alignment.reasons) == ((), ("ungrounded",))
