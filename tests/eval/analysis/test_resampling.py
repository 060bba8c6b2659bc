"""Intervals and the paired test, against plain bootstrap and against all exchanges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner.eval import Counts
from llms_meet_ner.eval.analysis.resampling import differences, intervals
from llms_meet_ner.eval.scored_run.analysis import Interval


def ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def test_an_interval_is_that_of_a_plain_bootstrap_and_covers_what_it_should() -> None:
    random = np.random.default_rng(1)
    counts = [Counts(int(c), int(c + p), int(c + g)) for c, p, g in random.integers(0, 3, size=(400, 3))]
    found = intervals(counts, [0] * 400, [], resamples=4000).micro
    plain = []
    for _ in range(4000):
        drawn = [counts[at] for at in random.integers(0, 400, size=400)]
        plain.append(sum(one.correct for one in drawn) / sum(one.predicted for one in drawn))
    assert ends(found.precision) == pytest.approx(np.quantile(plain, [0.025, 0.975]), abs=0.004)
    assert intervals(counts, [0] * 400, []) == intervals(counts, [0] * 400, [])
    assert intervals(counts, [0] * 400, [], seed=1) != intervals(counts, [0] * 400, [])
    total = sum(counts, Counts())
    covered = 0
    for _ in range(100):  # samples of a population of these sentences
        sample = [counts[at] for at in random.integers(0, 400, size=200)]
        low, high = ends(intervals(sample, [0] * 200, []).micro.f1)
        covered += low <= total.f1 <= high
    assert covered >= 85


def test_intervals_hold_the_scores_and_are_points_where_all_sentences_are_alike() -> None:
    same = intervals([Counts(1, 2, 2)] * 50, [1] * 50, []).scores
    assert ends(same["micro"].f1) == (0.5, 0.5)
    assert ends(same["micro_with_ungrounded"].precision) == (pytest.approx(1 / 3), pytest.approx(1 / 3))


def test_the_paired_test_gives_the_p_value_of_all_exchanges() -> None:
    first = [Counts(1, 1, 1)] * 3 + [Counts(0, 1, 1)] * 2 + [Counts(1, 1, 2)] * 4
    second = [Counts(0, 1, 1)] * 2 + [Counts(1, 2, 1)] + [Counts(1, 1, 1)] + [Counts(0, 0, 1)] + [Counts(1, 1, 2)] * 4

    def gap(one: list[Counts], other: list[Counts]) -> float:
        return sum(other, Counts()).f1 - sum(one, Counts()).f1

    observed = gap(first, second)
    reached = 0
    for number in range(2**9):
        pairs = [(b, a) if number >> at & 1 else (a, b) for at, (a, b) in enumerate(zip(first, second))]
        reached += abs(gap([a for a, _ in pairs], [b for _, b in pairs])) >= abs(observed) - 1e-12
    f1 = differences(first, second, trials=40_000)[2]
    assert (f1.name, f1.value) == ("f1", pytest.approx(observed))
    assert f1.p_value == pytest.approx(reached / 2**9, abs=0.01)
    same = differences(first, first)
    assert all((one.value, one.p_value, one.interval) == (0, 1, (0, 0)) for one in same)
    with pytest.raises(ValueError, match="9 sentences and 8"):
        differences(first, second[1:])


_COUNTS = st.tuples(*[st.integers(0, 4)] * 5).map(
    lambda row: (Counts(row[0], row[0] + row[1], sum(row)), Counts(row[2], row[2] + row[3], sum(row)))
)


@settings(deadline=None, max_examples=60)
@given(st.lists(_COUNTS, min_size=1, max_size=12), st.integers(0, 3))
def test_runs_that_are_exchanged_have_the_same_p_values_and_turned_intervals(
    pairs: list[tuple[Counts, Counts]], seed: int
) -> None:
    first, second = map(list, zip(*pairs))
    there = differences(first, second, seed=seed, resamples=40, trials=60)
    back = differences(second, first, seed=seed, resamples=40, trials=60)
    assert [one.p_value for one in there] == [one.p_value for one in back]
    assert there == [one.turned() for one in back]
    assert [one.turned().turned() for one in there] == there


def test_chance_alone_is_seldom_significant() -> None:
    random = np.random.default_rng(0)
    p_values = []
    for _ in range(100):
        runs = [[Counts(int(right), 1, 1) for right in random.random(60) < 0.7] for _ in range(2)]
        p_values.append(differences(*runs, resamples=10, trials=500)[2].p_value)
    assert sum(value < 0.05 for value in p_values) <= 12


def test_drawing_in_parts_draws_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = [Counts(at % 3, 3, 3 + at % 5) for at in range(40)]
    others = [Counts((at + 1) % 3, 3, 3 + at % 5) for at in range(40)]
    whole = intervals(counts, [0] * 40, []), differences(counts, others, trials=500)
    monkeypatch.setattr("llms_meet_ner.eval.analysis.resampling._IN_MEMORY", 100)
    assert (intervals(counts, [0] * 40, []), differences(counts, others, trials=500)) == whole
