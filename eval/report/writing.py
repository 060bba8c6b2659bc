"""The files of a report: their paths, and writing them."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from ...files import atomic_write
from ..scored_run.files import sibling
from ..scored_run.run import Evaluation
from .markdown import markdown_report
from .page import html_report


def report_path(scores: Path, suffix: str) -> Path:
    """Return the default path of the report of a `scores.json` or `scores.minP.json`: `report.html`, `report.minP.html`."""
    return sibling(scores, f"report{suffix}")


def write_page(path: Path, evaluation: Evaluation) -> None:
    """Write the page, atomically."""
    with atomic_write(path) as file:
        page_to(file, evaluation)


def page_to(file: IO[str], evaluation: Evaluation) -> None:
    """Write the page to an open file."""
    file.writelines(html_report(evaluation))


def write_markdown(path: Path, evaluation: Evaluation) -> None:
    """Write the report as Markdown, atomically."""
    with atomic_write(path) as file:
        file.write(markdown_report(evaluation.run, evaluation.sentences))
