r"""Lines of text: a text a line, and the outputs that people read: brackets and columns.

A line ends with `\n` or `\r\n`.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from ...errors import LmnError
from ..tagger import TaggedText
from .records import DEFAULT_FIELD, InputFile, TextRecord


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as a record with one field."""

    text: str

    def values(self) -> Mapping[str, Any]:
        """Return the line as `text`."""
        return {DEFAULT_FIELD: self.text}


class Lines:
    """A file with a text on each line; a `Source`.

    Args:
        file: The file, in UTF-8 with a byte order mark or without.
    """

    def __init__(self, file: InputFile) -> None:
        self.file = file
        self.total = size_of(file)
        self.position = 0

    def records(self) -> Iterator[TextRecord | LmnError]:
        """Yield the lines."""
        self.position = 0
        with self.file.open() as stream:
            for number, line in byte_lines(stream):
                self.position += len(line)
                yield self._record(line, f"{self.file.name}:{number}")

    def columns(self) -> Sequence[str]:
        """Return the one field."""
        return (DEFAULT_FIELD,)

    @staticmethod
    def _record(line: bytes, where: str) -> TextRecord | LmnError:
        try:
            text = decoded(line, where)
        except LmnError as error:
            return error
        return TextRecord(text, where, LineRow(text))


class Printed:
    """Texts with their entities as people read them; an `Output`.

    Args:
        form: `brackets` or `conll`.
    """

    is_binary = False

    def __init__(self, form: str) -> None:
        self._form = form

    def keep(self, tagged: TaggedText) -> str:
        """Return the text as it is written."""
        return tagged.conll() if self._form == "conll" else tagged.brackets() + "\n"

    def write(self, rows: Iterable[tuple[TextRecord, str]], file: IO[str]) -> None:
        """Write what was kept."""
        for _, kept in rows:
            file.write(kept)
            file.flush()


def byte_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers, from 1, and without a byte order mark at the beginning."""
    for number, line in enumerate(stream, start=1):
        yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line


def decoded(line: bytes, where: str) -> str:
    """Return a line without its end.

    Raises:
        LmnError: The line is not UTF-8.
    """
    try:
        return line.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise not_utf8(error, where) from error


def not_utf8(error: UnicodeDecodeError, where: str) -> LmnError:
    """Return the error for what is not UTF-8."""
    what = f"not UTF-8 ({error.reason} at byte {error.start + 1})"
    return LmnError(what, where, "convert it first: iconv -f LATIN1 -t UTF-8")


def size_of(file: InputFile) -> int | None:
    """Return the size of a file in bytes; None for standard input."""
    return file.path.stat().st_size if file.path else None
