"""The portions that an unfinished run has tagged, kept in a file beside its output."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..errors import LmnError, listed
from ..files import try_lock, unwritable
from ..masking import masked
from ..strict_json import parse_json


class Portions:
    """An open file of portions: a line with the stamp of the run, then a line for each portion.

    Attributes:
        path: The file.
        done: Number of texts in its portions.
    """

    def __init__(self, path: Path, file: IO[bytes], stamp: Mapping[str, Any]) -> None:
        self.path = path
        self.done = 0
        self._file = file
        self._stamp = json.loads(masked(json.dumps(stamp)))
        self._key = hashlib.sha256(json.dumps(self._stamp, sort_keys=True).encode()).hexdigest()

    def begin(self) -> None:
        """Count the texts that are there, and cut off what is damaged or not whole.

        Raises:
            LmnError: They are of a run with another stamp.
        """
        self._file.seek(0)
        head = _parsed(self._file.readline())
        if not isinstance(head, dict):  # a new file, or one whose writer was killed before it wrote the stamp
            self._file.truncate(0)
            self._write({"key": self._key, "stamp": self._stamp})
            return
        if head.get("key") != self._key:
            raise self._in_the_way(head.get("stamp"))
        end = self._file.tell()
        for line in self._file:
            texts = _texts_in(line)
            if texts is None:
                break
            self.done += len(texts)
            end += len(line)
        self._file.truncate(end)

    def add(self, texts: list[Any]) -> None:
        """Add a portion, which is on the disk when this returns: a list of two for each text."""
        self._write({"texts": texts})
        self.done += len(texts)

    def texts(self) -> Iterator[Any]:
        """Yield what is kept of each text."""
        self._file.seek(0)
        self._file.readline()
        for line in self._file:
            yield from _texts_in(line) or []

    def remove(self) -> None:
        """Remove the file, which is not needed any more."""
        self.path.unlink()

    def _write(self, row: Mapping[str, Any]) -> None:
        self._file.write(masked(json.dumps(row, ensure_ascii=False)).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _in_the_way(self, found: Any) -> LmnError:
        """Return the error that the portions are of a run with another stamp."""
        differing = []
        if isinstance(found, dict):
            keys = {*found, *self._stamp}
            differing = sorted(key for key in keys if found.get(key) != self._stamp.get(key))
        what = f": another {listed(differing)}" if differing else ""
        return LmnError(
            f"an unfinished run of another file or with other settings is in the way{what}", self.path,
            "give the same ones to finish it, or --restart to discard it",
        )  # fmt: skip


@contextmanager
def kept_portions(path: Path, stamp: Mapping[str, Any], *, restart: bool) -> Iterator[Portions]:
    """Open the portions of a run, those of an unfinished one among them. A file without a portion is removed if the block fails.

    Args:
        path: The file; made with its folder if it is missing.
        stamp: Everything that the portions follow from, for JSON.
        restart: Discard what is there.

    Raises:
        LmnError: The file cannot be made, another run has it open, or it is of a run with another stamp.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise unwritable(error, path) from error
    with file:
        if try_lock(file.fileno()) is False or not _is_open(path, file):
            raise LmnError("another run is writing it", path, "wait until that has finished")
        if restart:
            file.truncate(0)
        portions = Portions(path, file, stamp)
        portions.begin()
        start = file.tell()
        try:
            yield portions
        finally:
            if not portions.done and file.seek(0, os.SEEK_END) <= start:
                path.unlink(missing_ok=True)


def _is_open(path: Path, file: IO[bytes]) -> bool:
    """Return whether an open file still bears its name: whoever held the lock before may have removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _texts_in(line: bytes) -> list[Any] | None:
    """Return what a line keeps of the texts of a portion; None if the line is damaged or not whole."""
    row = _parsed(line)
    match row:
        case {"texts": [*texts]} if all(isinstance(one, list) and len(one) == 2 for one in texts):
            return texts
    return None


def _parsed(line: bytes) -> Any:
    """Return the JSON on a whole line; None if there is none."""
    try:
        return parse_json(line.decode()) if line.endswith(b"\n") else None
    except ValueError:
        return None
