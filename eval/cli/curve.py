"""The command `lmn-eval curve`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Table

from ...cli.options import catch_errors, print_table, recipe_option
from ...prediction.run import PredictOptions
from ...training.recipe import choose_recipe
from ..studies.curve import CURVE_FILE, HEADER, Curve, Dev, draw_curve, watch_training


@click.command("curve")
@recipe_option
@click.option("--split", help="Split to score on. [default: that of the recipe's eval_dataset]")
@click.option(
    "--source", type=click.Path(path_type=Path), help="Folder of the corpus files. [default: that of lmn-convert]"
)
@click.option(
    "--decoding",
    type=click.Choice(["constrained", "free"]),
    help="As for lmn-predict. [default: constrained where the format allows it]",
)
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="Sentences decoded together."
)
@click.option(
    "--dtype", type=click.Choice(["auto", "float32", "bfloat16", "float16"]), default="auto", help="As for lmn-predict."
)
@click.option("--limit", type=click.IntRange(min=1), help="Score the first N sentences of the split only.")
@click.option("--restart", is_flag=True, help="Score checkpoints again that are scored.")
@click.option(
    "--watch", is_flag=True, help="While training goes on: score what is new every 30 seconds, until it has ended."
)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@catch_errors
def curve_command(
    recipe_path: Path | None, split: str | None, source: Path | None, decoding: Any, batch_size: int, dtype: str,
    limit: int | None, restart: bool, watch: bool, overrides: tuple[str, ...],
) -> None:  # fmt: skip
    """Score every checkpoint of a training on a development split.

    \b
    lmn-eval curve --recipe recipes/qwen25_conll.yaml --source DIR
    lmn-eval curve --recipe recipes/qwen25_conll.yaml --source DIR --limit 500 --watch

    It can run while training goes on, and again afterwards: what is scored stays, also of checkpoints that save_total_limit deletes.
    """  # noqa: D301
    recipe = choose_recipe(recipe_path, overrides)
    options = PredictOptions(decoding, batch_size, dtype=dtype, limit=limit)
    dev = Dev.read(recipe, split, source, limit)
    options = options.for_format(dev.spec.format)
    if watch:
        watch_training(recipe, dev, options, restart)
        restart = False
    _print(*draw_curve(recipe, dev, options, restart=restart))


def _print(curve: Curve, folder: Path) -> None:
    table = Table(*HEADER, box=None, pad_edge=False)
    for row in curve.rows():
        table.add_row(*row)
    click.echo(curve.scope)
    print_table(table)
    if curve.unfinished:
        click.echo(f"left out, not whole (yet): {', '.join(curve.unfinished)}")
    click.echo(f"\n{folder / CURVE_FILE}")
