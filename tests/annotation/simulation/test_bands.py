"""Intervals over trainings and sentences."""

from __future__ import annotations

import random

import pytest

from llms_meet_ner.annotation.simulation.bands import difference_band, f1_band
from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.analysis.resampling import differences, intervals


def training(share: float, seed: int, sentences: int = 200) -> list[Counts]:
    drawn = random.Random(seed)
    return [Counts(sum(drawn.random() < share for _ in range(2)), 2, 2) for _ in range(sentences)]


def test_one_training_has_the_interval_of_its_sentences() -> None:
    counts = training(0.7, 1)
    found, known = f1_band([counts]), intervals(counts, [0] * len(counts), ()).micro.f1
    assert found.mean == found.least == found.most == sum(counts, Counts()).f1
    assert (found.interval.low, found.interval.high) == pytest.approx((known.low, known.high), abs=0.01)
    other = training(0.8, 2)
    pair, by_pairs = difference_band([counts], [other]), differences(counts, other)[2]
    assert pair.mean == pytest.approx(by_pairs.value)
    assert (pair.interval.low, pair.interval.high) == pytest.approx(by_pairs.interval, abs=0.015)


def test_trainings_that_differ_widen_the_interval() -> None:
    alike = [training(0.7, seed) for seed in range(4)]
    apart = [training(share, seed) for seed, share in enumerate((0.5, 0.6, 0.8, 0.9))]
    narrow, wide = f1_band(alike), f1_band(apart)
    assert wide.trainings == 4
    assert (wide.least, wide.most) == pytest.approx((0.5, 0.9), abs=0.05)
    assert wide.interval.high - wide.interval.low > 2 * (narrow.interval.high - narrow.interval.low)


def test_pairs_cancel_what_they_share() -> None:
    first = [training(share, seed) for seed, share in enumerate((0.5, 0.9))]
    assert difference_band(first, first).interval == pytest.approx(difference_band(first, first).interval)
    same = difference_band(first, first)
    assert (same.mean, same.interval.low, same.interval.high) == (0, 0, 0)
    with pytest.raises(ValueError, match="2 trainings and 1"):
        difference_band(first, first[:1])


def test_a_difference_may_lie_on_both_sides_of_zero() -> None:
    found = difference_band([training(0.7, 1), training(0.7, 2)], [training(0.7, 3), training(0.6, 4)])
    assert -1 < found.interval.low < found.mean < 0 < found.interval.high + 0.05
    assert difference_band([training(0.9, 1)], [training(0.5, 2)]).interval.high < 0


def test_sentences_without_entities_are_no_division_by_zero() -> None:
    found = f1_band([[Counts(), Counts()]])
    assert (found.mean, found.interval.low, found.interval.high) == (0, 0, 0)
