"""One result is one generation: files that take their names together, and hashes that tell a mixture."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from .errors import LmnError
from .files import Draft, atomic_write_bytes, sha256_of, unreadable, unwritable

_KEPT_HASHES = 1024


class Generation:
    """Files of one result, written side by side under temporary names until all of them are whole.

    `put` then only renames. Whatever ends the process before, by a kill or a full disk, leaves the earlier result whole. To notice a kill
    between two renames, the file that describes the others is written with `gone_first`, and last: while names change, it is missing.

    Use it in a `with` statement, with the lock of the result held around `put` at least. What has not taken its name is removed at
    its end.
    """

    def __init__(self) -> None:
        self._drafts: dict[Path, Draft] = {}
        self._gone_first: list[Draft] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @contextmanager
    def write(self, path: Path, *, gone_first: bool = False) -> Iterator[IO[str]]:
        """Open a text file of the result.

        Args:
            path: Name of the file.
            gone_first: Whether an earlier file of that name is removed before any file takes its name.

        Raises:
            LmnError: The file cannot be written.
        """
        with self._draft(path, gone_first) as draft:
            yield draft.file

    @contextmanager
    def write_bytes(self, path: Path, *, gone_first: bool = False) -> Iterator[IO[bytes]]:
        """Open a file of the result for bytes, as `write` opens one for text.

        Raises:
            LmnError: The file cannot be written.
        """
        with self._draft(path, gone_first) as draft:
            yield draft.binary

    @contextmanager
    def _draft(self, path: Path, gone_first: bool) -> Iterator[Draft]:
        with _named(path):
            draft = Draft(path)
            self._stack.callback(draft.discard)
            yield draft
            draft.finish()
        self._drafts[path] = draft
        if gone_first:
            self._gone_first.append(draft)

    def write_json(self, path: Path, value: Any, *, gone_first: bool = False) -> None:
        """Write a JSON file of the result, as `files.write_json` does.

        Raises:
            LmnError: The file cannot be written.
        """
        with self.write(path, gone_first=gone_first) as file:
            json.dump(value, file, ensure_ascii=False, indent=2)
            file.write("\n")

    def sha256(self, path: Path) -> str:
        """Return the hash of a file of the result."""
        return self._drafts[path].sha256()

    def put(self, last: Path | None = None) -> None:
        """Remove the files that go first, and let all take their names in the order in which they were written.

        Args:
            last: File that takes its name after all others; None for the one that was written last.

        Raises:
            LmnError: A name cannot be taken.
        """
        for draft in self._gone_first:
            with _named(draft.path):
                draft.remove_earlier()
        for path, draft in sorted(self._drafts.items(), key=lambda item: item[0] == last):
            with _named(path):
                draft.take_name()


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove files of an earlier result; a link to one stays.

    Raises:
        LmnError: A file cannot be removed.
    """
    for name in names:
        with _named(folder / name):
            Path(os.path.realpath(folder / name)).unlink(missing_ok=True)


def move_files(new: Path, folder: Path, names: Iterable[str]) -> None:
    """Move whole files out of a temporary folder, in order, each in place of an earlier one of its name, also in folders below.

    A link stays, and its target, which may lie on another disk, is replaced.

    Raises:
        LmnError: A file cannot be moved.
    """
    for name in names:
        target = folder / name
        with _named(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                (new / name).replace(os.path.realpath(target))
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                with atomic_write_bytes(target) as file, (new / name).open("rb") as source:
                    shutil.copyfileobj(source, file)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(error, path) from error


def known_sha256(path: Path) -> str:
    """Return the hash of a file, which is computed once in a process unless the file changes.

    Raises:
        LmnError: The file cannot be read.
    """
    try:
        status = os.stat(path)
        return _sha256(os.path.realpath(path), status.st_ino, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise unreadable(error, path) from error


@lru_cache(_KEPT_HASHES)
def _sha256(path: str, *changing: int) -> str:
    return sha256_of(Path(path))


def check_sha256(path: Path, noted: object, by: str, remedy: str) -> None:
    """Make sure that a file is the one whose hash another file of its result notes.

    Args:
        path: The file.
        noted: Hash that is noted; None in results of earlier versions, which are not checked.
        by: Name of the file that notes it.
        remedy: Advice for the user, with the command that writes the result again.

    Raises:
        LmnError: The file is another one or cannot be read, or what is noted is no hash.
    """
    if noted is None:
        return
    found = known_sha256(path)
    if found != noted:
        raise LmnError(
            f"not the file that {by} describes (SHA-256 {found[:12]}..., noted {str(noted)[:12]}...): changed since, or a command was "
            "killed or copying stopped between the two", path, remedy,
        )  # fmt: skip
