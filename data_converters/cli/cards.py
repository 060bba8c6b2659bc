"""The command `lmn-convert cards`."""

from __future__ import annotations

import click
import cloup

from ...cli.options import catch_errors
from ...rendering.tables import print_table
from ...terminal import write_data
from ..card_table import card_rows, markdown_table, terminal_table


@cloup.command()
@click.option("--markdown", is_flag=True, help="Print the longer table of the README, in Markdown.")
@catch_errors
def cards(markdown: bool) -> None:
    """List the corpus cards that come with the package."""
    rows = card_rows()
    if markdown:
        write_data(markdown_table(rows) + "\n")
    else:
        print_table(terminal_table(rows))
