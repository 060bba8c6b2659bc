"""Outcomes of simulations that are kept with the code, and `RESULTS.md`, which is written from them.

An outcome is kept in two files of `results/`: `NAME.json` with its tables and what they follow from, which this program takes out of the
folder of a simulation, and `NAME.txt` with a heading, what was done and the commands in Markdown, which people write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from markupsafe import Markup

from ...cli.options import catch_errors
from ...errors import LmnError
from ...files import atomic_write, read_json, sha256_of, unreadable, write_json
from ...rendering.markdown import markdown
from ...rendering.tables import Table
from ...terminal import GuardedCommand, echo
from ...typed_json import from_json, to_json
from .rows import ROWS_FILE, read_rows

RESULTS_FOLDER = Path(__file__).parent / "results"
RESULTS_PAGE = Path(__file__).parent / "RESULTS.md"
_SUMMARY_FILE = "summary.json"
_REMEDY = "name a folder in which a simulation has come to its end"
_SPLITS = ("dev", "test")


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """The outcome of a simulation, and what it follows from.

    Attributes:
        settings: Settings of the simulation.
        rows_sha256: SHA-256 of its file of rows, which holds the counts of every sentence.
        cells: By the name of a cell, the correct, predicted and gold entities of dev and test.
        tables: Tables that the simulation has written.
    """

    settings: dict[str, Any]
    rows_sha256: str
    cells: dict[str, dict[str, tuple[int, int, int]]]
    tables: tuple[Table, ...]

    @classmethod
    def of(cls, folder: Path) -> KeptOutcome:
        """Take the outcome out of the folder of a simulation.

        Raises:
            LmnError: A file is missing or damaged, or the simulation has not come to its end.
        """
        settings, rows = read_rows(folder / ROWS_FILE)
        place = folder / _SUMMARY_FILE
        summary = read_json(place, _REMEDY)
        tables = summary.get("tables") if isinstance(summary, dict) and summary.get("complete", True) else None
        if not tables:
            raise LmnError("not the outcome of a whole simulation", place, _REMEDY)
        row = {
            "settings": settings, "rows_sha256": sha256_of(folder / ROWS_FILE), "tables": tables,
            "cells": {name: _totals(row) for name, row in rows.items()},
        }  # fmt: skip
        return from_json(cls, row, place, writer="a simulation", remedy=_REMEDY)

    @classmethod
    def load(cls, path: Path) -> KeptOutcome:
        """Read a kept outcome.

        Raises:
            LmnError: The file is missing or damaged.
        """
        return from_json(cls, read_json(path), path, writer="this program", remedy="keep the outcome again")


def _totals(row: Mapping[str, Any]) -> dict[str, list[int]]:
    """Return the counts of dev and test of a row, which may be those of every sentence."""
    return {split: np.array(row[split], dtype=np.int64).reshape(-1, 3).sum(0).tolist() for split in _SPLITS}


def results_page(folder: Path = RESULTS_FOLDER) -> str:
    """Return `RESULTS.md` as it follows from the outcomes in a folder.

    Raises:
        LmnError: An outcome has no description, or a file is damaged.
    """
    kept = [(_described(path.with_suffix(".txt")), KeptOutcome.load(path)) for path in sorted(folder.glob("*.json"))]
    return markdown("annotation.simulation/RESULTS.md.jinja", outcomes=kept)


def _described(path: Path) -> Markup:
    try:
        return Markup(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(error, path, "write there a heading, what was simulated, and the commands") from error


@click.command(cls=GuardedCommand)
@click.option("--name", metavar="NAME", help="Keep the outcome in FOLDER by this name first.")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@catch_errors
def main(folder: Path | None, name: str | None) -> None:
    """Write `RESULTS.md` again; with FOLDER and --name, keep the outcome of the simulation there before."""
    if (folder is None) != (name is None):
        raise LmnError("an outcome is kept by a name", remedy="say FOLDER and --name, or neither")
    if folder and name:
        write_json(RESULTS_FOLDER / f"{name}.json", to_json(KeptOutcome.of(folder)))
    with atomic_write(RESULTS_PAGE) as file:
        file.write(results_page())
    echo(RESULTS_PAGE)


if __name__ == "__main__":
    main()
