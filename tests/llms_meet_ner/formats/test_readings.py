"""Marked texts that can be read in several ways, and the search for all of them."""

from __future__ import annotations

import re
from functools import partial

import pytest
from yardstick import assert_within

from llms_meet_ner import LabelSet, Sentence, Span, get_format
from llms_meet_ner.formats.readings import MarkPatterns, readings

LABELS = LabelSet.of("PER", "LOC", "X")
MARKS = MarkPatterns(re.compile(r"\["), re.compile(r" \| (PER|X)\]"))
FLAT, NESTED = get_format(), get_format(nested=True)


def test_the_shorter_reading_is_taken_where_two_render_alike() -> None:
    tokens = ("a", "|", "PER]")
    short, long = Sentence("s", tokens, (Span(0, 1, "PER"),)), Sentence("s", tokens, (Span(0, 3, "PER"),))
    assert FLAT.render(short) == FLAT.render(long) == "[a | PER] | PER]"
    assert FLAT.is_ambiguous(short, LABELS)
    assert FLAT.is_ambiguous(long, LABELS)
    assert not FLAT.is_ambiguous(Sentence("s", tokens), LABELS)
    assert FLAT.parse("[a | PER] | PER]", tokens, LABELS).spans == short.spans


def test_a_search_that_would_not_end_is_given_up() -> None:
    sentence = Sentence("s", ("w", "|", "PER]") * 60, (Span(0, 1, "PER"), Span(3, 4, "PER")))
    assert NESTED.is_ambiguous(sentence, LABELS)
    assert_within(3.0, partial(NESTED.is_ambiguous, sentence, LABELS))


@pytest.mark.parametrize(
    ("text", "tokens", "most_open", "expected"),
    [
        ("[a | PER]", ("a",), 1, [(Span(0, 1, "PER"),)]),
        ("[a | PER] | PER]", ("a", "|", "PER]"), 1, [(Span(0, 1, "PER"),), (Span(0, 3, "PER"),)]),
        ("[[a | PER] | PER]", ("[a", "|", "PER]"), 1, [(Span(0, 1, "PER"),), (Span(0, 3, "PER"),)]),
        ("[[a | PER] | X]", ("a",), 2, [(Span(0, 1, "PER"), Span(0, 1, "X"))]),
        ("[[a | PER] | PER]", ("a",), 2, []),
        ("[[a | PER] | X]", ("a",), 1, []),
        ("[a | PER]", ("b",), 1, []),
        ("a b", ("a",), 1, []),
    ],
)
def test_every_reading_is_found_once_and_early_closings_come_first(
    text: str, tokens: tuple[str, ...], most_open: int, expected: list[tuple[Span, ...]]
) -> None:
    assert [reading.spans() for reading in readings(text, tokens, MARKS, most_open)] == expected


@pytest.mark.parametrize(
    ("text", "renders_again"), [("[[a | X] | PER]", True), ("[[a | PER] | X]", False), ("a", True)]
)
def test_a_reading_that_closes_equal_spans_in_another_order_does_not_render_again(
    text: str, renders_again: bool
) -> None:
    (reading,) = readings(text, ("a",), MARKS, 2)
    assert reading.renders_again == renders_again
    assert (NESTED.write(("a",), reading.spans()) == text) == renders_again


def test_too_many_readings_are_said() -> None:
    tokens = ("a", "|", "PER]", "b") * 50
    text = " ".join("[[a | PER] | LOC]" if token == "a" else token for token in tokens)
    assert NESTED.parse(text, tokens, LABELS).reasons == ()
    swapped = NESTED.parse(text.replace("PER] | LOC]", "LOC] | PER]"), tokens, LABELS)
    assert (swapped.status, swapped.reasons) == ("repaired", ("approximate",))
    assert len(swapped.spans) == 100
