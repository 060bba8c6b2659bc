"""Text files for reading: line ends, byte order marks, progress bars, and errors that name a line."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ...errors import LmnError
from ...files import unreadable
from ...terminal import progress_bars


@contextmanager
def open_text(path: Path, encoding: str, progress: bool) -> Iterator[IO[str]]:
    r"""Open a file for reading, with lines that end in `\\n` alone.

    Args:
        path: The file.
        encoding: Encoding of the file; a byte order mark is skipped.
        progress: Whether to show a progress bar on standard error if that is a terminal.

    Raises:
        LmnError: The file cannot be read or decoded.
    """
    name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        if progress and sys.stderr.isatty():
            with (
                progress_bars() as bars,
                bars.open(path, "rt", encoding=name, newline="\n", description=path.name) as file,
            ):
                yield file
        else:
            with path.open(encoding=name, newline="\n") as file:
                yield file
    except UnicodeError as error:
        reason = getattr(error, "reason", error)
        where = f"{path}:{_first_undecodable(path, encoding)}"
        raise LmnError(f"not {encoding} ({reason})", where, "the card's reader.encoding names another") from error
    except OSError as error:
        raise unreadable(error, path) from error


def _first_undecodable(path: Path, encoding: str) -> int:
    """Return the line, from 1, with the first bytes that cannot be decoded."""
    decoder = codecs.getincrementaldecoder(encoding)()
    number = 1
    with path.open("rb") as file:
        while True:
            before, block = decoder.getstate(), file.read(1 << 16)
            try:
                number += decoder.decode(block, final=not block).count("\n")
            except UnicodeError:
                break
            if not block:
                return number
    decoder.setstate(before)
    with suppress(UnicodeError):  # byte by byte, up to the one that cannot be decoded
        for byte in block:
            number += decoder.decode(bytes([byte])).count("\n")
    return number
