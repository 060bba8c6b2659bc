"""The files of a report: where they lie, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...files import atomic_write
from ..analysis.document import Examined
from .markdown import markdown_report
from .page import html_report


def report_path(scores: Path, suffix: str) -> Path:
    """Return where the report of a `scores.json` or `scores.minP.json` lies by default: `report.html`, `report.minP.html`."""
    return scores.with_name(scores.name.replace("scores", "report", 1)).with_suffix(suffix)


def write_page(path: Path, document: dict[str, Any], sentences: Sequence[Examined]) -> None:
    """Write the page, atomically."""
    with atomic_write(path) as file:
        file.writelines(html_report(document, sentences))


def write_markdown(path: Path, document: dict[str, Any], sentences: Sequence[Examined]) -> None:
    """Write the report as Markdown, atomically."""
    with atomic_write(path) as file:
        file.writelines(f"{line}\n" for line in markdown_report(document, sentences))
