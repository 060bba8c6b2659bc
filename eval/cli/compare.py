"""The command `lmn-eval compare`."""

from __future__ import annotations

from pathlib import Path

import click

from ...cli.options import catch_errors
from ...files import write_json
from ...terminal import echo
from ...typed_json import to_json
from ..analysis.comparison import Comparison
from ..analysis.resampling import SEED
from ..scored_run.files import load_evaluation


@click.command("compare")
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), default=SEED, show_default=True, help="Seed of the random draws.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the comparison to this file too.")
@catch_errors
def compare_command(first: Path, second: Path, seed: int, json_path: Path | None) -> None:
    """Compare two scored runs, A and B: folders with a scores.json, or such files.

    \b
    lmn-eval compare outputs/mine/wikigold_test/constrained outputs/mine/wikigold_test/free

    Both have to be of the same sentences and gold. What else differs (decoding, format, model, ...) is named.
    """  # noqa: D301
    comparison = Comparison.of(load_evaluation(first), load_evaluation(second), seed)
    if json_path:
        write_json(json_path, to_json(comparison))
    for line in comparison.lines():
        echo(line)
