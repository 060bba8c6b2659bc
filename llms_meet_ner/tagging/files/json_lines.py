"""JSON Lines: an object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from ...errors import LmnError
from ...strict_json import parse_json
from ..fields import check_free, no_field, not_a_text
from ..tagger import TaggedText
from .lines import LineRow, byte_lines, decoded, size_of
from .records import InputFile, Kept, Notes, TextRecord, plain

_AS_LINES = "write an object a line: jq -c '.[]' {name} > lines.jsonl"


@dataclass(frozen=True, slots=True)
class JsonRow:
    """An object of a file.

    Attributes:
        line: The line that it was read from, without white space around it.
        fields: Its fields.
    """

    line: str
    fields: Mapping[str, Any]

    def values(self) -> Mapping[str, Any]:
        """Return the fields."""
        return self.fields


class JsonLines:
    """A file of JSON Lines; a `Source`. Empty lines are passed over.

    Args:
        file: The file, in UTF-8 with a byte order mark or without.
        field: Name of the field that holds the text.
    """

    def __init__(self, file: InputFile, field: str) -> None:
        self.file = file
        self.total = size_of(file)
        self.position = 0
        self._field = field

    def records(self) -> Iterator[TextRecord | LmnError]:
        """Yield the objects."""
        self.position = 0
        with self.file.open() as stream:
            for number, line in byte_lines(stream):
                self.position += len(line)
                if line.strip():
                    yield self._record(line, f"{self.file.name}:{number}")

    def columns(self) -> Sequence[str]:
        """Return the names of all fields, after reading the file once more."""
        if self.file.path is None:
            raise LmnError(
                "JSON Lines have no list of their fields, which a table needs", self.file.name,
                "save them as a file first, or write JSON Lines: --format jsonl",
            )  # fmt: skip
        names: dict[str, None] = {}
        for record in self.records():
            if isinstance(record, TextRecord):
                names |= dict.fromkeys(record.row.values())
        return list(names)

    def _record(self, line: bytes, where: str) -> TextRecord | LmnError:
        try:
            row = read_row(decoded(line, where).strip(), where, self.file.name)
        except LmnError as error:
            return error
        if self._field not in row.fields:
            return no_field(self._field, list(row.fields), where)
        text = row.fields[self._field]
        return TextRecord(text, where, row) if isinstance(text, str) else not_a_text(text, self._field, where)


def read_row(line: str, where: str, name: str) -> JsonRow:
    """Return the object on a line.

    Raises:
        LmnError: There is none.
    """
    try:
        value = parse_json(line)
    except ValueError as error:
        remedy = _AS_LINES.format(name=name) if line.startswith(("[", "{")) and line in "[{" else None
        raise LmnError(f"not JSON ({getattr(error, 'msg', error)})", where, remedy) from error
    if isinstance(value, list):
        raise LmnError("a list, and not an object", where, _AS_LINES.format(name=name))
    if not isinstance(value, dict):
        raise LmnError(f"not an object: {line:.40}", where)
    return JsonRow(line, value)


class JsonLinesOutput:
    """JSON Lines with the entities in a field; an `Output`. The other fields of an object stay as they are written, to the digit.

    Args:
        field: Name of the field for the entities.
        notes: Takes what is changed.
    """

    is_binary = False

    def __init__(self, field: str, notes: Notes) -> None:
        self._field = field
        self._notes = notes

    def keep(self, tagged: TaggedText) -> Kept:
        """Return the entities, and the number of pieces that sentences were read in if there are any."""
        row = tagged.to_dict()
        return [row["entities"], row.get("pieces", 0)]

    def write(self, rows: Iterable[tuple[TextRecord, Kept]], file: IO[str]) -> None:
        """Write an object a line."""
        for record, (entities, pieces) in rows:
            file.write(self._line(record, entities, pieces) + "\n")
            file.flush()

    def _line(self, record: TextRecord, entities: Any, pieces: int) -> str:
        row = record.row
        values = row.values()
        check_free(self._field, values, record.where)
        if isinstance(row, LineRow):
            more = {"pieces": pieces} if pieces else {}
            return _dumped({**values, self._field: entities, **more})
        if not isinstance(row, JsonRow):
            return _dumped({**plain(values, record.where, self._notes), self._field: entities})
        separator = ", " if values else ""
        return f"{row.line.removesuffix('}').rstrip()}{separator}{_dumped(self._field)}: {_dumped(entities)}}}"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
