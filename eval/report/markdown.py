"""The report as Markdown, for places that show no pages: the same numbers, and the first errors of each kind in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...rendering.markdown import escaped, table
from ...rendering.tables import Table
from ...sentence import Span
from ..scored_run.differences import ERRORS, ExaminedSentence, Pair
from ..scored_run.run import ScoredRun
from .content import facts, headline, interval_note, provenance, sections, title_of

LISTED = 20
"""Number of errors of each kind that are listed; the rest is counted."""


def markdown_report(run: ScoredRun, sentences: Sequence[ExaminedSentence] | None = None) -> Iterator[str]:
    """Yield lines, or several of them with line breaks between.

    Args:
        run: Scored run.
        sentences: Sentences behind its counts; None leaves the lists of errors out.
    """
    yield f"# {escaped(title_of(run))}"
    scores = headline(run)
    rows = [(score.name, f"{score.value:.4f}", f"{score.low:.4f} to {score.high:.4f}") for score in scores]
    yield from ("", table(Table(("micro avg", "value", "interval"), rows, (interval_note(run),))))
    yield from _list(facts(run))
    for section in sections(run):
        yield from ("", f"## {escaped(section.title)}")
        for note in section.notes:
            yield from ("", escaped(note))
        for linked in section.tables:
            yield from ("", table(linked.table))
    yield from ("", "## Provenance")
    yield from _list(provenance(run))
    if sentences is not None:
        yield from _errors(sentences)


def _list(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield ""
    yield from (f"- {escaped(name)}: {escaped(value)}" for name, value in pairs)


def _errors(sentences: Sequence[ExaminedSentence]) -> Iterator[str]:
    """Yield the first errors of each kind."""
    for kind, meaning in ERRORS.items():
        found = [(row, pair) for row in sentences for pair in row.pairs if pair.kind == kind]
        yield from ("", f"## Errors: {kind} ({len(found):,})", "", f"A {kind} error: {meaning}.", "")
        yield from (_error(row, pair) for row, pair in found[:LISTED])
        if len(found) > LISTED:
            yield from ("", f"and {len(found) - LISTED:,} more")


def _error(row: ExaminedSentence, pair: Pair) -> str:
    sides = [(name, span) for name, span in (("gold", pair.gold), ("predicted", pair.predicted)) if span]
    told = ", ".join(f"{name} **{escaped(_words(row, span))}** ({escaped(span.label)})" for name, span in sides)
    return f"- {escaped(row.id)}: {told}, in: {escaped(' '.join(row.tokens))}"


def _words(row: ExaminedSentence, span: Span) -> str:
    return " ".join(row.tokens[span.start : span.end])
