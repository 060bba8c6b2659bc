"""What a file shows at a look: its encoding, its first lines, and its first records if it holds JSON."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...files import unreadable
from ..readers.records import read_records

_HEAD = 1 << 18
_BLOCK = 1 << 20
_RECORDS = 200
_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_OLD_ENCODING, _ANY_BYTES = "cp1252", "latin-1"


@dataclass(frozen=True, slots=True)
class Look:
    """What a file shows at a look.

    Attributes:
        path: The file.
        encoding: Encoding in which all of it can be decoded; None if it holds bytes that are no text.
        lines: First lines, without their ends, about a quarter of a million characters of them.
        records: First records if it holds JSON, otherwise ().
    """

    path: Path
    encoding: str | None
    lines: tuple[str, ...] = ()
    records: tuple[Any, ...] = ()


def look_at(path: Path) -> Look:
    """Look at a file.

    Raises:
        LmnError: The file cannot be read.
    """
    try:
        encoding = _encoding_of(path)
        if encoding is None:
            return Look(path, None)
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="\n") as file:
            head = file.read(_HEAD)
            is_whole = not file.read(1)
    except OSError as error:
        raise unreadable(error, path) from error
    lines = head.replace("\r\n", "\n").split("\n")
    return Look(path, encoding, tuple(lines if is_whole else lines[:-1]), _records(path, encoding, head))


def _encoding_of(path: Path) -> str | None:
    """Return the encoding of a text file: UTF-8 if all of it can be decoded so; None for a file that is no text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        first = file.read(_BLOCK)
        for mark, name in _BYTE_ORDER_MARKS.items():
            if first.startswith(mark):
                return name
        if b"\0" in first:
            return None
        block = first
        try:
            while block:
                decoder.decode(block)
                block = file.read(_BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            with suppress(UnicodeDecodeError):
                first.decode(_OLD_ENCODING)
                return _OLD_ENCODING
            return _ANY_BYTES
    return "utf-8"


def _records(path: Path, encoding: str, head: str) -> tuple[Any, ...]:
    """Return the first records of a file of JSON; () for other files."""
    if head.lstrip()[:1] not in ("{", "["):
        return ()
    wrong: list[int] = []
    try:
        found = tuple(islice(read_records(path, encoding, None, lambda line, *_: wrong.append(line)), _RECORDS))
    except LmnError:
        return ()
    records = tuple(record for _, record in found if isinstance(record, dict | list))
    return records if len(records) > len(wrong) else ()


def rows_of(lines: Sequence[str], separator: str) -> list[list[str]]:
    """Return the fields of lines that are not blank. A space stands for runs of spaces."""
    texts = (line for line in lines if line.strip())
    if separator == " ":
        return [[field for field in text.split(" ") if field] for text in texts]
    return [text.split(separator) for text in texts]
