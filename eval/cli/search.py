"""The command `lmn-eval search`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ...cli.options import allow_cut_option, catch_errors, trust_option
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
@allow_cut_option
@trust_option
@catch_errors
def search_command(plan_path: Path, source: Path | None, allow_cut: bool, trust_remote_code: bool) -> None:
    """Search over keys of a recipe: train, score on dev, print one table.

    \b
    lmn-eval search recipes/search/qwen25_conll.yaml

    A killed search resumes where it stopped. To add trials, raise trials in the file and call the command again.
    """  # noqa: D301
    plan = replace(load_plan(plan_path, source), allow_cut=allow_cut, trust_remote_code=trust_remote_code)
    search = run_search(plan)
    print_table(search.table())
    best = search.best
    if best is None:
        echo("\nno trial has found an entity")
    else:
        echo(f"\nbest: {best.folder}\n{search.command(best)}")
    echo(search.plan.out / "search.json")
