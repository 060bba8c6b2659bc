"""Problems in a corpus file: counted, with their places, and fatal or repaired, as the card says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import LmnError
from ..sentence import Where

MAX_KEPT = 10_000
"""Number of problems of one kind whose places are kept; further ones are only counted."""

PROBLEM_KINDS: dict[str, str] = {
    "invalid-transition": "a tag that its scheme does not allow at its place",
    "malformed-tag": "a tag that is not written as its scheme writes tags",
    "unknown-label": "a label that the card does not list",
    "untagged": "a line without a tag",
    "columns": "a line with more or fewer columns than the card says",
    "empty-token": "a line whose token is empty",
    "unequal": "a sentence with more or fewer tokens than tags",
    "malformed-record": "a record, or a part of one, that is not what the card says",
    "empty-record": "a record without tokens, left out",
    "unannotated": "a record without annotation, read as one without entities",
    "unsplit": "a document without sentence boundaries, read as one sentence",
    "outside-text": "a span that is empty or does not lie in the text",
    "cut-span": "a span that begins or ends inside a token",
    "double-span": "a span that is listed twice over the same tokens, read once",
    "crossing": "an entity that crosses another, or an inner one that equals an outer one",
    "inner-span": "an entity inside another, left out because the corpus is not nested",
    "joined-sentences": "a sentence boundary inside an entity: the two sentences are read as one",
    "line-break": "a token that holds a line break",
    "bare-prefix": "a token that consists of the card's token prefix alone, left as it is",
    "duplicate": "a record with the tokens and tags of an earlier one, left out",
    "filtered": "a record that the card's reader.where leaves out",
    "bracket-token": "a token that holds [, ] or |, which are markup in a bracketed output",
}
"""Meaning of each kind of problem."""

LOSES_LINES = frozenset({"untagged", "empty-token", "line-break", "unequal", "malformed-record"})
"""Kinds for which a reader that keeps going leaves out a line, and with it perhaps a whole sentence."""

NOTES = frozenset({"empty-record", "unannotated", "unsplit", "bare-prefix", "duplicate", "filtered", "bracket-token"})
"""Kinds that are worth knowing but not faults: no annotation is mended."""


class Problem(NamedTuple):
    """One problem.

    Attributes:
        kind: Key of `PROBLEM_KINDS`.
        where: File and line.
        message: Description of what was seen.
        fatal: Whether converting stops there.
    """

    kind: str
    where: Where
    message: str
    fatal: bool


@dataclass(slots=True)
class ProblemLog:
    """Collects the problems that a reader finds.

    Attributes:
        keep_going: Whether to record fatal problems instead of raising.
        notes: Whether to record tokens with brackets, too.
        counts: Number of problems of each kind.
        kept: First `MAX_KEPT` problems of each kind.
        fatal: Number of problems that would have stopped a conversion.
    """

    keep_going: bool = False
    notes: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    kept: list[Problem] = field(default_factory=list)
    fatal: int = 0

    def report(self, kind: str, where: Where, message: str, *, remedy: str | None = None, fatal: bool = True) -> None:
        """Record a problem.

        Raises:
            LmnError: The problem is fatal and the log does not keep going.
        """
        if fatal and not self.keep_going:
            raise LmnError(message, where, remedy)
        self.counts[kind] += 1
        self.fatal += fatal
        if self.counts[kind] <= MAX_KEPT:
            self.kept.append(Problem(kind, where, message, fatal))

    def of(self, kind: str) -> list[Problem]:
        """Return the kept problems of a kind, in the order of the file."""
        return [problem for problem in self.kept if problem.kind == kind]
