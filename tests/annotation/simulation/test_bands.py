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
    same = difference_band(first, first)
    assert (same.mean, same.interval.low, same.interval.high) == (0, 0, 0)
    second = [[Counts(max(0, one.correct - (at % 20 == 0)), 2, 2) for at, one in enumerate(counts)] for counts in first]
    alone, paired = f1_band(second).interval, difference_band(first, second).interval
    assert -0.05 < paired.low < paired.high < 0
    assert paired.high - paired.low < (alone.high - alone.low) / 5
    least = difference_band(first, first, share=0.99)
    assert least.mean == pytest.approx(0.01 * f1_band(first).mean)
    with pytest.raises(ValueError, match="2 trainings and 1"):
        difference_band(first, first[:1])


def test_seeds_of_one_fold_say_less_than_folds() -> None:
    folds = [fold for fold in range(3) for _ in range(3)]
    trainings = [training((0.5, 0.7, 0.9)[fold], seed) for seed, fold in enumerate(folds)]
    apart, together = f1_band(trainings), f1_band(trainings, folds)
    assert together.mean == apart.mean
    widths = [found.interval.high - found.interval.low for found in (apart, together)]
    assert widths[1] > 1.4 * widths[0]
    assert f1_band(trainings, range(9, 0, -1)).interval == pytest.approx(apart.interval, abs=0.03)
    one = f1_band(trainings, [0] * 9).interval
    assert one == pytest.approx(apart.interval, abs=0.03)


def test_a_difference_may_lie_on_both_sides_of_zero() -> None:
    found = difference_band([training(0.7, 1), training(0.7, 2)], [training(0.75, 3), training(0.65, 4)])
    assert found.interval.low < found.mean < found.interval.high
    assert found.interval.low < 0 < found.interval.high
    assert difference_band([training(0.9, 1)], [training(0.5, 2)]).interval.high < 0


def test_sentences_without_entities_are_no_division_by_zero() -> None:
    found = f1_band([[Counts(), Counts()]])
    assert (found.mean, found.interval.low, found.interval.high) == (0, 0, 0)
