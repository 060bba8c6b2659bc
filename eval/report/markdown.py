"""The report as Markdown, for places that show no pages: the same numbers, and the first errors of each kind in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...rendering.markdown import escaped, table
from ...rendering.tables import Table
from ...sentence import Span
from ..analysis.document import Examined
from ..analysis.pairs import ERRORS, Pair
from .content import facts, headline, interval_note, provenance, sections, title_of

LISTED = 20
"""Errors of a kind that are listed; of the others it says how many there are."""


def markdown_report(document: dict[str, Any], sentences: Sequence[Examined] | None = None) -> Iterator[str]:
    """Yield lines, or several of them with line breaks between.

    Args:
        document: what `scores.json` holds.
        sentences: what `sentences.jsonl` beside it holds; None leaves the lists of errors out.
    """
    yield f"# {escaped(title_of(document))}"
    scores = headline(document)
    rows = [(score.name, f"{score.value:.4f}", f"{score.low:.4f} to {score.high:.4f}") for score in scores]
    yield from ("", table(Table(("micro avg", "value", "interval"), rows, (interval_note(document),))))
    yield from _list(facts(document))
    for section in sections(document):
        yield from ("", f"## {escaped(section.title)}")
        for note in section.notes:
            yield from ("", escaped(note))
        for linked in section.tables:
            yield from ("", table(linked.table))
    yield from ("", "## Provenance")
    yield from _list(provenance(document))
    if sentences is not None:
        yield from _errors(sentences)


def _list(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield ""
    yield from (f"- {escaped(name)}: {escaped(value)}" for name, value in pairs)


def _errors(sentences: Sequence[Examined]) -> Iterator[str]:
    """Yield the first errors of each kind."""
    for kind, meaning in ERRORS.items():
        found = [(row, pair) for row in sentences for pair in row.pairs if pair.kind == kind]
        yield from ("", f"## Errors: {kind} ({len(found):,})", "", f"A {kind} error: {meaning}.", "")
        yield from (_error(row, pair) for row, pair in found[:LISTED])
        if len(found) > LISTED:
            yield from ("", f"and {len(found) - LISTED:,} more")


def _error(row: Examined, pair: Pair) -> str:
    sides = [(name, span) for name, span in (("gold", pair.gold), ("predicted", pair.predicted)) if span]
    told = ", ".join(f"{name} **{escaped(_words(row, span))}** ({escaped(span.label)})" for name, span in sides)
    return f"- {escaped(row.id)}: {told}, in: {escaped(' '.join(row.tokens))}"


def _words(row: Examined, span: Span) -> str:
    return " ".join(row.tokens[span.start : span.end])
