"""Base of the readers of spans: it settles spans that cross, repeat or hold others, and cuts records into sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from ...sentence import Sentence, Span, Where, find_crossing, outer_first, without_nested
from ..problems import ProblemLog
from .common import CorpusRules
from .sentence_ends import cut_document

Crossing = Literal["error", "longest", "first"]
Discontinuous = Literal["drop", "join", "error"]
"""Treatments of a discontinuous span: it is left out, read with what lies between its parts, or refused."""

CUT_SHARE = 0.05
"""Share of cut spans above which a file is suspicious: its offsets may be wrong, or its tokens are not those of the tokenizer."""
_FEW_CUTS = 5
"""Number of cut spans below which their share says nothing."""


class SpannedReader:
    """Makes sentences of tokens and spans.

    Args:
        file: Name of the file, for places.
        crossing: Treatment of crossing spans: `error` refuses them; `longest` keeps the one over more tokens (of equally long ones
            the first); `first` keeps the one that begins first (spans that begin together cannot cross).
        rules: Rules of the corpus. Where it is not nested, the outer one of two nested spans stays.
        log: Log that takes the problems.
    """

    def __init__(self, file: str, crossing: Crossing, rules: CorpusRules, log: ProblemLog) -> None:
        self.crossing = crossing
        self.rules = rules
        self.log = log
        self._file = file
        self._known_labels = frozenset(rules.labels.corpus_names)
        self._marked = 0
        self._cuts: list[Where] = []

    def _where(self, number: int) -> Where:
        return Where(self._file, number)

    def _report_share(self, remedy: str) -> None:
        """Report, after the last record, a share of cut spans that is too high for chance."""
        cut = len(self._cuts)
        if cut >= _FEW_CUTS and cut > CUT_SHARE * self._marked:
            share = f"{cut:,} of {self._marked:,} spans ({cut / self._marked:.0%}) begin or end inside a token"
            self.log.report("cut-share", self._cuts[0], f"{share}: {remedy}", fatal=False)

    def _sentences(
        self, tokens: Sequence[str], ends: Sequence[int], spans: Sequence[Span], kept: Sequence[Span], number: int
    ) -> Iterator[tuple[list[str], list[Span]]]:
        """Cut a record into sentences. A sentence that would end inside a span continues to the end of the next one.

        Args:
            tokens: Tokens of the record.
            ends: Ends of its sentences, exclusive and rising; the last is the number of tokens.
            spans: All spans over the tokens, so that the choice of the kept ones moves no boundary.
            kept: Spans that the sentences keep.
            number: Line of the record.
        """
        for _, words, inside in cut_document(tokens, ends, spans, kept, self.log, lambda _: self._where(number)):
            yield list(words), inside

    def _make(self, sentence_id: str, tokens: list[str], spans: list[Span], number: int) -> Sentence | None:
        """Make a sentence with the spans that it can have. Report a problem and return None if the tokens make none."""
        where = self._where(number)
        if not tokens:
            self.log.report("empty-record", where, "no tokens", fatal=False)
            return None
        for token in tokens:
            if "\n" in token or "\r" in token:
                self.log.report("line-break", where, f"the token {token!r} holds a line break", remedy="take it out")
                return None
            if self.log.notes and any(bracket in token for bracket in "[]|"):
                self.log.report("bracket-token", where, repr(token), fatal=False)
        return Sentence(sentence_id, tuple(tokens), self._settled(spans, tokens, where) if spans else (), where)

    def _settled(self, spans: list[Span], tokens: list[str], where: Where) -> tuple[Span, ...]:
        """Return the spans that a sentence keeps, in order, and report the others."""
        known = [span for span in spans if span.label in self._known_labels]
        for span in spans:
            if span.label not in self._known_labels:
                message = f"{self._quoted(span, tokens)} has a label that the card does not list"
                self.log.report_unknown(span.label, where, message)
        known = [
            span for span in known if self.rules.labels.target_of(span.label) is not None
        ]  # O keeps no other span out
        distinct = sorted(set(known), key=outer_first)
        for span, count in Counter(known).items() if len(distinct) < len(known) else ():
            for _ in range(count - 1):
                self.log.report("double-span", where, self._quoted(span, tokens), fatal=False)
        if len(distinct) < 2:
            return tuple(distinct)
        kept = self._uncrossed(distinct, tokens, where)
        if self.rules.nested:
            return kept
        flat = without_nested(kept)
        if len(flat) < len(kept):
            outer = set(flat)
            for span in kept:
                if span in outer:
                    continue
                self.log.report("inner-span", where, self._quoted(span, tokens), fatal=False)
        return flat

    def _uncrossed(self, spans: list[Span], tokens: list[str], where: Where) -> tuple[Span, ...]:
        """Return spans that do not cross, and report those that are left out."""
        if find_crossing(tuple(spans)) is None:
            return tuple(spans)
        kept: list[Span] = []
        for span in spans if self.crossing == "first" else sorted(spans, key=_longest_first):
            other = next((other for other in kept if _cross(span, other)), None)
            if other is None:
                kept.append(span)
                continue
            message = f"{self._quoted(span, tokens)} crosses {self._quoted(other, tokens)}"
            remedy = "the card's reader.crossing says which stays: longest or first"
            self.log.report("crossing", where, message, remedy=remedy, fatal=self.crossing == "error")
        return tuple(sorted(kept, key=outer_first))

    def _report_discontinuous(self, quoted: str, number: int, policy: Discontinuous) -> None:
        self.log.report(
            "discontinuous",
            self._where(number),
            f"{quoted} has parts with other tokens between them",
            remedy="the card's reader.discontinuous says what happens to such spans: drop, join or error",
            fatal=policy == "error",
        )

    @staticmethod
    def _quoted(span: Span, tokens: Sequence[str]) -> str:
        words = list(tokens[span.start : span.end])
        return f"the {span.label} {' '.join(words if len(words) <= 8 else [*words[:7], '...', words[-1]])!r}"


def _longest_first(span: Span) -> tuple[int, int, str]:
    return span.start - span.end, span.start, span.label


def _cross(one: Span, other: Span) -> bool:
    first, second = sorted((one, other), key=outer_first)
    return first.start < second.start < first.end < second.end
