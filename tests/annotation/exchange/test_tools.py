"""What the tools share."""

from __future__ import annotations

from llms_meet_ner.annotation.exchange.suggestions import Marked
from llms_meet_ner.annotation.exchange.tools import smallest, text_in
from llms_meet_ner.sentence import Span


def test_a_score_is_the_smallest_confidence_that_is_known() -> None:
    marked = [Marked(Span(0, 1, "PER"), 0, 1, 0, 0, "a", value) for value in (0.5, None, 0.25)]
    assert (smallest(marked), smallest(marked[1:2]), smallest([])) == (0.25, None, None)


def test_a_text_is_one_with_something_in_it() -> None:
    assert [text_in(value) for value in ("a", " ", "", 3, None)] == ["a", None, None, None, None]
