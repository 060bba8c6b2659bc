"""What is wrong in a corpus file, counted and named; fatal or mended as the card says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import LmnError
from ..sentence import Where

MAX_KEPT = 10_000
"""Findings of one kind whose places are kept; further ones are only counted."""

KINDS: dict[str, str] = {
    "invalid-transition": "a tag that its scheme does not allow at its place",
    "malformed-tag": "a tag of no form that its scheme knows",
    "unknown-label": "a label that the card does not list",
    "untagged": "a line without a tag",
    "columns": "a line with another number of columns than the card says",
    "empty-token": "a line whose token is empty",
    "unequal": "a sentence with more tokens than tags, or fewer",
    "malformed-record": "a record, or a part of one, that is not what the card says",
    "empty-record": "a record without a token, left out",
    "unannotated": "a record without annotation, read as one without entities",
    "unsplit": "a document without sentence boundaries, read as one sentence",
    "outside-text": "a span that is empty or does not lie in the text",
    "cut-span": "a span that begins or ends inside a token",
    "double-span": "a span that stands twice over the same tokens, read once",
    "crossing": "an entity that crosses another one, or an inner one that doubles an outer one",
    "inner-span": "an entity inside another, left out of a corpus without nested ones",
    "joined-sentences": "a sentence boundary inside an entity: the two sentences are read as one",
    "line-break": "a token that holds a line break",
    "bare-prefix": "a token that is nothing but the prefix that others lose, left as it is",
    "duplicate": "a record with the tokens and tags of an earlier one, left out",
    "filtered": "a record that the card's reader.where leaves out",
    "bracket-token": "a token that holds [, ] or |, which are markup in a bracketed output",
}

LOSES_LINES = frozenset({"untagged", "empty-token", "line-break", "unequal", "malformed-record"})
"""Findings for which a line, and with it perhaps a whole sentence, is left out by a reader that keeps going."""

NOTES = frozenset({"empty-record", "unannotated", "unsplit", "bare-prefix", "duplicate", "filtered", "bracket-token"})
"""Findings that are no fault: nothing of the annotation is mended."""


class Problem(NamedTuple):
    """One finding.

    Attributes:
        kind: a word of `KINDS`.
        where: file and line.
        message: what was seen.
        fatal: whether converting stops there.
    """

    kind: str
    where: Where
    message: str
    fatal: bool


@dataclass(slots=True)
class ProblemLog:
    """Collects the findings of a reader.

    Attributes:
        keep_going: record fatal problems instead of raising.
        notes: record what is no fault but worth knowing, too: tokens with brackets.
        counts: findings by kind, all of them.
        kept: the first `MAX_KEPT` of each kind.
        fatal: how many would have stopped a conversion.
    """

    keep_going: bool = False
    notes: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    kept: list[Problem] = field(default_factory=list)
    fatal: int = 0

    def report(self, kind: str, where: Where, message: str, *, remedy: str = "", fatal: bool = True) -> None:
        """Record a finding.

        Raises:
            LmnError: it is fatal and the log does not keep going.
        """
        if fatal and not self.keep_going:
            raise LmnError(f"{where}: {message}; {remedy}" if remedy else f"{where}: {message}")
        self.counts[kind] += 1
        self.fatal += fatal
        if self.counts[kind] <= MAX_KEPT:
            self.kept.append(Problem(kind, where, message, fatal))

    def of(self, kind: str) -> list[Problem]:
        """Return the findings of a kind that were kept, in the order of the file."""
        return [problem for problem in self.kept if problem.kind == kind]
