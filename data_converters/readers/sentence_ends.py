"""How the sentences of documents end, by a card's `reader.sentence_end` or `reader.sentence_start`.

A mark in a column or a comment ends (or begins) a sentence; or a splitter finds the ends in the tokens of a document, as tagging does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ...sentence import Span, Where
from ...tagging.splitting import Splitter, make_splitter
from ..problems import ProblemLog

_WINDOW, _OVERLAP = 5000, 100
"""Tokens that a splitter reads at once, and those that it reads again where it found no end among them."""
_PARTS = re.compile(r"[|;,\s]+")


@dataclass(frozen=True, slots=True)
class SentenceEnds:
    """What ends a sentence, besides an empty line: a mark in a column, a comment line, or a splitter.

    Attributes:
        column: Column, from 0, that holds a mark; negative numbers count from the end. None if another one of these ends a sentence.
        value: Value of the column that is the mark; None if a flag is.
        flag: Mark that is one of several parts of the column's value, which `|`, `;`, `,` or white space separates.
        comment: Exact beginning of the lines that stand between sentences.
        splitter: spaCy code of the language whose rules split documents (`en`, `xx`).
        begins: Whether a line with the mark is the first line of a sentence, and not its last.

    Raises:
        ValueError: There is no mark, or more than one.
    """

    column: int | None = None
    value: str | None = None
    flag: str | None = None
    comment: str | None = None
    splitter: str | None = None
    begins: bool = False

    def __post_init__(self) -> None:
        marks = [self.column is not None, self.comment is not None, self.splitter is not None]
        if marks.count(True) != 1 or (self.column is None) != (self.value is None and self.flag is None):
            raise ValueError(
                "sentence_end has one of: column with value or flag, comment, splitter"
                if not self.begins
                else "sentence_start has column, with value or flag"
            )
        if self.value is not None and self.flag is not None:
            raise ValueError("a column marks a sentence by its value or by a flag in it: name one of them")

    @classmethod
    def of(cls, reader: dict[str, Any]) -> SentenceEnds | None:
        """Take `sentence_end` or `sentence_start` of a card's `reader`; None if it has neither.

        Raises:
            ValueError: It has both, or one of them has no mark or several.
        """
        end, start = reader.get("sentence_end"), reader.get("sentence_start")
        if end is not None and start is not None:
            raise ValueError("a mark ends a sentence or begins one: name sentence_end or sentence_start")
        if end is not None:
            return cls(**end)
        return None if start is None else cls(**start, begins=True)

    def marks(self, row: Sequence[str]) -> bool:
        """Return whether a line with these fields has the mark in its column."""
        column = self.column
        if column is None or not -len(row) <= column < len(row):
            return False
        field = row[column]
        return field == self.value if self.flag is None else field == self.flag or self.flag in _PARTS.split(field)

    def __str__(self) -> str:
        if self.column is None:
            return f"comment {self.comment!r}"
        return (
            f"{self.value!r} in column {self.column}" if self.flag is None else f"{self.flag!r} in column {self.column}"
        )


def splitter_of(ends: SentenceEnds | None) -> Splitter | None:
    """Return the splitter that a card asks for, or None.

    Raises:
        LmnError: spaCy is not installed, or lacks the language.
    """
    return make_splitter(ends.splitter) if ends and ends.splitter else None


def split_tokens(tokens: Sequence[str], splitter: Splitter) -> list[int]:
    """Return the ends of the sentences of a document, exclusive and rising; the last is the number of tokens.

    The splitter reads the tokens with spaces between them, some thousand at a time, so that a long document takes little memory. A
    sentence that it begins inside a token begins no sentence here.
    """
    begins: list[int] = []
    first = 0
    while first < len(tokens):
        window = tokens[first : first + _WINDOW]
        starts = accumulate((len(token) + 1 for token in window), initial=0)
        found = {sentence[0][0] for sentence in splitter(" ".join(window))}
        inside = [first + at for at, start in enumerate(starts) if at and start in found]
        begins += [begin for begin in inside if not begins or begin > begins[-1]]
        if first + _WINDOW >= len(tokens):
            break
        first = inside[-1] if inside else first + _WINDOW - _OVERLAP
    return [*begins, len(tokens)]


def cut_document(
    tokens: Sequence[str],
    ends: Iterable[int],
    spans: Iterable[Span],
    kept: Iterable[Span],
    log: ProblemLog,
    where: Callable[[int], Where],
) -> Iterator[tuple[int, Sequence[str], list[Span]]]:
    """Yield the sentences of a document: position of the first token, tokens, spans. One that would end inside a span goes on.

    Args:
        tokens: Tokens of the document.
        ends: Ends of its sentences, exclusive and rising; the last is the number of tokens.
        spans: All spans over the tokens, so that the choice of the kept ones moves no boundary.
        kept: Those of them that the sentences keep.
        log: Log that takes the ends that are left out.
        where: Function that returns the place of the token at a position.
    """
    by_start, kept_by_start = sorted(spans, key=_start), sorted(kept, key=_start)
    start = seen = taken = 0
    over: Span | None = None  # of the spans that begin so far, the one that reaches furthest
    for end in ends:
        while seen < len(by_start) and by_start[seen].start < end:
            over = by_start[seen] if over is None or by_start[seen].end > over.end else over
            seen += 1
        if over and over.end > end:
            report_joined(log, tokens[over.start : over.end], over.label, where(end - 1))
            continue
        first = taken
        while taken < len(kept_by_start) and kept_by_start[taken].start < end:
            taken += 1
        inside = kept_by_start[first:taken]
        yield start, tokens[start:end], [Span(span.start - start, span.end - start, span.label) for span in inside]
        start = end


def _start(span: Span) -> int:
    return span.start


def report_joined(log: ProblemLog, words: Sequence[str], label: str, where: Where) -> None:
    """Report a boundary inside an entity, which is left out."""
    shown = " ".join(words if len(words) <= 8 else [*words[:7], "...", words[-1]])
    log.report("joined-sentences", where, f"a sentence ends inside the {label} {shown!r}: it continues", fatal=False)
