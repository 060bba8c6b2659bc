"""What every reader of corpus files has in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from ...labels import LabelSet
from ...sentence import Sentence
from ...tags import Repair
from ..problems import ProblemLog

Docstart = Literal["sentence", "boundary", "none"]


class Reader(Protocol):
    """Reads the sentences of one file, one at a time.

    Attributes:
        log: takes the findings.
    """

    log: ProblemLog

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order.

        Args:
            id_prefix: `<corpus>/<split>`; the number after it counts the file's sentences from 0, and no option moves it.
            progress: show a progress bar on standard error if that is a terminal.

        Raises:
            LmnError: the file cannot be read, or the log does not keep going over a fatal finding.
        """
        ...


class ReaderOptions(Protocol):
    """The layout of a corpus file."""

    @classmethod
    def of(cls, reader: dict[str, Any]) -> Self:
        """Take the keys of a card's `reader`, checked against the schema of its type."""
        ...

    def reader(self, path: Path, labels: LabelSet, docstart: Docstart, repair: Repair, log: ProblemLog) -> Reader:
        """Return the reader of a file.

        Args:
            path: the file; errors quote it as given.
            labels: of the corpus.
            docstart: what a `-DOCSTART-` line is.
            repair: what becomes of annotations that are not valid.
            log: takes the findings.
        """
        ...
