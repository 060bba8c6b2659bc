"""The command `lmn-annotate simulate budget`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import cloup

from ...cli.options import catch_errors
from ...data_converters.cards import load_card
from ...errors import LmnError
from ...rendering.tables import aligned
from ...sentence import Sentence
from ...terminal import echo
from ..simulation.budget import BudgetRun, Design, rows_of, seconds_a_step, settings_of, unbought_of
from ..simulation.budget_design import PRESETS, Grid, parse_budgets, parse_regimes
from ..simulation.budget_report import PAGE_FILE, all_tables, write_report
from ..simulation.budget_summary import Paid, summarise
from ..simulation.expert_price import ExpertPrice, read_expert_price
from ..simulation.learner import StudentLearner
from ..simulation.llm_labels import LlmLabels, read_llm_labels
from ..simulation.pool import Pool, parse_splits, read_pool, tokens_of
from ..simulation.rows import ROWS_FILE, Rows, opened_rows
from .corpus_options import source_option, splits_option

_DEFAULT_PRESET = "small"
_STEPS, _EVALUATIONS, _DEV, _LEAST, _SEED = 300, 5, 100, 0.5, 42


@dataclass(frozen=True, slots=True)
class _Prices:
    """What labels cost: the expert's price, and the cost of the model's where its corpus does not say it."""

    expert: ExpertPrice | None
    llm: float | None


_GROUPS = (
    cloup.option_group(
        "Data",
        source_option,
        splits_option,
        cloup.option(
            "--llm",
            "llm_folder",
            type=click.Path(path_type=Path),
            help="Folder of the pool as lmn-annotate run has labelled it.",
        ),
        cloup.option(
            "--dev-sentences",
            type=click.IntRange(min=1),
            default=_DEV,
            show_default=True,
            help="Number of sentences of dev, drawn at random, whose gold every regime pays for and chooses by.",
        ),
    ),
    cloup.option_group(
        "Grid",
        cloup.option(
            "--preset",
            type=click.Choice(list(PRESETS)),
            default=_DEFAULT_PRESET,
            show_default=True,
            help="Budgets, folds, seeds and regimes; the options below change some of them.",
        ),
        cloup.option("--budgets", help="Shares of the pool that the expert labels, in percent, such as 2,5,12,20."),
        cloup.option(
            "--folds", type=click.IntRange(min=1), help="Number of random orders of the pool, in which budgets grow."
        ),
        cloup.option("--seeds", type=click.IntRange(min=1), help="Number of trainings of each cell."),
        cloup.option(
            "--regimes", help="What is done with the labels, out of expert,llm,mixed,llm-first,balanced,filtered."
        ),
    ),
    cloup.option_group(
        "Training",
        cloup.option(
            "--recipe", "recipe_path", type=click.Path(path_type=Path), required=True, help="Recipe of a student."
        ),
        cloup.option(
            "--steps",
            type=click.IntRange(min=2),
            default=_STEPS,
            show_default=True,
            help="Number of optimiser steps of every student, whatever its budget and regime.",
        ),
        cloup.option(
            "--evaluations",
            type=click.IntRange(min=0),
            default=_EVALUATIONS,
            show_default=True,
            help="Number of times that a student is scored on dev while it is trained, to keep the best weights; 0 keeps the last.",
        ),
        cloup.option(
            "--min-probability",
            "least",
            type=click.FloatRange(0, 1),
            default=_LEAST,
            show_default=True,
            help="Least calibrated probability of being right of a sentence of the model, for the regime filtered.",
        ),
        cloup.option(
            "--seed", type=click.IntRange(min=0), default=_SEED, show_default=True, help="Seed of orders and trainings."
        ),
    ),
    cloup.option_group(
        "Prices and outputs",
        cloup.option("--expert-price", type=click.Path(path_type=Path), help="YAML card of the expert's price."),
        cloup.option(
            "--llm-cost",
            type=click.FloatRange(min=0),
            help="Cost of the model's labels in the currency of the expert's price. [default: the bill of its corpus, else unknown]",
        ),
        cloup.option(
            "--out", type=click.Path(path_type=Path), required=True, help="Folder of the rows, the tables and the page."
        ),
        cloup.option(
            "--keep-models", is_flag=True, help="Keep the students. [default: each is removed when it is scored]"
        ),
        cloup.option("--plan", "plan_only", is_flag=True, help="Only say what the simulation will take."),
    ),
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of the command, under their headings."""
    for group in reversed(_GROUPS):
        command = group(command)
    return command


@cloup.command("budget")
@cloup.argument(
    "card_name", metavar="CARD", help="Name of a card, or its file; it has gold for the pool, dev and test."
)
@cloup.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", help="Keys of the recipe, as for lmn-train.")
@_options
@catch_errors
def budget_command(
    card_name: str, overrides: tuple[str, ...], source: Path | None, splits: str, llm_folder: Path | None, dev_sentences: int,
    recipe_path: Path, steps: int, evaluations: int, least: float, seed: int, expert_price: Path | None, llm_cost: float | None,
    out: Path, keep_models: bool, plan_only: bool, **grid_options: Any,
) -> None:  # fmt: skip
    """Say which F1 a budget for an expert's labels would have bought, alone and with a model's labels.

    \b
    lmn-annotate run wikigold --split train --adapter outputs/demo_smollm2 --source DIR --out data/wikigold-llm
    lmn-annotate simulate budget wikigold --source DIR --llm data/wikigold-llm --recipe recipes/students/minilm_demo.yaml \\
        --out outputs/budget --plan
    lmn-annotate simulate budget wikigold --source DIR --llm data/wikigold-llm --recipe recipes/students/minilm_demo.yaml \\
        --out outputs/budget

    A simulation that was killed goes on where it stopped; a wider grid adds cells to those that are there.
    """  # noqa: D301
    grid = _grid(**grid_options)
    names = parse_splits(splits)
    card = load_card(card_name)
    learner = StudentLearner.of(recipe_path, overrides, card)
    pool = read_pool(card, source, names, dev_sentences, seed)
    llm = read_llm_labels(llm_folder, pool, names) if llm_folder else None
    design = Design(pool, learner, llm, steps, evaluations, least, seed)
    design.check(grid)
    BudgetRun.check_folder(out)
    prices = _Prices(read_expert_price(expert_price) if expert_price else None, llm_cost)
    shown = _shown(pool, llm)
    paid = _paid(pool, llm, shown, prices)
    facts = [*pool.lines(), *(llm.lines() if llm else []), *_facts(design, recipe_path)]
    with opened_rows(out / ROWS_FILE, settings_of(design)) as rows:
        run = BudgetRun(design, grid, rows, out, keep_models=keep_models)
        for line in [*facts, *_plan(run, design, grid, paid, rows)]:
            echo(line)
        if plan_only:
            return
        run.run()
        cells = {cell.name for cell in grid.cells()}
        summary = summarise(
            [row for name, row in rows_of(rows) if name in cells], paid, len(cells), unbought_of(design, shown)
        )
        write_report(summary, facts, out)
    for table in all_tables(summary):
        echo()
        for line in aligned(table):
            echo(line)
    echo(f"\n{out / PAGE_FILE}")


def _grid(preset: str, budgets: str | None, folds: int | None, seeds: int | None, regimes: str | None) -> Grid:
    """Return a preset with the values that are given in place of its own."""
    given: dict[str, Any] = {"folds": folds, "seeds": seeds}
    given["budgets"] = parse_budgets(budgets) if budgets is not None else None
    given["regimes"] = parse_regimes(regimes) if regimes is not None else None
    return replace(PRESETS[preset], **{key: value for key, value in given.items() if value is not None})


def _shown(pool: Pool, llm: LlmLabels | None) -> list[Sentence]:
    """Return the gold sentences that the model was shown, without those of the dev that every regime pays for."""
    known = {sentence.id for sentence in pool.dev}
    return [one for one in llm.examples if one.id not in known] if llm else []


def _paid(pool: Pool, llm: LlmLabels | None, shown: Sequence[Sentence], prices: _Prices) -> Paid:
    """Return what is paid for besides the budget."""
    bill = llm.summary.bill if llm else None
    cost, currency = (bill.cost, bill.currency) if bill else (None, None)
    if prices.llm is not None:
        if prices.expert is None:
            raise LmnError(
                "is in the currency of the expert's price, which is missing", "--llm-cost", "add --expert-price FILE"
            )
        cost, currency = prices.llm, prices.expert.currency
    dev, more = (len(pool.dev), tokens_of(pool.dev)), (len(shown), tokens_of(shown))
    return Paid(*dev, *more, prices.expert, cost, currency)


def _facts(design: Design, recipe: Path) -> list[str]:
    """Return lines about how the students are trained."""
    half = design.steps // 2
    kept = f"the best weights of {design.evaluations} evaluations on dev" if design.evaluations else "the last weights"
    return [
        f"students: {recipe}, {design.learner.recipe.model}; optimiser steps of each: {design.steps:,}, of llm-first {half:,} on the "
        f"model's labels and {design.steps - half:,} on the expert's; kept are {kept}",
    ]


def _plan(run: BudgetRun, design: Design, grid: Grid, paid: Paid, rows: Rows) -> list[str]:
    """Return lines about what the simulation will take."""
    cells, left, steps = len(list(grid.cells())), len(run.left), run.steps_left
    lines = [f"cells: {cells:,}, finished: {cells - left:,}; optimiser steps that are left: {steps:,}"]
    if left:
        known = [(row.seconds, row.steps) for _, row in rows_of(rows)]
        if known:
            pace, how = (
                sum(seconds for seconds, _ in known) / sum(count for _, count in known),
                "as the finished cells took",
            )
        else:
            pace, how = seconds_a_step(design), "by a short training here; scoring comes on top"
        lines.append(f"time: about {pace * steps / 60:.0f} minutes, at {pace:.2f} s a step, {how}")
    dev = f"dev: {paid.dev_sentences:,} sentences ({paid.dev_tokens:,} tokens), charged to every regime"
    return [*lines, f"{dev}; {_money_line(design, grid, paid)}"]


def _money_line(design: Design, grid: Grid, paid: Paid) -> str:
    """Return what the labels of the largest budget would cost."""
    if paid.expert is None:
        return "cost of labels: unknown (--expert-price FILE gives the expert's price)"
    largest = max(grid.budgets) / 100
    pool = design.pool.train
    cost = paid.expert.cost(
        largest * len(pool) + paid.dev_sentences + paid.shown_sentences,
        largest * tokens_of(pool) + paid.dev_tokens + paid.shown_tokens,
    )
    llm = "" if design.llm is None else ", and the model's labels " + (
        "at an unknown cost" if paid.llm is None else f"for {paid.llm:.2f} {paid.llm_currency or ''}".rstrip()
    )  # fmt: skip
    return f"cost of the expert's labels with the largest budget: about {cost:,.2f} {paid.expert.currency}{llm}"
