"""Records of files of texts, and what reads and writes them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, Protocol

from ...errors import LmnError, listed
from ..tagger import TaggedText

FileFormat = Literal["text", "jsonl", "csv", "tsv", "parquet"]
DEFAULT_FIELD = "text"
"""Name of the field that holds the text."""
DEFAULT_ENTITIES = "entities"
"""Name of the field that entities are written to."""


class Row(Protocol):
    """The fields of a record, as its file holds them."""

    def values(self) -> Mapping[str, Any]:
        """Return the fields as Python's values, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class TextRecord:
    """A record of a file.

    Attributes:
        text: Text to tag.
        where: Place of the record: file and line, or file and row.
        row: All fields of the record, the text among them.
    """

    text: str
    where: str
    row: Row


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    Attributes:
        name: Name for people.
        stream: The open file, or standard input.
        path: Path of the file, which can be read again; None for standard input, a pipe or a device.
    """

    name: str
    stream: BinaryIO
    path: Path | None

    @classmethod
    def of(cls, stream: BinaryIO) -> InputFile:
        """Return the input for an open file."""
        name = str(getattr(stream, "name", "<stdin>"))
        path = Path(name)
        return cls(name, stream, path if path.is_file() else None)

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open the file at its beginning; what cannot be read again goes on where it is."""
        return self.path.open("rb") if self.path else nullcontext(self.stream)


class Source(Protocol):
    """A file of texts that is read record by record.

    Attributes:
        file: The file.
        total: What `position` is at the end; None if that is not known.
        position: How far the last iteration has come, in bytes or rows.
    """

    file: InputFile
    total: int | None
    position: int

    def records(self) -> Iterator[TextRecord | LmnError]:
        """Yield the records, and for each that cannot be read the error, with its place.

        Raises:
            LmnError: The file as a whole cannot be read.
        """
        ...

    def columns(self) -> Sequence[str]:
        """Return the names of the fields of all records, in order of their first appearance.

        Raises:
            LmnError: The file cannot be read, or not more than once.
        """
        ...


Kept = Any
"""What an output keeps of a tagged text until it is written, for JSON."""


class Output(Protocol):
    """A way to write records with their entities."""

    @property
    def is_binary(self) -> bool:
        """Whether bytes are written, and not text."""
        ...

    def keep(self, tagged: TaggedText) -> Kept:
        """Return what is needed of a tagged text to write it with its record."""
        ...

    def write(self, rows: Iterable[tuple[TextRecord, Kept]], file: IO[Any]) -> None:
        """Write records as they come.

        Raises:
            LmnError: A record cannot be written in this format.
        """
        ...


@dataclass(slots=True)
class Notes:
    """What people should know of records that were left out or changed.

    Attributes:
        left_out: Errors of the records that are left out.
        pieces: Places of texts that were read in pieces, with the number of pieces.
        changed: Numbers of changed values, by what was changed.
    """

    left_out: list[LmnError] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)

    def count(self, what: str) -> None:
        """Count a changed value."""
        self.changed[what] = self.changed.get(what, 0) + 1

    def lines(self) -> Iterator[str]:
        """Yield a line for each thing to know."""
        if self.left_out:
            yield f"records left out: {len(self.left_out):,}"
            yield from (f"  {LmnError(error.what, error.where)}" for error in self.left_out[:10])
            if len(self.left_out) > 10:
                yield f"  and {len(self.left_out) - 10:,} more"
        if self.pieces:
            yield f"texts with sentences that were read in pieces, where an entity may be lost or torn: {listed(self.pieces)}"
        yield from (f"{what}: {count:,}" for what, count in self.changed.items())


NOT_IN_JSON = "numbers that JSON does not have (NaN, infinities), written as null"


def plain(value: Any, where: object, notes: Notes) -> Any:
    """Return a value as JSON can hold it: dates in ISO 8601, decimals as text, NaN and infinities as null.

    Raises:
        LmnError: It holds bytes.
    """
    if isinstance(value, float) and not math.isfinite(value):
        notes.count(NOT_IN_JSON)
        return None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    if isinstance(value, bytes):
        raise LmnError("holds bytes, which are neither JSON nor CSV", where, "write Parquet: --format parquet")
    if isinstance(value, Mapping):
        return {str(key): plain(part, where, notes) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, where, notes) for part in value]
    return value
