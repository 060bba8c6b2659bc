"""The command `lmn-eval report`."""

from __future__ import annotations

from pathlib import Path

import click

from ...cli.options import catch_errors
from ...errors import LmnError
from ..analysis.run import Run
from ..report import report_path, write_markdown, write_page


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--markdown", is_flag=True, help="Write report.md instead: the same tables, and the first errors of each kind."
)
@click.option("--out", type=click.Path(path_type=Path), help="The file. [default: beside the scores]")
@catch_errors
def report_command(folder: Path, markdown: bool, out: Path | None) -> None:
    """Write the report of a scored run, FOLDER: a folder with a scores.json, or such a file.

    \b
    lmn-eval report outputs/mine/wikigold_test/constrained
    lmn-eval report outputs/mine/wikigold_test/constrained/scores.min0.9.json --markdown --out wikigold.md

    The page loads nothing: it can be sent to others and opened without a network. It holds the corpus's sentences.
    """  # noqa: D301
    run = Run.load(folder)
    path = out or report_path(run.path, ".md" if markdown else ".html")
    try:
        (write_markdown if markdown else write_page)(path, run.document, run.sentences)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise LmnError(
            f"{run.path}: not as lmn-eval writes it ({type(error).__name__}: {error}); score the run again"
        ) from error
    click.echo(path)
