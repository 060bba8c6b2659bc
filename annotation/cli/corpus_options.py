"""The options that say where the sentences of a corpus come from, declared once for all commands of `lmn-annotate`."""

from __future__ import annotations

from pathlib import Path

import click
import cloup

from ..simulation.pool import SPLITS

source_option = cloup.option(
    "--source",
    type=click.Path(path_type=Path),
    help="Folder of the corpus files. [default: the card's folder, or data/CORPUS]",
)
"""The folder of the files, in every command that reads a card's corpus; None for the card's default."""

splits_option = cloup.option(
    "--splits",
    default=",".join(SPLITS),
    show_default=True,
    help="Splits that are the pool, dev and test, in this order.",
)
"""The three splits of a simulation, for `parse_splits`."""
