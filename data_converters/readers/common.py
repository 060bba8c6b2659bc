"""Common parts of all readers: the rules of a corpus, the data of a split, and the protocols of readers and their options."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self, get_args

from ...errors import LmnError
from ...files import sha256_of
from ...labels import LabelSet
from ...sentence import Sentence
from ...tags import Repair
from ..paths import inner_path
from ..problems import ProblemLog

_SOURCE = "--source DIR names the folder that it lies in"
Docstart = Literal["sentence", "boundary", "none"]
DOCSTARTS: tuple[Docstart, ...] = get_args(Docstart)
"""Treatments of a `-DOCSTART-` line: a sentence of one token, the end of a sentence, or an ordinary line."""


@dataclass(frozen=True, slots=True)
class CorpusRules:
    """Rules of a corpus by its card, whatever the layout of the files.

    Attributes:
        labels: Labels that may occur in the files.
        docstart: Treatment of `-DOCSTART-` lines.
        repair: Treatment of tags that their scheme does not allow.
        nested: Whether entities may lie inside entities.
        language: Language tag of the corpus; empty if it is not known.
    """

    labels: LabelSet
    docstart: Docstart
    repair: Repair
    nested: bool = False
    language: str = ""


class SplitData(Protocol):
    """The data of a split: a file, or a split of a data set. `str` gives the name that messages use."""

    def missing(self) -> LmnError | None:
        """Return the error that says what is missing; None if reading can be tried.

        Raises:
            LmnError: The data leads out of the folder of the corpus.
        """
        ...

    def sha256(self) -> str:
        """Return a hexadecimal hash that changes when the data changes.

        Raises:
            LmnError: The data cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A split that is a file.

    Attributes:
        folder: Folder of the corpus files.
        value: Path of the file in that folder, as the card gives it.
    """

    folder: Path
    value: str

    @property
    def path(self) -> Path:
        """The file's path."""
        return self.folder / self.value

    def missing(self) -> LmnError | None:
        """Return the error for a file that does not exist, or None.

        Raises:
            LmnError: The path leads out of the folder.
        """
        remedy = f"--source DIR names the folder that holds {self.value}"
        if os.path.isfile(inner_path(self.folder, self.value, _SOURCE)):
            return None
        return LmnError("no such file", self.path, remedy)

    def sha256(self) -> str:
        """Return the hash of the file's bytes."""
        return sha256_of(self.path)

    def __str__(self) -> str:
        return str(self.path)


class Reader(Protocol):
    """Reads the sentences of one file, or of one split of a data set, one at a time.

    Attributes:
        log: Log that takes the problems.
    """

    log: ProblemLog

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order.

        Args:
            id_prefix: `<corpus>/<split>`. The number after it counts the sentences of the file from 0 (the records, where each holds
                one sentence). Options that leave some of them out do not change the numbers of the others.
            progress: Whether to show a progress bar on standard error if that is a terminal.

        Raises:
            LmnError: The file cannot be read, or a fatal problem is found and the log does not keep going.
        """
        ...


class ReaderOptions(Protocol):
    """The layout of the corpus files."""

    @classmethod
    def of(cls, reader: dict[str, Any]) -> Self:
        """Take the keys of a card's `reader`, which follow the schema of its type.

        Raises:
            ValueError: Two keys contradict each other.
        """
        ...

    def data(self, folder: Path, value: str) -> SplitData:
        """Return the data of a split.

        Args:
            folder: Folder of the corpus files.
            value: Path of a file in that folder, or name of a split of a data set, as the card gives it.
        """
        ...

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> Reader:
        """Return the reader of a split.

        Args:
            folder: Folder of the corpus files; errors quote paths in it as given.
            value: Path of a file in that folder, or name of a split of a data set, as the card gives it.
            rules: Rules of the corpus.
            log: Log that takes the problems.
        """
        ...


class FileLayout:
    """Base of the options of layouts in which each split is a file in the corpus folder."""

    __slots__ = ()

    def data(self, folder: Path, value: str) -> SplitData:
        """Return the file of a split."""
        return CorpusFile(folder, value)
