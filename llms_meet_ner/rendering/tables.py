"""The type of all tables, and two plain forms of it: aligned text for reports, and a table that a terminal may fold.

`markdown.py` and `html.py` render the same type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..masking import masked
from ..terminal import print_rich
from .text import visible, wrapped


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text.

    Attributes:
        header: One cell per column. The first cell names the table.
        rows: Rows with as many cells as the header. The first cell names the row.
        notes: Remarks below the table.
        title: Line above the table; empty for none.
        numbers: Whether all columns but the first hold numbers, set flush right.

    Raises:
        ValueError: The header is empty, or a row has a different number of cells.
    """

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: tuple[str, ...] = ()
    title: str = ""
    numbers: bool = True

    def __post_init__(self) -> None:
        if not self.header:
            raise ValueError("a table needs a column")
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"{len(row)} cells under {len(self.header)} columns: {row!r}")


def aligned(table: Table, first: int = 0) -> Iterator[str]:
    """Yield the lines of a table as plain text: title, header, rows, and notes in brackets, or indented below a title.

    Hidden characters are written as codes.

    Args:
        table: Table to show.
        first: Minimum width of the first column, in characters.
    """
    from rich.cells import cell_len

    if table.title:
        yield visible(table.title)
    rows = [tuple(map(visible, row)) for row in (table.header, *table.rows)]
    widths = [max(map(cell_len, column)) for column in zip(*rows)]
    widths[0] = max(widths[0], first)
    for row in rows:
        yield "  ".join(
            _padded(cell, width - cell_len(cell), right=table.numbers and bool(column))
            for column, (cell, width) in enumerate(zip(row, widths))
        )
    yield from (f"  {visible(note)}" if table.title else f"({visible(note)})" for note in table.notes)


def fitted(table: Table, width: int, first: int = 0) -> Iterator[str]:
    """Yield the lines of a table as `aligned` does, in a number of columns of a terminal.

    Notes are broken. A name in the first column that takes more than half of the width stands on a line of its own. Columns that have no
    room follow below, under the names again. Only a cell that is wider by itself makes a line wider.

    Args:
        table: Table to show.
        width: Columns of a terminal that a line may take.
        first: Minimum width of the first column.
    """
    from rich.cells import cell_len

    if table.title:
        yield from wrapped(visible(table.title), width)
    rows = [tuple(map(visible, row)) for row in (table.header, *table.rows)]
    names = [cell_len(row[0]) for row in rows]
    names_width = max(first, *(length for length in names if length <= width // 2), 0)
    widths = [max(cell_len(row[column]) for row in rows) for column in range(1, len(table.header))]
    for number, columns in enumerate(_folds(widths, width - names_width)):
        if number:
            yield ""
        for name, length, row in zip((row[0] for row in rows), names, rows):
            if length > names_width:
                yield name
                name, length = "", 0  # noqa: PLW2901
            cells = (
                _padded(row[column + 1], widths[column] - cell_len(row[column + 1]), right=table.numbers)
                for column in columns
            )
            yield "  ".join((_padded(name, names_width - length, right=False), *cells))
    for note in table.notes:
        line = f"  {visible(note)}" if table.title else f"({visible(note)})"
        yield from wrapped(line, width, "    " if table.title else " ")


def _folds(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """Yield the positions of columns that have room next to each other, two spaces before each."""
    columns: list[int] = []
    for column, width in enumerate(widths):
        if columns and sum(widths[other] + 2 for other in columns) + width + 2 > room:
            yield columns
            columns = []
        columns.append(column)
    yield columns


def _padded(cell: str, spaces: int, *, right: bool) -> str:
    return " " * spaces + cell if right else cell + " " * spaces


def print_table(table: Table) -> None:
    """Print header and rows on standard output: as wide as the terminal, or in full width in a pipe or a file."""
    from rich.table import Column
    from rich.table import Table as FoldingTable

    first, *others = map(_cell, table.header)
    side: Literal["right", "left"] = "right" if table.numbers else "left"
    shown = FoldingTable(first, *(Column(name, justify=side) for name in others), box=None, pad_edge=False)
    for row in table.rows:
        shown.add_row(*map(_cell, row))
    print_rich(shown)


def _cell(text: str) -> str:
    """Return a cell as it is printed; a secret is masked before rich folds the cell."""
    return visible(masked(text))
