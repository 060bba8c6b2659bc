"""What the cells of a budget simulation say together."""

from __future__ import annotations

import pytest
from simulated import cell_row

from llms_meet_ner.annotation.simulation.budget_summary import BEST_ON_DEV, Paid, summarise
from llms_meet_ner.annotation.simulation.expert_price import ExpertPrice

PRICE = ExpertPrice(0.0, 0.5, "EUR", "2026-11-26", "contract")
PAID = Paid(10, 100, 2, 20, PRICE, 3.0, "EUR")
ROWS = [
    cell_row(0, "llm", 5, 5), cell_row(2, "expert", 4, 3), cell_row(2, "llm-first", 6, 7), cell_row(20, "expert", 9, 8),
    cell_row(20, "llm-first", 8, 9), cell_row(100, "expert", 10, 10),
    cell_row(2, "expert", 5, 5, 1), cell_row(2, "llm-first", 5, 9, 1),
]  # fmt: skip


def test_regimes_are_compared_with_the_expert_alone_in_pairs() -> None:
    summary = summarise(ROWS, PAID, 12)
    points = {(point.budget, point.regime): point for point in summary.points}
    assert summary.regimes == ["llm", "expert", "llm-first", BEST_ON_DEV]
    assert (summary.cells, summary.of_cells, summary.seconds) == (8, 12, 12.0)
    first = points[2, "llm-first"]
    assert first.test.mean == pytest.approx(0.8)
    assert first.difference is not None
    assert first.difference.mean == pytest.approx(0.4)
    assert (first.difference.least, first.difference.most, first.difference.trainings) == pytest.approx((0.4, 0.4, 2))
    assert points[2, "expert"].difference is None
    assert points[0, "llm"].difference is None


def test_the_better_one_on_dev_is_chosen_and_the_expert_if_they_are_equal() -> None:
    points = {(point.budget, point.regime): point for point in summarise(ROWS, PAID, 12).points}
    chosen = points[2, BEST_ON_DEV]
    assert chosen.chosen_llm == 1  # on dev 6 over 4 in the first fold, 5 and 5 in the second
    assert chosen.test.mean == pytest.approx((0.7 + 0.5) / 2)
    assert points[20, BEST_ON_DEV].chosen_llm == 0  # although test would say otherwise
    assert points[20, BEST_ON_DEV].test.mean == pytest.approx(0.8)


def test_the_model_s_labels_alone_and_balanced_ones_are_chosen_from_too() -> None:
    rows = [
        cell_row(0, "llm", 7, 4),
        cell_row(2, "expert", 4, 3),
        cell_row(2, "mixed", 9, 9),
        cell_row(5, "expert", 6, 8),
    ]
    rows += [cell_row(5, "balanced", 8, 6)]
    points = {(point.budget, point.regime): point for point in summarise(rows, PAID, 12).points}
    assert points[2, BEST_ON_DEV].test.mean == pytest.approx(
        0.4
    )  # the published mixture is a control, and never chosen
    assert points[5, BEST_ON_DEV].test.mean == pytest.approx(0.6)
    assert points[5, BEST_ON_DEV].difference == points[5, "balanced"].difference


def test_dev_and_what_the_model_was_shown_are_charged_and_unknown_is_not_zero() -> None:
    points = {(point.budget, point.regime): point for point in summarise(ROWS, PAID, 12).points}
    cost = points[2, "expert"].cost
    assert (cost.sentences, cost.tokens, cost.money) == (12, 120, 6.0)
    assert points[2, "llm-first"].cost.money == 10.0
    assert points[2, BEST_ON_DEV].cost.money == 10.0
    assert (points[0, "llm"].cost.sentences, points[0, "llm"].cost.money) == (12, 9.0)
    held = summarise(ROWS, PAID, 12, lambda fold, budget: (2, 20) if budget < 2 else (1 - fold, 10 * (1 - fold)))
    points = {(point.budget, point.regime): point for point in held.points}
    assert [points[2, regime].cost.sentences for regime in ("expert", "llm-first")] == [12, 12.5]
    assert (points[0, "llm"].cost.sentences, points[20, "llm-first"].cost.tokens) == (12, 310)
    for paid in (Paid(10, 100, 2, 20, PRICE, None, None), Paid(10, 100, 2, 20, PRICE, 3.0, "USD")):
        points = {(point.budget, point.regime): point for point in summarise(ROWS, paid, 12).points}
        assert (points[2, "expert"].cost.money, points[2, "llm-first"].cost.money) == (6.0, None)
    unpriced = summarise(ROWS, Paid(10, 100, 0, 0, None, 3.0, "EUR"), 12)
    assert all(point.cost.money is None for point in unpriced.points)


def test_saturation_is_the_smallest_budget_that_reaches_the_target_in_pairs() -> None:
    by_regime = {one.regime: one for one in summarise(ROWS, PAID, 12).saturations}
    assert set(by_regime) == {"expert", "llm-first"}
    assert by_regime["expert"].target == pytest.approx(0.99)
    assert (by_regime["expert"].reached, by_regime["expert"].passed) == (20, None)
    assert not summarise(ROWS[:2], PAID, 12).saturations
    low = [cell_row(2, "expert", 1, 10), cell_row(100, "expert", 10, 1)]
    assert summarise(low, PAID, 2).saturations[0].reached is None
    alike = [cell_row(budget, "expert", 5 + fold, 5, fold) for budget in (2, 100) for fold in (0, 1)]
    found = summarise(alike, PAID, 4).saturations[0]
    assert (found.reached, found.passed) == (2, 2)  # each as good as its own fold, although the folds differ


def test_the_order_in_which_cells_are_finished_changes_nothing() -> None:
    summary = summarise(ROWS, PAID, 12)
    assert summarise(ROWS[::-1], PAID, 12) == summary
    assert summary.best_on_dev_of == ("expert", "llm", "llm-first")
    assert summarise(ROWS[1:2], PAID, 12).best_on_dev_of == ()
