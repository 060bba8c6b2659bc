"""CSV: a header, then a record a row, as Python's csv module reads and writes it. Quoted cells may hold line breaks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from ...errors import LmnError
from ..fields import check_free, no_field
from ..tagger import TaggedText
from .lines import byte_lines, not_utf8, size_of
from .records import InputFile, Kept, Notes, TextRecord, plain

_LONGEST_CELL = 2**31 - 1
"""Characters of a cell that is read; Python's csv module takes 131,072 by itself."""
COMMA = ","
TAB = "\t"
_CRLF = "\r\n"
_Rows = Iterator[tuple[int, list[str] | LmnError]]
"""Rows with the number of their first line, and the errors of those that cannot be read."""
_Begun = tuple[tuple[str, ...], _Rows]
"""A header, and the rows after it."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row of a table: the names of its columns, and its cells, which are texts."""

    names: tuple[str, ...]
    cells: tuple[str, ...]

    def values(self) -> Mapping[str, Any]:
        """Return the cells by the names of their columns."""
        return dict(zip(self.names, self.cells, strict=True))


class CsvTable:
    """A CSV file with a header; a `Source`. Empty lines between records are passed over.

    Args:
        file: The file, in UTF-8 with a byte order mark or without.
        field: Name of the column that holds the text.
        delimiter: Character between two cells.
    """

    def __init__(self, file: InputFile, field: str, delimiter: str = COMMA) -> None:
        self.file = file
        self.total = size_of(file)
        self.position = 0
        self._field = field
        self._delimiter = delimiter
        self._begun: _Begun | None = None

    def records(self) -> Iterator[TextRecord | LmnError]:
        """Yield the rows after the header."""
        names, rows = self._begun or self._begin()
        self._begun = None
        column = names.index(self._field)
        for line, cells in rows:
            where = f"{self.file.name}:{line}"
            if isinstance(cells, LmnError):
                yield cells
            elif len(cells) != len(names):
                yield LmnError(f"has {len(cells):,} cells, and the header {len(names):,}", where)
            else:
                yield TextRecord(cells[column], where, CsvRow(names, tuple(cells)))

    def columns(self) -> Sequence[str]:
        """Return the names in the header, which is read once: standard input goes on after it."""
        self._begun = self._begun or self._begin()
        return self._begun[0]

    def _begin(self) -> _Begun:
        """Read the header, and return it with the rows after it."""
        self.position = 0
        rows = self._rows()
        _, header = next(rows, (1, []))
        return self._checked(header), rows

    def _checked(self, header: list[str] | LmnError) -> tuple[str, ...]:
        """Return the names of the columns.

        Raises:
            LmnError: There is no header, it names a column twice, or it does not have the field.
        """
        where = f"{self.file.name}:1"
        if isinstance(header, LmnError):
            raise header
        if not header:
            raise LmnError("no header, which names the columns", where, "--input-format text reads lines of text")
        if twice := [name for name in header if header.count(name) > 1]:
            raise LmnError(f"names column {twice[0]!r} twice", where, "give each column a name of its own")
        if self._field not in header:
            raise self._no_field(header, where)
        return tuple(header)

    def _no_field(self, header: list[str], where: str) -> LmnError:
        error = no_field(self._field, header, where)
        others = [char for char in ";\t,|" if char != self._delimiter and char in header[0]]
        if len(header) > 1 or not others:
            return error
        shown = "$'\\t'" if others[0] == TAB else f"'{others[0]}'"
        return LmnError(error.what, where, f"name what stands between its cells: --delimiter {shown}")

    def _rows(self) -> _Rows:
        """Yield the rows, the header among them."""
        csv.field_size_limit(_LONGEST_CELL)
        with self.file.open() as stream:
            reader = csv.reader(self._lines(stream), delimiter=self._delimiter, strict=True)
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield line, LmnError(f"not CSV ({error})", f"{self.file.name}:{line}")
                    continue
                if cells:
                    yield line, _whole(cells, f"{self.file.name}:{line}")

    def _lines(self, stream: Any) -> Iterator[str]:
        for _, line in byte_lines(stream):
            self.position += len(line)
            yield line.decode("utf-8", "surrogateescape")


def _whole(cells: list[str], where: str) -> list[str] | LmnError:
    """Return cells, or the error that one is not UTF-8."""
    try:
        for cell in cells:
            cell.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError as error:
        return not_utf8(error, where)
    return cells


class CsvOutput:
    """CSV with the entities as JSON in a column; an `Output`. Cells of a CSV file stay as they are; null is an empty cell.

    Args:
        columns: Names of the columns of the records.
        field: Name of the column for the entities.
        delimiter: Character between two cells.
        notes: Takes what is changed.
        name: Name of the input, for errors.
    """

    is_binary = False

    def __init__(self, columns: Sequence[str], field: str, delimiter: str, notes: Notes, name: str) -> None:
        check_free(field, columns, name)
        self._columns = columns
        self._field = field
        self._delimiter = delimiter
        self._notes = notes

    def keep(self, tagged: TaggedText) -> Kept:
        """Return the entities."""
        return tagged.to_dict()["entities"]

    def write(self, rows: Iterable[tuple[TextRecord, Kept]], file: IO[str]) -> None:
        """Write the header and the rows."""
        file.write(self._line([*self._columns, self._field]))
        for record, entities in rows:
            values = record.row.values()
            cells = [self._cell(values.get(name), record.where) for name in self._columns]
            file.write(self._line([*cells, json.dumps(entities, ensure_ascii=False)]))
            file.flush()

    def _line(self, cells: Sequence[str]) -> str:
        r"""Return a row, which ends with `\n`. Python quotes a cell with a carriage return only if that ends rows, too."""
        row = io.StringIO(newline="")
        csv.writer(row, delimiter=self._delimiter, lineterminator=_CRLF).writerow(cells)
        return row.getvalue().removesuffix(_CRLF) + "\n"

    def _cell(self, value: Any, where: str) -> str:
        value = plain(value, where, self._notes)
        if value is None or isinstance(value, str):
            return value or ""
        return json.dumps(value, ensure_ascii=False)
