"""The command `lmn-annotate simulate active`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import cloup

from ...cli.options import catch_errors
from ...data_converters.cards import load_card
from ...rendering.tables import aligned
from ...terminal import echo
from ...training.recipe import load_recipe
from ..selection.strategies import RANDOM
from ..simulation.active_learners import RoundLearner, learner_of
from ..simulation.active_plan import ActivePlan
from ..simulation.own_folder import check_own
from ..simulation.pool import Pool, tokens_of
from ..simulation.rows import ROWS_FILE, Rows, opened_rows, peeked_rows, read_rows
from .active_options import DataChoice, OutputChoice, active_options

if TYPE_CHECKING:
    from ..simulation.active_push import RoundPublisher


@cloup.command("active")
@click.argument("card_name", metavar="CARD")
@cloup.option_group(
    "What learns",
    cloup.option(
        "--recipe", type=click.Path(path_type=Path), required=True,
        help="Recipe of a student or of an adapter; its data, epochs and seed are not used.",
    ),
)  # fmt: skip
@active_options
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@catch_errors
def active_command(
    card_name: str, recipe: Path, data: DataChoice, plan: ActivePlan, outputs: OutputChoice, overrides: tuple[str, ...]
) -> None:
    """Say on CARD what choosing sentences by a strategy would have saved against chance.

    \b
    lmn-annotate simulate active wikigold --recipe recipes/students/minilm_demo.yaml --out outputs/active --plan
    lmn-annotate simulate active wikigold --recipe recipes/students/minilm_demo.yaml --out outputs/active
    lmn-annotate simulate active wikigold --recipe recipes/demo_smollm2.yaml --strategies mean-entropy --rounds 4 --seeds 2 \\
        --pool-sentences 400 --test-sentences 200 --steps 60 --out outputs/active-adapter

    Each round trains on what is labelled so far, lets the model answer the rest of the pool, and buys the gold of the sentences that the
    strategy chooses. An adapter answers by constrained decoding, whose choices say how unsure it is. KEY=VALUE words override the recipe.
    """  # noqa: D301
    from ..simulation.active import ROUNDS_FOLDER, Simulation
    from ..simulation.active_estimate import estimate, plan_lines

    card = load_card(card_name)
    learner = learner_of(recipe, overrides, card)
    pool = data.read(card)
    publisher = _publisher(outputs, plan, learner, recipe, overrides, pool)
    settings = _settings(plan, pool, data.splits, learner, recipe)
    out = outputs.out
    if outputs.only_report:
        _report(plan, pool, peeked_rows(out / ROWS_FILE, settings), settings, out)
        return
    for line in (*pool.lines(), *plan_lines(plan, pool)):
        echo(line, err=True)
    check_own(out / ROUNDS_FOLDER)
    if outputs.only_plan:
        estimate(plan, pool, learner, len(read_rows(out / ROWS_FILE)[1]) if (out / ROWS_FILE).exists() else 0)
        return
    with opened_rows(out / ROWS_FILE, settings) as rows:
        estimate(plan, pool, learner, len(rows))
        Simulation(plan, pool, learner, out, rows, outputs.keep_models, publisher).run()
        _report(plan, pool, rows, settings, out)


def _report(plan: ActivePlan, pool: Pool, rows: Rows, settings: dict[str, Any], out: Path) -> None:
    """Write and print the outcome of the rounds that are finished."""
    from ..simulation.active_outcome import PAGE_FILE, outcome_of, save_outcome, tables_of

    outcome = outcome_of(plan, pool, rows, out)
    save_outcome(outcome, plan, settings, out)
    for table in tables_of(outcome, plan):
        for line in aligned(table):
            echo(line)
        echo()
    echo(out / PAGE_FILE)


def _publisher(
    outputs: OutputChoice, plan: ActivePlan, learner: RoundLearner, recipe: Path, overrides: Sequence[str], pool: Pool
) -> RoundPublisher | None:
    """Return what uploads rounds; None if nothing is to be uploaded.

    Raises:
        LmnError: Rounds cannot be uploaded.
    """
    if outputs.push is None or outputs.only_plan or outputs.only_report:
        return None
    from ..simulation.active_push import MARKS_FILE, RoundPublisher

    strategy = next((name for name in plan.strategies if name != RANDOM), RANDOM)
    trained_by = load_recipe(recipe, overrides)
    publisher = RoundPublisher(
        outputs.push,
        outputs.base_model,
        strategy,
        plan.seeds[0],
        learner,
        trained_by,
        pool.card,
        outputs.out / MARKS_FILE,
    )
    publisher.check()
    echo(
        f"to be uploaded to {outputs.push}: the rounds of {strategy} with seed {plan.seeds[0]}, each on a branch",
        err=True,
    )
    return publisher


def _settings(
    plan: ActivePlan, pool: Pool, splits: Sequence[str], learner: RoundLearner, recipe: Path
) -> dict[str, Any]:
    """Return what the rows follow from."""
    sizes = {name: len(part) for name, part in (("pool", pool.train), ("dev", pool.dev), ("test", pool.test))}
    return {
        "corpus": pool.card.name, "splits": list(splits), "pool": pool.sha256, "sentences": sizes, "tokens": tokens_of(pool.train),
        "recipe": recipe.name, "learner": {key: value for key, value in learner.described.items() if key != "device"}, **plan.to_json(),
    }  # fmt: skip
