"""Curves of active learning: areas, tokens saved and stops, on numbers that were computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc

from llms_meet_ner.annotation.simulation.active_curves import (
    Curve,
    area,
    compare,
    end_of,
    f1_of,
    gain_of,
    grid_of,
    rising,
    saved,
    stop_of,
    tokens_at,
)
from llms_meet_ner.annotation.simulation.active_plan import StopRule


def counts(*f1: float, sentences: int = 200) -> Any:
    """Counts of sentences with ten gold and ten predicted entities each, after each round, so that micro F1 is as wanted."""
    correct = [[round(10 * value * sentences) // sentences for _ in range(sentences)] for value in f1]
    for row, value in zip(correct, f1, strict=True):
        for at in range(round(10 * value * sentences) - sum(row)):
            row[at] += 1
    return np.array([[(value, 10, 10) for value in row] for row in correct])


def curve(tokens: list[float], f1: list[float]) -> Curve:
    return Curve(np.array(tokens), counts(*f1))


def test_f1_comes_from_counts_and_is_0_without_entities() -> None:
    assert f1_of([[2, 4, 4], [0, 0, 0], [0, 3, 0]]).tolist() == [0.5, 0.0, 0.0]
    assert curve([1, 2], [0.25, 0.5]).f1.tolist() == [0.25, 0.5]


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=9))
def test_the_area_is_that_of_scikit_learn_over_the_range(values: list[float]) -> None:
    tokens, f1 = 100.0 + 50 * np.arange(len(values)), np.array(values)
    assert area(tokens, f1, tokens[-1]) == pytest.approx(auc(tokens, f1) / (tokens[-1] - tokens[0]))
    assert area(tokens, np.full(len(values), 0.5), tokens[0] + 20) == pytest.approx(0.5)


def test_areas_need_no_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(np, "trapezoid", raising=False)
    assert area(np.array([0.0, 10, 20]), np.array([0.0, 1, 0]), 20.0) == pytest.approx(0.5)


def test_the_area_ends_where_all_curves_are() -> None:
    assert area(np.array([0.0, 10, 20]), np.array([0.0, 1, 0]), 10.0) == pytest.approx(0.5)
    curves = [curve([100, 200, 300], [0, 0, 0]), curve([100, 190, 280], [0, 0, 0])]
    assert end_of(curves) == 280
    assert grid_of(curves, 280).tolist() == [100, 200, 280]
    assert grid_of(curves[:1], 250).tolist() == [100, 200, 250]


def test_tokens_are_those_at_which_a_rising_curve_first_reaches_an_f1() -> None:
    tokens, f1 = np.array([100.0, 200, 300, 400]), np.array([0.2, 0.4, 0.4, 0.6])
    assert [tokens_at(tokens, f1, wanted) for wanted in (0.1, 0.3, 0.4, 0.5, 0.7)] == [100, 150, 200, 350, float("inf")]
    assert rising(np.array([0.2, 0.5, 0.3, 0.6])) == pytest.approx([0.2, 0.4, 0.4, 0.6])


def test_a_strategy_that_learns_twice_as_fast_saves_half() -> None:
    grid = np.array([100.0, 200, 300, 400])
    chance = [(grid, np.array([0.1, 0.2, 0.3, 0.4]))]
    assert saved([(grid, np.array([0.1, 0.4, 0.5, 0.6]))], chance, grid) == pytest.approx(0.5)
    assert saved(chance, chance, grid) == pytest.approx(0)
    assert saved([(grid, np.array([0.1, 0.2, 0.3, 0.35]))], chance, grid) == float("-inf")


def test_a_comparison_has_paired_intervals_around_its_values() -> None:
    tokens = [100.0, 200, 300, 400]
    chance = {1: curve(tokens, [0.2, 0.3, 0.4, 0.5]), 2: curve(tokens, [0.2, 0.35, 0.45, 0.5])}
    better = {1: curve(tokens, [0.2, 0.5, 0.6, 0.7]), 2: curve(tokens, [0.2, 0.55, 0.6, 0.7])}
    found = compare(better, chance, 400, resamples=100)
    assert found.area_gain == pytest.approx(
        found.area - (0.2 / 2 + 0.375 - 0.05 + 0.425 + 0.5 / 2 + 0.05) / 3, abs=0.02
    )
    low, high = found.area_interval
    assert 0 < low <= found.area_gain <= high
    assert found.saved is not None
    assert found.saved > 0.4
    assert found.saved_interval[0] is not None
    same = compare(chance, chance, 400, resamples=50)
    assert (same.area_gain, same.area_interval, same.saved, same.saved_interval) == (0, (0, 0), 0, (0, 0))
    worse = compare({1: curve(tokens, [0.2, 0.2, 0.2, 0.2])}, chance, 400, resamples=50)
    assert (worse.saved, worse.saved_interval) == (None, (None, None))
    assert compare(better, chance, 400, resamples=100) == found


def test_the_published_rule_stops_when_a_late_round_gains_too_little() -> None:
    rule = StopRule("published", least=0.01, after=2)
    dev = list(counts(0.2, 0.2, 0.5, 0.505, 0.6))
    assert stop_of(rule, dev) == 3
    assert stop_of(StopRule("published", least=0.001, after=2), dev) is None
    assert stop_of(StopRule("none"), dev) is None
    assert StopRule("published").to_json() == {"name": "published", "least": 0.00005, "after": 10}


def test_the_rule_for_noise_stops_where_a_gain_is_within_its_standard_error() -> None:
    random = np.random.default_rng(1)
    gold = np.full((300, 1), 3)

    def drawn(share: float) -> Any:
        correct = random.binomial(3, share, size=(300, 1))
        return np.concatenate([correct, gold, gold], axis=1)

    dev = [drawn(share) for share in (0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.79)]
    stop = stop_of(StopRule("noise", window=2), dev)
    assert stop is not None
    assert stop >= 5
    gain, error = gain_of(dev[0], dev[1])
    assert gain == pytest.approx(0.2, abs=0.05)
    assert 0.01 < error < 0.05
    assert stop_of(StopRule("noise", window=3), dev[:3]) is None
    slowly = [
        np.array([[4, 10, 10], [6, 10, 10]] * 50),
        np.array([[6, 10, 10], [5, 10, 10]] + [[6, 10, 10], [4, 10, 10]] * 49),
    ]
    gain, error = gain_of(*slowly)
    assert 0 < gain < error
    assert stop_of(StopRule("noise", window=1), slowly) == 1
