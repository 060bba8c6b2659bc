"""What the cells of a budget simulation say together: F1 by budget and regime, differences from the expert alone, saturation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...typed_json import Count
from .bands import Band, difference_band, f1_band
from .budget import CellRow
from .budget_design import BALANCED, EXPERT, FULL, LLM, LLM_FIRST, REGIMES
from .expert_price import ExpertPrice

BEST_ON_DEV = "best-on-dev"
"""A regime that keeps the student that is best on dev, of those that the same labels allow."""
CHOSEN_FROM = (EXPERT, LLM, LLM_FIRST, BALANCED)
"""Regimes whose students it chooses from, as far as they are trained; of equal ones the first."""
SATURATED = 0.99
"""Share of the F1 on dev with the gold of the whole pool that counts as saturation."""
_Cells = Mapping[tuple[int, int], CellRow]
"""Cells of a budget and a regime by fold and seed, in order."""
Unbought = Callable[[int, float], tuple[int, int]]
"""Returns the numbers of sentences and of tokens that the model was shown and that a budget of a fold does not hold."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What has been paid for besides the budget: dev by every regime, and what the model was shown by those that use its labels.

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
        sentences: Number of sentences that the expert has labelled, dev included, and where the model's labels are used, its examples,
            too, none of them twice; the mean of the folds.
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
        target: F1 on dev that counts as saturation, on the mean.
        reached: Smallest budget, in percent, that is not distinguishable from it: the interval of F1 less the target, in pairs by fold and
            seed, ends at 0 or above; None if there is none.
        passed: Smallest budget whose interval of that begins at 0 or above; None if there is none.
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
        saturations: One for each regime with budgets but `best-on-dev`, whose F1 on dev is that of a winner and so too high; empty as long
            as no student of the gold of the whole pool is finished.
        best_on_dev_of: Regimes that `best-on-dev` has chosen from; empty if there was nothing to choose.
        paid: What every regime has paid for.
        cells: Number of finished cells.
        of_cells: Number of cells of the grid.
        seconds: Time of all cells together.
    """

    points: tuple[Point, ...]
    saturations: tuple[Saturation, ...]
    best_on_dev_of: tuple[str, ...]
    paid: Paid
    cells: Count
    of_cells: Count
    seconds: float

    @property
    def regimes(self) -> list[str]:
        """Names of the regimes, in the order of the points."""
        return list(dict.fromkeys(point.regime for point in self.points))


def summarise(rows: Sequence[CellRow], paid: Paid, of_cells: int, unbought: Unbought | None = None) -> BudgetSummary:
    """Return what finished cells say together, in whatever order they were finished.

    Args:
        rows: The cells.
        paid: What has been paid for besides the budget.
        of_cells: Number of cells of the grid.
        unbought: Counts what the model was shown and a budget does not hold; None if no budget holds any of it.
    """
    groups: dict[tuple[float, str], dict[tuple[int, int], CellRow]] = {}
    for row in sorted(rows, key=lambda row: (row.budget, (*REGIMES, row.regime).index(row.regime), row.fold, row.seed)):
        groups.setdefault((row.budget, row.regime), {})[row.fold, row.seed] = row
    bill = _Bill(paid, unbought or (lambda fold, budget: (paid.shown_sentences, paid.shown_tokens)))
    points: list[Point] = []
    for budget in dict.fromkeys(budget for budget, _ in groups):
        at_budget = {regime: cells for (one, regime), cells in groups.items() if one == budget}
        expert = at_budget.get(EXPERT, {})
        points += [_point(cells, expert if regime != EXPERT else {}, bill) for regime, cells in at_budget.items()]
        if expert and 0 < budget < FULL:
            points += _best_on_dev(at_budget | {LLM: groups.get((0.0, LLM), {})}, bill)
    chosen = any(point.regime == BEST_ON_DEV for point in points)
    offered = tuple(name for name in CHOSEN_FROM if chosen and any(regime == name for _, regime in groups))
    seconds = round(sum(row.seconds for row in rows), 1)
    return BudgetSummary(tuple(points), tuple(_saturations(groups)), offered, paid, len(rows), of_cells, seconds)


def _point(cells: _Cells, expert: _Cells, bill: _Bill) -> Point:
    first = next(iter(cells.values()))
    difference = _difference(expert, cells, "test")
    return Point(
        first.regime,
        first.budget,
        bill.cost(cells, first.regime),
        _mean(cells, "dev"),
        _mean(cells, "test"),
        difference,
    )


def _best_on_dev(regimes: Mapping[str, _Cells], bill: _Bill) -> list[Point]:
    """Return the regime that keeps the student that is best on dev; none if there is nothing to choose from.

    Args:
        regimes: Cells of a budget, and those of the model's labels alone, by fold and seed.
        bill: What they cost.
    """
    offered = [regimes[regime] for regime in CHOSEN_FROM if regimes.get(regime)]
    experts = {key: row for key, row in regimes[EXPERT].items() if sum(key in cells for cells in offered) > 1}
    if not experts:
        return []
    chosen = {
        key: max((cells[key] for cells in offered if key in cells), key=lambda row: row.f1("dev")) for key in experts
    }
    budget = next(iter(experts.values())).budget
    return [
        Point(
            BEST_ON_DEV, budget, bill.cost(experts, BEST_ON_DEV), _mean(chosen, "dev"), _mean(chosen, "test"),
            _difference(experts, chosen, "test"), sum(row.regime != EXPERT for row in chosen.values()),
        )
    ]  # fmt: skip


def _mean(cells: _Cells, split: str) -> Band:
    """Return the mean F1 of cells."""
    return f1_band([row.counts(split) for row in cells.values()], [fold for fold, _ in cells])


def _difference(first: _Cells, second: _Cells, split: str, share: float = 1.0) -> Band | None:
    """Return the mean of F1 of the second less a share of the first, in pairs by fold and seed; None if there is no pair."""
    keys = [key for key in second if key in first]
    if not keys:
        return None
    less, more = ([cells[key].counts(split) for key in keys] for cells in (first, second))
    return difference_band(less, more, [fold for fold, _ in keys], share=share)


@dataclass(frozen=True, slots=True)
class _Bill:
    """What has been paid for besides the budget, and what of it a budget holds."""

    paid: Paid
    unbought: Unbought

    def cost(self, cells: _Cells, regime: str) -> Cost:
        """Return what a regime costs, the mean of its cells."""
        paid, rows = self.paid, cells.values()
        shown = [(0, 0) if regime == EXPERT else self.unbought(row.fold, row.budget) for row in rows]
        sentences = sum(row.expert_sentences + more for row, (more, _) in zip(rows, shown, strict=True))
        tokens = sum(row.expert_tokens + more for row, (_, more) in zip(rows, shown, strict=True))
        bought = sentences / len(rows) + paid.dev_sentences, tokens / len(rows) + paid.dev_tokens
        money = paid.expert.cost(*bought) if paid.expert else None
        if money is not None and regime != EXPERT:
            same = paid.expert is not None and paid.llm_currency == paid.expert.currency
            money = money + paid.llm if paid.llm is not None and same else None
        return Cost(*bought, money)


def _saturations(groups: Mapping[tuple[float, str], _Cells]) -> list[Saturation]:
    """Return from which budget on each regime is as good as the gold of the whole pool."""
    full = groups.get((FULL, EXPERT), {})
    gaps: dict[str, dict[float, Band]] = {}
    for (budget, regime), cells in groups.items():
        if 0 < budget < FULL and (gap := _difference(full, cells, "dev", SATURATED)):
            gaps.setdefault(regime, {})[budget] = gap
    target = SATURATED * _mean(full, "dev").mean if full else 0.0
    return [
        Saturation(
            regime, target, next((budget for budget, gap in by_budget.items() if gap.interval.high >= 0), None),
            next((budget for budget, gap in by_budget.items() if gap.interval.low >= 0), None),
        )
        for regime, by_budget in gaps.items()
    ]  # fmt: skip
