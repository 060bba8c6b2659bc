"""How far proposals reach: cases where the best place is known, and all places against a count of every outcome."""

from __future__ import annotations

import math
from itertools import accumulate
from operator import mul

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner.decoding.reach import Chances, PassCost, best_reach


def test_where_only_passes_count_a_proposal_reaches_to_the_end() -> None:
    assert best_reach([0.5, 0.01, 0.5, 0.5], math.inf) == 4
    assert best_reach([0.9] * 30, 1e9) == 30


def test_where_tokens_count_a_proposal_ends_at_an_unlikely_token() -> None:
    assert (
        best_reach([0.99] * 5 + [0.3] + [0.99] * 20, 2.0) == 6
    )  # the pass gives the choice at the sixth place in any case
    assert best_reach([0.99] * 5 + [0.3] + [0.99] * 20, 60.0) == 26
    assert best_reach([0.1] * 9, 0.0) == 1
    assert best_reach([1.0] * 9, 0.0) == 9


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0, 40))
def test_no_other_place_costs_less_for_a_token_written(chances: list[float], pass_tokens: float) -> None:
    def cost(reach: int) -> float:
        kept = list(accumulate(chances[: reach - 1], mul))  # chance that the first token is kept, the first two, ...
        written = 1 + sum(kept)
        return (pass_tokens + written + (reach - written) / 3) / written

    assert cost(best_reach(chances, pass_tokens)) == pytest.approx(min(map(cost, range(1, len(chances) + 1))))


@pytest.mark.parametrize(("alone", "each", "tokens"), [(0.03, 0.001, 32.0), (0.001, 0.001, 1.0), (0.0, 0.001, 1.0)])
def test_the_cost_of_a_pass_is_measured(alone: float, each: float, tokens: float) -> None:
    cost = PassCost.of_device("cpu", "float32")
    assert cost.tokens == 32.0
    for count in (40, 300, 100, 60, 30, 10, 200):
        cost.note(count, alone + each * count)
    assert cost.seconds == pytest.approx((alone, each), abs=1e-9)
    assert cost.tokens == tokens


def test_a_device_like_a_graphics_card_gets_whole_proposals() -> None:
    cost = PassCost.of_device("cuda", "float32")
    assert cost.tokens == 256.0
    for count in (40, 300, 100, 60, 30, 10, 200):
        cost.note(count, 0.02)
    assert cost.tokens > 1e6
    assert best_reach([0.5] * 40, cost.tokens / 32) == 40


def test_too_few_passes_or_a_fixed_cost_measure_nothing() -> None:
    like = PassCost.of_device("cpu", "float32")
    for _ in range(20):
        like.note(100, 0.1)
    assert like.seconds is None
    fixed = PassCost.of_device("cpu", "bfloat16")
    for count in (40, 300, 100, 60, 30, 10, 200):
        fixed.note(count, 0.03 + 0.001 * count)
    assert fixed.tokens == 32.0


def test_chances_are_counted_by_kind() -> None:
    chances = Chances()
    assert chances.of("mark", 0.6) == 0.6
    for is_right in [True] * 3 + [False] * 9:
        chances.note("mark", is_right=is_right)
    assert chances.of("mark", 0.6) == pytest.approx((3 + 4 * 0.6) / 16)
    assert chances.of("word", 0.9) == 0.9
