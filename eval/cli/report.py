"""The command `lmn-eval report`."""

from __future__ import annotations

from pathlib import Path

import click

from ...cli.options import catch_errors
from ...terminal import write_data
from ..report import report_path, write_markdown, write_page
from ..scored_run.files import load_evaluation, scores_path


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--markdown", is_flag=True, help="Write report.md instead: the same tables, and the first errors of each kind."
)
@click.option("--out", type=click.Path(path_type=Path), help="File to write. [default: next to the scores]")
@catch_errors
def report_command(folder: Path, markdown: bool, out: Path | None) -> None:
    """Write the report of a scored run, FOLDER: a folder with a scores.json, or such a file.

    \b
    lmn-eval report outputs/mine/wikigold_test/constrained
    lmn-eval report outputs/mine/wikigold_test/constrained/scores.min0.9.json --markdown --out wikigold.md

    The page loads nothing: it can be sent to others and opened without a network. It holds the corpus's sentences.
    """  # noqa: D301
    scores = scores_path(folder)
    path = out or report_path(scores, ".md" if markdown else ".html")
    (write_markdown if markdown else write_page)(path, load_evaluation(scores))
    write_data(f"{path}\n")
