"""What every reader of corpus files has in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from ...files import sha256_of
from ...labels import LabelSet
from ...sentence import Sentence
from ...tags import Repair
from ..problems import ProblemLog

Docstart = Literal["sentence", "boundary", "none"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a card says of its corpus whatever the layout of the files.

    Attributes:
        labels: that may occur.
        docstart: what a `-DOCSTART-` line is.
        repair: what becomes of invalid tag sequences.
        nested: whether entities may lie inside entities.
    """

    labels: LabelSet
    docstart: Docstart
    repair: Repair
    nested: bool = False


class Origin(Protocol):
    """Where the data of a split comes from; as a string, how messages name it."""

    def missing(self) -> str | None:
        """Return what is not there, to be named in an error; None if reading can be tried."""
        ...

    def sha256(self) -> str:
        """Return a hash of the data, hexadecimal: another one means other data.

        Raises:
            LmnError: the data cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A split's file: `value`, as the card gives it, below a folder."""

    folder: Path
    value: str

    @property
    def path(self) -> Path:
        """The file's path."""
        return self.folder / self.value

    def missing(self) -> str | None:
        """Return that there is no such file, or None."""
        if self.path.is_file():
            return None
        return f"{self.path}: no such file; --source DIR names the folder that holds {self.value}"

    def sha256(self) -> str:
        """Return the hash of the file's bytes."""
        return sha256_of(self.path)

    def __str__(self) -> str:
        return str(self.path)


class Reader(Protocol):
    """Reads the sentences of one file, or of one split of a data set, one at a time.

    Attributes:
        log: takes the findings.
    """

    log: ProblemLog

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order.

        Args:
            id_prefix: `<corpus>/<split>`; the number after it counts the file's sentences (of records that hold one each, the
                records) from 0, and no option that leaves some of them out moves it.
            progress: show a progress bar on standard error if that is a terminal.

        Raises:
            LmnError: the file cannot be read, or the log does not keep going over a fatal finding.
        """
        ...


class ReaderOptions(Protocol):
    """The layout of a corpus's files."""

    @classmethod
    def of(cls, reader: dict[str, Any]) -> Self:
        """Take the keys of a card's `reader`, checked against the schema of its type.

        Raises:
            ValueError: two keys contradict each other.
        """
        ...

    def origin(self, folder: Path, value: str) -> Origin:
        """Return where a split's data comes from.

        Args:
            folder: of the corpus files.
            value: what the card gives for the split: a file's path in the folder, or a split's name.
        """
        ...

    def reader(self, folder: Path, value: str, rules: Rules, log: ProblemLog) -> Reader:
        """Return the reader of a split.

        Args:
            folder: of the corpus files; errors quote paths from it as given.
            value: what the card gives for the split.
            rules: of the corpus.
            log: takes the findings.
        """
        ...


class FileLayout:
    """What layouts of files have in common: a split is a file in the corpus's folder."""

    __slots__ = ()

    def origin(self, folder: Path, value: str) -> Origin:
        """Return a split's file."""
        return CorpusFile(folder, value)
