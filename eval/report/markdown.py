"""The report as Markdown, for places that cannot show HTML: the same numbers, and the first errors of each kind in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...rendering.markdown import markdown
from ...rendering.tables import Table
from ..scored_run.analysis import ERRORS, ExaminedSentence, Pair
from ..scored_run.run import ScoredRun
from ..scored_run.scores import MICRO_ROW
from .content import facts, headline, interval_note, provenance, sections, title_of

LISTED = 20
"""Number of errors of each kind that are listed; the rest is counted."""
_AROUND = 100
"""Tokens that are shown on either side of an error, and of an entity, at most."""


@dataclass(frozen=True, slots=True)
class _ToldError:
    """An error in words.

    Attributes:
        id: Sentence id.
        sides: For the gold and for the predicted entity, if there is one: `gold` or `predicted`, its words, its label.
        text: Sentence.
    """

    id: str
    sides: tuple[tuple[str, str, str], ...]
    text: str

    @classmethod
    def of(cls, sentence: ExaminedSentence, pair: Pair) -> _ToldError:
        """Describe a pair of a sentence."""
        sides = tuple(
            (side, _words(sentence.tokens, span.start, span.end), span.label)
            for side, span in (("gold", pair.gold), ("predicted", pair.predicted))
            if span
        )
        span = pair.gold or pair.predicted
        assert span is not None  # a pair has one of them
        return cls(sentence.id, sides, _around(sentence.tokens, span.start))


def _words(tokens: Sequence[str], start: int, end: int) -> str:
    more = end - start - 2 * _AROUND
    return " ".join(tokens[start : min(end, start + 2 * _AROUND)]) + (
        f" ... ({more:,} tokens more)" if more > 0 else ""
    )


def _around(tokens: Sequence[str], place: int) -> str:
    """Return a sentence; of a very long one, what is around a token."""
    if len(tokens) <= 4 * _AROUND:
        return " ".join(tokens)
    first, last = max(0, place - _AROUND), min(len(tokens), place + 2 * _AROUND)
    return " ".join(["..."] * (first > 0) + [*tokens[first:last]] + ["..."] * (last < len(tokens)))


@dataclass(frozen=True, slots=True)
class _ErrorList:
    """Errors of one kind: its description, their number, and the first ones."""

    kind: str
    meaning: str
    count: int
    first: list[_ToldError]


def markdown_report(run: ScoredRun, sentences: Sequence[ExaminedSentence] | None = None) -> str:
    """Return the report.

    Args:
        run: Scored run.
        sentences: Sentences behind its counts; None leaves the lists of errors out.
    """
    scores = [(score.name, f"{score.value:.4f}", f"{score.low:.4f} to {score.high:.4f}") for score in headline(run)]
    text = markdown(
        "eval.report/report.md.jinja",
        title=title_of(run),
        headline=Table((MICRO_ROW, "value", "interval"), scores, (interval_note(run),)),
        facts=facts(run),
        sections=sections(run),
        provenance=provenance(run),
        errors=[] if sentences is None else list(_error_lists(sentences)),
    )
    return text.rstrip("\n") + "\n"


def _error_lists(sentences: Sequence[ExaminedSentence]) -> Iterator[_ErrorList]:
    for kind, meaning in ERRORS.items():
        found = [(sentence, pair) for sentence in sentences for pair in sentence.pairs if pair.kind == kind]
        yield _ErrorList(kind, meaning, len(found), [_ToldError.of(*one) for one in found[:LISTED]])
