"""The command `lmn-eval curve`."""

from __future__ import annotations

from pathlib import Path

import click

from ...cli.options import catch_errors, recipe_option, trust_option
from ...cli.predict_options import batch_size_option
from ...decoding.model import AUTO, DTYPES
from ...decoding.pretrained import Dtype
from ...decoding.requests import DECODINGS, Decoding
from ...rendering.tables import print_table
from ...systems.options import SystemOptions
from ...terminal import echo
from ...training.recipe import choose_recipe
from ..studies.curve import CURVE_FILE, Curve, Dev, draw_curve, watch_training


@click.command("curve")
@recipe_option
@click.option("--split", help="Split to score on. [default: the split of the recipe's eval_dataset]")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="Folder of the corpus files. [default: the folder given to lmn-convert]",
)
@click.option(
    "--decoding",
    type=click.Choice(DECODINGS),
    help="Decoding, as for lmn-predict. [default: constrained if the format allows it]",
)
@batch_size_option
@click.option("--dtype", type=click.Choice(DTYPES), default=AUTO, help="As for lmn-predict.")
@click.option("--limit", type=click.IntRange(min=1), help="Score the first N sentences of the split only.")
@click.option("--restart", is_flag=True, help="Score checkpoints again even if they have scores.")
@click.option(
    "--watch", is_flag=True, help="Look for new checkpoints every 30 seconds and score them, until training has ended."
)
@trust_option
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@catch_errors
def curve_command(
    recipe_path: Path | None, split: str | None, source: Path | None, decoding: Decoding | None, batch_size: int, dtype: Dtype,
    limit: int | None, restart: bool, watch: bool, trust_remote_code: bool, overrides: tuple[str, ...],
) -> None:  # fmt: skip
    """Score every checkpoint of a training on a development split.

    \b
    lmn-eval curve --recipe recipes/qwen25_conll.yaml --source DIR
    lmn-eval curve --recipe recipes/qwen25_conll.yaml --source DIR --limit 500 --watch

    You can run it during training and again afterwards. Scores are kept, also of checkpoints that save_total_limit deletes.
    """  # noqa: D301
    recipe = choose_recipe(recipe_path, overrides)
    options = SystemOptions(decoding, batch_size, dtype=dtype, trust_remote_code=trust_remote_code)
    dev = Dev.read(recipe, split, source, limit)
    if dev.spec:
        options = options.for_format(dev.spec.format)
    if watch:
        watch_training(recipe, dev, options, restart)
        restart = False
    _print(*draw_curve(recipe, dev, options, restart=restart))


def _print(curve: Curve, folder: Path) -> None:
    echo(curve.scope)
    print_table(curve.table)
    if curve.unfinished:
        echo(f"left out as incomplete: {', '.join(curve.unfinished)}")
    echo(f"\n{folder / CURVE_FILE}")
