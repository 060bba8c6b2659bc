"""Splits that are more than one file: a folder of documents, or files that belong together. Their hash covers all of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import LmnError
from ...files import sha256_of
from ..paths import inner_path, leads_out

_SOURCE = "--source DIR names the folder that holds"


@dataclass(frozen=True, slots=True)
class CorpusFiles:
    """A split that is a file or a folder, and that is read from one or more files.

    Attributes:
        folder: Folder of the corpus files.
        value: Path of the file or folder in it, as the card gives it.
        find: Function that takes both and returns the files to read, in a fixed order. They need not exist.
        remedy: Advice for a file that goes with the split's own and is missing.
    """

    folder: Path
    value: str
    find: Callable[[Path, str], list[Path]]
    remedy: str

    def missing(self) -> LmnError | None:
        """Return the error for a file or folder that does not exist, or that holds nothing to read; None if reading can be tried.

        Raises:
            LmnError: A path leads out of the folder of the corpus.
        """
        path = inner_path(self.folder, self.value, f"{_SOURCE} it")
        if not os.path.exists(path):
            return LmnError("no such file or folder", path, f"{_SOURCE} {self.value}")
        files = self.find(self.folder, self.value)
        for file in files:
            if leads_out(file, self.folder):
                raise LmnError(f"a link that leads out of {self.folder}", file, f"{_SOURCE} it")
            if not os.path.isfile(file):
                return LmnError("no such file", file, self.remedy)
        return None if files else LmnError("holds no file to read", path, self.remedy)

    def sha256(self) -> str:
        """Return the hash of the names (in the folder of the corpus) and the hashes of the files, in their order.

        Raises:
            LmnError: The data cannot be read.
        """
        digest = hashlib.sha256()
        for file in self.find(self.folder, self.value):
            digest.update(f"{file.relative_to(self.folder).as_posix()}\n{sha256_of(file)}\n".encode())
        return digest.hexdigest()

    def __str__(self) -> str:
        return str(self.folder / self.value)


def files_below(path: Path, is_wanted: Callable[[str], bool]) -> list[Path]:
    """Return the files below a folder whose names are wanted, sorted by their paths. Names that begin with a dot are not looked at.

    Args:
        path: The folder. A file is returned by itself, whatever its name.
        is_wanted: Function that takes the name of a file.

    Raises:
        LmnError: A folder cannot be listed, or is a link.
    """
    if not path.is_dir():
        return [path]
    found: list[Path] = []
    for folder, inner, names in os.walk(path, onerror=_refuse):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in inner:
            if os.path.islink(place := Path(folder, name)):
                raise LmnError("a link to a folder, which is not followed", place, "put the folder itself there")
        found += [Path(folder, name) for name in names if not name.startswith(".") and is_wanted(name)]
    return sorted(found, key=lambda file: file.relative_to(path).parts)


def _refuse(error: OSError) -> None:
    raise LmnError(f"cannot be listed ({error.strerror})", error.filename) from error
