"""What the cells of a budget simulation say together: F1 by budget and regime, differences from the expert alone, saturation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...typed_json import Count
from .bands import Band, difference_band, f1_band
from .budget import CellRow
from .budget_design import BALANCED, EXPERT, FULL, LLM, LLM_FIRST
from .expert_price import ExpertPrice

BEST_ON_DEV = "best-on-dev"
"""A regime that keeps the student that is best on dev, of those that the same labels allow."""
CHOSEN_FROM = (EXPERT, LLM, LLM_FIRST, BALANCED)
"""Regimes whose students it chooses from, as far as they are trained; of equal ones the first."""
SATURATED = 0.99
"""Share of the F1 on dev with the gold of the whole pool that counts as saturation."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What has been paid for besides the budget, by every regime.

    Attributes:
        dev_sentences: Number of sentences of dev.
        dev_tokens: Number of their tokens.
        shown_sentences: Number of gold sentences outside the dev that is used that the model was shown as examples.
        shown_tokens: Number of their tokens.
        expert: Price of the expert; None if it is unknown.
        llm: Cost of the model's labels; None if it is unknown.
        llm_currency: Currency of that cost; None if it is unknown.
    """

    dev_sentences: Count
    dev_tokens: Count
    shown_sentences: Count
    shown_tokens: Count
    expert: ExpertPrice | None
    llm: float | None
    llm_currency: str | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a student cost.

    Attributes:
        sentences: Number of sentences that the expert has labelled, of dev and of examples included; the mean of the folds.
        tokens: Number of their tokens, likewise.
        money: Price of these, and of the model's labels if the regime uses them; None if one of the two is unknown.
    """

    sentences: float
    tokens: float
    money: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """A budget in a regime.

    Attributes:
        regime: The regime.
        budget: Share of the pool that the expert labels, in percent.
        cost: What it costs.
        dev: F1 on dev.
        test: F1 on test, by which nothing is chosen.
        difference: F1 on test less that of the expert alone with the same budget, in pairs by fold and seed; None where there is no such
            cell to compare with.
        chosen_llm: Of the regime that chooses on dev, the number of times that it chose the model's labels; None for the others.
    """

    regime: str
    budget: float
    cost: Cost
    dev: Band
    test: Band
    difference: Band | None
    chosen_llm: int | None = None


@dataclass(frozen=True, slots=True)
class Saturation:
    """From which budget on a regime is as good as the gold of the whole pool, by F1 on dev.

    Attributes:
        regime: The regime.
        target: F1 on dev that counts as saturation.
        reached: Smallest budget, in percent, whose interval reaches it: its upper end is not below; None if none does.
        passed: Smallest budget whose interval lies above it; None if none does.
    """

    regime: str
    target: float
    reached: float | None
    passed: float | None


@dataclass(frozen=True, slots=True)
class BudgetSummary:
    """Outcome of a budget simulation.

    Attributes:
        points: Budgets in regimes, by budget and then by regime; the gold of the whole pool is the last.
        saturations: One for each regime with budgets; empty as long as no student of the gold of the whole pool is finished.
        paid: What every regime has paid for.
        cells: Number of finished cells.
        of_cells: Number of cells of the grid.
        seconds: Time of all cells together.
    """

    points: tuple[Point, ...]
    saturations: tuple[Saturation, ...]
    paid: Paid
    cells: Count
    of_cells: Count
    seconds: float

    @property
    def regimes(self) -> list[str]:
        """Names of the regimes, in the order of the points."""
        return list(dict.fromkeys(point.regime for point in self.points))


def summarise(rows: Sequence[CellRow], paid: Paid, of_cells: int) -> BudgetSummary:
    """Return what finished cells say together.

    Args:
        rows: The cells.
        paid: What every regime has paid for.
        of_cells: Number of cells of the grid.
    """
    groups: dict[tuple[float, str], dict[tuple[int, int], CellRow]] = {}
    for row in rows:
        groups.setdefault((row.budget, row.regime), {})[row.fold, row.seed] = row
    points = []
    for budget in sorted({budget for budget, _ in groups}):
        at_budget = {regime: cells for (one, regime), cells in groups.items() if one == budget}
        expert = at_budget.get(EXPERT, {})
        points += [_point(cells, expert if regime != EXPERT else {}, paid) for regime, cells in at_budget.items()]
        if expert and 0 < budget < FULL:
            points += _best_on_dev(at_budget | {LLM: groups.get((0.0, LLM), {})}, paid)
    seconds = sum(row.seconds for row in rows)
    return BudgetSummary(tuple(points), tuple(_saturations(points)), paid, len(rows), of_cells, round(seconds, 1))


def _point(cells: Mapping[tuple[int, int], CellRow], expert: Mapping[tuple[int, int], CellRow], paid: Paid) -> Point:
    rows = list(cells.values())
    pairs = [(expert[key], cells[key]) for key in sorted(expert.keys() & cells.keys())]
    difference = (
        difference_band([one.counts("test") for one, _ in pairs], [other.counts("test") for _, other in pairs])
        if pairs
        else None
    )
    first = rows[0]
    return Point(first.regime, first.budget, _cost(rows, paid, first.regime), _dev(rows), _test(rows), difference)


def _best_on_dev(regimes: Mapping[str, Mapping[tuple[int, int], CellRow]], paid: Paid) -> list[Point]:
    """Return the regime that keeps the student that is best on dev; none if there is nothing to choose from.

    Args:
        regimes: Cells of a budget, and those of the model's labels alone, by fold and seed.
        paid: What every regime has paid for.
    """
    offered = [regimes[regime] for regime in CHOSEN_FROM if regimes.get(regime)]
    keys = sorted(key for key in regimes[EXPERT] if sum(key in cells for cells in offered) > 1)
    if not keys:
        return []
    experts = [regimes[EXPERT][key] for key in keys]
    chosen = [max((cells[key] for cells in offered if key in cells), key=lambda row: row.f1("dev")) for key in keys]
    difference = difference_band([one.counts("test") for one in experts], [one.counts("test") for one in chosen])
    return [
        Point(
            BEST_ON_DEV, experts[0].budget, _cost(experts, paid, BEST_ON_DEV), _dev(chosen), _test(chosen), difference,
            sum(row.regime != EXPERT for row in chosen),
        )
    ]  # fmt: skip


def _dev(rows: Sequence[CellRow]) -> Band:
    return f1_band([row.counts("dev") for row in rows])


def _test(rows: Sequence[CellRow]) -> Band:
    return f1_band([row.counts("test") for row in rows])


def _cost(rows: Sequence[CellRow], paid: Paid, regime: str) -> Cost:
    more = paid.dev_sentences + paid.shown_sentences, paid.dev_tokens + paid.shown_tokens
    sentences = sum(row.expert_sentences for row in rows) / len(rows) + more[0]
    tokens = sum(row.expert_tokens for row in rows) / len(rows) + more[1]
    money = paid.expert.cost(sentences, tokens) if paid.expert else None
    if money is not None and regime != EXPERT:
        same = paid.expert is not None and paid.llm_currency == paid.expert.currency
        money = money + paid.llm if paid.llm is not None and same else None
    return Cost(sentences, tokens, money)


def _saturations(points: Sequence[Point]) -> list[Saturation]:
    """Return from which budget on each regime is as good as the gold of the whole pool."""
    full = next((point for point in points if point.budget == FULL), None)
    if full is None:
        return []
    target = SATURATED * full.dev.mean
    found = []
    for regime in dict.fromkeys(point.regime for point in points if point.regime != LLM):
        budgets = [point for point in points if point.regime == regime and point.budget < FULL]
        if budgets:
            reached = next((point.budget for point in budgets if point.dev.interval.high >= target), None)
            passed = next((point.budget for point in budgets if point.dev.interval.low >= target), None)
            found.append(Saturation(regime, target, reached, passed))
    return found
