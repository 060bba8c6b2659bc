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
from ..analysis.several import SeveralRuns
from ..scored_run.files import load_evaluation


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, metavar="A B [C]...", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), default=SEED, show_default=True, help="Seed of the random draws.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the comparison to this file too.")
@catch_errors
def compare_command(runs: tuple[Path, ...], seed: int, json_path: Path | None) -> None:
    """Compare scored runs, A and B and others: folders with a scores.json, or such files.

    \b
    lmn-eval compare outputs/mine/wikigold_test/constrained outputs/mine/wikigold_test/free
    lmn-eval compare outputs/mine_seed*/wikigold_test/constrained

    All have to be of the same sentences and gold. What else differs (decoding, format, model, ...) is named. Three and more are compared
    pair by pair, with p-values by Holm's correction, and runs that differ only in their seed get a mean and a spread.
    """  # noqa: D301
    if len(runs) == 1:
        raise click.UsageError(f"with what is {runs[0]} compared? Name a second run")
    first, second, *others = [load_evaluation(path) for path in runs]
    comparison = SeveralRuns.of([first, second, *others], seed) if others else Comparison.of(first, second, seed)
    if json_path:
        write_json(json_path, to_json(comparison))
    for line in comparison.lines():
        echo(line)
