"""Counts of numbers with their first places: the median, the most frequent number, and bounded memory."""

from __future__ import annotations

from statistics import median_low, multimode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.data_converters import tallies
from llms_meet_ner.data_converters.tallies import Tally
from llms_meet_ner.sentence import Where


@given(st.lists(st.integers(0, 9), min_size=1))
def test_median_and_mode_are_those_of_the_numbers(numbers: list[int]) -> None:
    tally = Tally()
    for line, number in enumerate(numbers, start=1):
        tally.add(number, "f", line, "")
    assert (tally.median(), tally.mode()) == (median_low(numbers), min(multimode(numbers)))
    assert [where.line for where, _, _ in tally.of({*numbers})] == [*range(1, len(numbers) + 1)]


def test_a_tally_of_nothing_and_one_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally()
    assert (tally.median(), tally.mode(), tally.of([3])) == (0, 0, [])
    monkeypatch.setattr(tallies, "MAX_PLACES", 2)
    for line in range(1, 6):
        tally.add(3, "f", line, f"word {line}\nmore", times=2)
    assert tally.of([3]) == [(Where("f", 1), "word 1", 3), (Where("f", 2), "word 2", 3)]
    assert (tally.counts, tally.full) == ({3: 10}, 3)
