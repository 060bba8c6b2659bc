"""Options that the subcommands of `lmn-convert` share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ...tags import REPAIRS


def corpus_options(command: Any) -> Any:
    """Add the options that every subcommand over a corpus takes."""
    source_help = "Folder of the corpus files. [default: the card's folder, or data/CORPUS]"
    options = [
        click.argument("card"),
        click.option("--source", type=click.Path(path_type=Path), help=source_help),
        click.option("--split", "splits", multiple=True, help="Only this split; may be given more than once. [default: all]"),
        click.option("--repair", type=click.Choice(REPAIRS), help="What becomes of invalid tag sequences. [default: as the card says]"),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command
