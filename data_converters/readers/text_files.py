"""Text files opened for reading: line ends, byte order marks, progress, and errors that name a line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import open as open_with_progress

from ...errors import LmnError


@contextmanager
def open_text(path: Path, encoding: str, progress: bool) -> Iterator[IO[str]]:
    r"""Open a file for reading by lines that end in `\\n` alone, with a progress bar if asked for and on a terminal.

    Raises:
        LmnError: it cannot be read, or what is read from it cannot be decoded.
    """
    name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        if progress and sys.stderr.isatty():
            console = Console(stderr=True)
            with open_with_progress(
                path, "rt", encoding=name, newline="\n", description=path.name, console=console, transient=True
            ) as file:
                yield file
        else:
            with path.open(encoding=name, newline="\n") as file:
                yield file
    except UnicodeError as error:
        reason = getattr(error, "reason", error)
        raise LmnError(
            f"{path}:{_first_undecodable(path, encoding)}: not {encoding} ({reason}); the card's reader.encoding names another"
        ) from error
    except OSError as error:
        raise LmnError(f"{path}: cannot be read ({error.strerror or error})") from error


def _first_undecodable(path: Path, encoding: str) -> int:
    """Return the number of the first line, from 1, that cannot be decoded."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return number
    return 1
