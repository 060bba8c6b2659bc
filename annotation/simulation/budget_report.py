"""The outcome of a budget simulation for people: tables, charts, Markdown and a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ...eval.analysis.resampling import LEVEL
from ...files import atomic_write, write_json
from ...rendering.charts import Axis, Chart, PointSeries, curves
from ...rendering.html import page
from ...rendering.markdown import markdown
from ...rendering.tables import Table
from ...typed_json import to_json
from .bands import Band
from .budget_design import FULL
from .budget_summary import BEST_ON_DEV, SATURATED, BudgetSummary, Point

SUMMARY_FILE, TABLE_FILE, PAGE_FILE = "summary.json", "summary.md", "summary.html"
_TITLE = "What a budget for labels buys"


def tables(summary: BudgetSummary) -> list[Table]:
    """Return the outcome as tables: F1 on test and on dev, differences from the expert alone, saturation."""
    return [
        _scores(summary, "test", "F1 on test"),
        _differences(summary),
        _scores(summary, "dev", "F1 on dev"),
        _saturation(summary),
    ]


def _scores(summary: BudgetSummary, split: str, title: str) -> Table:
    """Return F1 by budget, a column for each regime."""
    by_place = {(point.budget, point.regime): point for point in summary.points}
    rows = []
    for budget in dict.fromkeys(point.budget for point in summary.points):
        points = {regime: by_place.get((budget, regime)) for regime in summary.regimes}
        cost = next(point.cost for point in points.values() if point)
        cells = [_band(getattr(point, split)) if point else "" for point in points.values()]
        rows.append((_budget(budget), f"{cost.sentences:,.0f}", f"{cost.tokens:,.0f}", *cells))
    paid, trainings = summary.paid, max((point.test.trainings for point in summary.points), default=0)
    notes = [
        f"mean of {trainings} trainings at most; in brackets the {LEVEL:.0%} interval over folds, their trainings, and sentences",
        f"sentences and tokens that an expert has labelled; in every row {paid.dev_sentences:,} sentences of dev "
        f"({paid.dev_tokens:,} tokens)"
        + (f", and at 0 % {paid.shown_sentences:,} that the model was shown" if paid.shown_sentences else ""),
    ]
    if BEST_ON_DEV in summary.regimes:
        among = ", ".join(summary.best_on_dev_of)
        notes.append(
            f"{BEST_ON_DEV}: in each fold and seed, the student that is best on dev, of {among}"
            + ("; its F1 on dev is that of a winner, and too high" if split == "dev" else "")
        )
    return Table(("budget", "sentences", "tokens", *summary.regimes), rows, tuple(notes), title)


def _differences(summary: BudgetSummary) -> Table:
    """Return the differences from the expert alone by budget, a column for each regime."""
    found = [point for point in summary.points if point.difference]
    regimes = list(dict.fromkeys(point.regime for point in found))
    by_place = {(point.budget, point.regime): point for point in found}
    rows = []
    for budget in dict.fromkeys(point.budget for point in found):
        points = [by_place.get((budget, regime)) for regime in regimes]
        rows.append((
            _budget(budget), *(_band(point.difference, "+") if point and point.difference else "" for point in points),
        ))  # fmt: skip
    notes = []
    if never := [regime for regime in regimes if _is_never_below([point for point in found if point.regime == regime])]:
        notes.append(f"at no budget is the upper end of the interval below 0: {', '.join(never)}")
    return Table(("budget", *regimes), rows, tuple(notes), "Difference of F1 on test from the expert alone, in pairs")


def _is_never_below(points: Sequence[Point]) -> bool:
    return all(point.difference is None or point.difference.interval.high >= 0 for point in points)


def _saturation(summary: BudgetSummary) -> Table:
    rows = [
        (one.regime, f"{one.target:.4f}", *(
            "not reached" if budget is None else _budget(budget) for budget in (one.reached, one.passed)
        ))
        for one in summary.saturations
    ]  # fmt: skip
    notes = [
        f"the target is {SATURATED:.0%} of the F1 on dev with the gold of the whole pool; compared in pairs by fold and seed, by the "
        f"{LEVEL:.0%} interval of the difference",
    ]
    if BEST_ON_DEV in summary.regimes:
        notes.append(f"{BEST_ON_DEV} is left out: it is chosen by the dev that it would be measured on")
    header = ("regime", "target, mean", "cannot be told from it at", "surely above it at")
    return Table(header, rows, tuple(notes), "Saturation")


def money_table(summary: BudgetSummary) -> Table | None:
    """Return what each budget costs in money by regime; None if the expert's price is unknown."""
    expert = summary.paid.expert
    if expert is None:
        return None
    by_place = {(point.budget, point.regime): point for point in summary.points}
    rows = []
    for budget in dict.fromkeys(point.budget for point in summary.points):
        points = [by_place.get((budget, regime)) for regime in summary.regimes]
        rows.append((_budget(budget), *("" if point is None else _money(point.cost.money) for point in points)))
    paid = summary.paid
    llm = "unknown" if paid.llm is None else f"{paid.llm:.2f} {paid.llm_currency}"
    notes = (f"expert: {expert.origin}", f"the model's labels of the whole pool: {llm}")
    return Table(("budget", *summary.regimes), rows, notes, f"Cost in {expert.currency}, of dev included")


def _money(amount: float | None) -> str:
    return "unknown" if amount is None else f"{amount:,.2f}"


def charts(summary: BudgetSummary) -> list[Chart]:
    """Return F1 on test against sentences, tokens, and money where it is known."""
    drawn = [
        _chart(summary, "sentences that an expert has labelled", lambda point: point.cost.sentences),
        _chart(summary, "tokens that an expert has labelled", lambda point: point.cost.tokens),
    ]
    expert = summary.paid.expert
    if expert:
        drawn.append(_chart(summary, f"cost in {expert.currency}", lambda point: point.cost.money))
    return [chart for chart in drawn if chart.dots]


def _chart(summary: BudgetSummary, axis: str, of: Callable[[Point], float | None]) -> Chart:
    """Draw F1 on test with its intervals; the gold of the whole pool, far to the right, is left out and stands in the table."""
    found = []
    for colour, regime in enumerate(summary.regimes):
        points = [point for point in summary.points if point.regime == regime and point.budget < FULL]
        placed = [(x, point) for point in points if (x := of(point)) is not None]
        if not placed:
            continue
        notes = [f"{regime}, {_budget(point.budget)}: {_band(point.test)}" for _, point in placed]
        ends = [(point.test.interval.low, point.test.interval.high) for _, point in placed]
        found.append(
            PointSeries(regime, [(x, point.test.mean) for x, point in placed], notes, colour=colour, intervals=ends)
        )
    return curves(f"F1 on test by {axis}", found, Axis(axis, shape=",.0f"), Axis("F1", 1))


def write_report(summary: BudgetSummary, facts: Sequence[str], folder: Path) -> None:
    """Write the outcome as JSON, Markdown and a page.

    Args:
        summary: The outcome.
        facts: Lines about what was simulated.
        folder: Folder of the simulation.

    Raises:
        LmnError: A file cannot be written.
    """
    shown = all_tables(summary)
    write_json(folder / SUMMARY_FILE, {"facts": list(facts), **to_json(summary), "tables": to_json(shown)})
    with atomic_write(folder / TABLE_FILE) as file:
        file.write(markdown("annotation.simulation/budget.md.jinja", title=_TITLE, facts=facts, tables=shown))
    with atomic_write(folder / PAGE_FILE) as file:
        file.writelines(
            page(
                "annotation.simulation/budget.html.jinja",
                title=_TITLE,
                facts=facts,
                tables=shown,
                charts=charts(summary),
            )
        )


def all_tables(summary: BudgetSummary) -> list[Table]:
    """Return all tables, that of the money included where it is known; those without a row are left out."""
    money = money_table(summary)
    return [table for table in [*tables(summary), *([money] if money else [])] if table.rows]


def _budget(budget: float) -> str:
    return "all gold" if budget == FULL else f"{budget:g} %"


def _band(band: Band, sign: str = "") -> str:
    low, high = band.interval.low, band.interval.high
    return f"{band.mean:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"
