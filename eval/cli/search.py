"""The command `lmn-eval search`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ...cli.options import catch_errors, trust_option
from ...rendering.tables import print_table
from ...terminal import echo
from ..studies.search import run_search
from ..studies.search_plan import load_plan


@click.command("search")
@click.argument("plan_path", metavar="SEARCH.yaml", type=click.Path(path_type=Path))
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="Folder of the corpus files. [default: the search's, or the card's]",
)
@trust_option
@catch_errors
def search_command(plan_path: Path, source: Path | None, trust_remote_code: bool) -> None:
    """Search over keys of a recipe: train, score on dev, print one table.

    \b
    lmn-eval search recipes/search/qwen25_conll.yaml

    A killed search resumes where it stopped. To add trials, raise trials in the file and call the command again.
    """  # noqa: D301
    search = run_search(replace(load_plan(plan_path, source), trust_remote_code=trust_remote_code))
    print_table(search.table())
    best = search.best
    if best is None:
        echo("\nno trial has found an entity")
    else:
        echo(f"\nbest: {best.folder}\n{search.command(best)}")
    echo(search.plan.out / "search.json")
