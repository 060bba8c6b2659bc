"""Pairs, counts of kinds and intervals refuse what cannot be."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from llms_meet_ner import Span
from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.scored_run.analysis import (
    ERRORS,
    KINDS,
    Confusion,
    ExaminedSentence,
    Interval,
    KindCounts,
    Pair,
    count_kinds,
)

LOC, PER = Span(0, 1, "LOC"), Span(0, 1, "PER")
PAIRS = (Pair("correct", LOC, LOC), Pair("type", LOC, PER), Pair("missed", PER, None), Pair("spurious", None, LOC))


def test_the_kinds_are_the_same_everywhere() -> None:
    assert ("correct", *ERRORS) == KINDS
    assert tuple(field.name for field in fields(KindCounts)) == KINDS


def test_pairs_are_counted_by_kind_and_strictly() -> None:
    found = count_kinds(PAIRS)
    assert {kind: found.of(kind) for kind in KINDS} == {
        "correct": 1, "boundary": 0, "type": 1, "both": 0, "missed": 1, "spurious": 1,
    }  # fmt: skip
    assert found.counts == Counts(1, 3, 3)
    assert (found + found).counts == Counts(2, 6, 6)
    assert [pair.label for pair in PAIRS] == ["LOC", "LOC", "PER", "LOC"]
    sentence = ExaminedSentence("a", "", ("x",), PAIRS, (), "exact", (), "x", (0.1, 0.2, 0.3), ((), ("LOC",), ()))
    assert (sentence.counts, sentence.gold, sentence.predicted) == (Counts(1, 3, 3), (LOC, LOC, PER), (LOC, LOC, PER))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Pair("missed", None, LOC), "not a pair"),
        (lambda: Pair("missed", LOC, LOC), "not a pair"),
        (lambda: Pair("spurious", LOC, None), "not a pair"),
        (lambda: Pair("correct", LOC, None), "not a pair"),
        (lambda: Pair("spurious", None, None), "not a pair"),
        (lambda: KindCounts(missed=-1), "not valid counts"),
        (lambda: Confusion(("A", "O"), ((1, 2),)), "not a square of 2 classes"),
        (lambda: Interval(0.2, 0.1), "is not an interval of a ratio"),
        (lambda: Interval(0.2, 1.1), "is not an interval of a ratio"),
        (lambda: Interval(float("nan"), 0.1), "is not an interval of a ratio"),
        (lambda: ExaminedSentence("a", "", ("x",), PAIRS, (), "exact", (), "", (0.5,)), "confidences holds 1 for 3 entities"),
        (lambda: ExaminedSentence("a", "", ("x",), PAIRS, (), "exact", (), "", None, ()), "known holds 0 for 3 entities"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(make: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make()
