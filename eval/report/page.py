"""The page: one HTML file that loads nothing. Its content security policy allows its one script, by hash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlencode

from ...rendering.html import page
from ...rendering.text import visible
from ..scored_run.run import Evaluation
from .charts import charts
from .content import (
    Filter,
    LinkedTable,
    Section,
    facts,
    headline,
    interval_note,
    provenance,
    sections,
    title_of,
    without_zeros,
)
from .sentences import browser_data
from .terminal import micro_line


def html_report(evaluation: Evaluation, *, title: str | None = None, first: Sequence[Section] = ()) -> Iterator[str]:
    """Yield the page in parts.

    Args:
        evaluation: Scored run and its sentences, which the error browser shows in their order.
        title: Title of the page; None for that of a report.
        first: Sections above the sentences and the scores.
    """
    run = evaluation.run
    return page(
        "eval.report/page.html.jinja",
        title=title or title_of(run),
        headline=headline(run),
        interval_note=interval_note(run),
        micro=micro_line(run),
        first=first,
        sections=sections(run),
        charts=charts(run),
        facts=facts(run),
        provenance=provenance(run),
        rows=browser_data(evaluation.sentences, list(run.analysis.errors.labels)),
        addresses=_addresses,
        shares=_shares,
    )


def _addresses(linked: LinkedTable) -> dict[tuple[int, int], str]:
    """Return the targets of the counts of a table."""
    return {place: address(linked.links[place]) for place in without_zeros(linked)}


def _shares(linked: LinkedTable) -> list[list[float]]:
    """Return each count's share of its row, for a table that is coloured by them."""
    return [[count / (sum(row) or 1) for count in row] for row in linked.heat]


def address(filters: Filter) -> str:
    """Return the link that sets these filters in the error browser."""
    return "#" + urlencode({key: visible(value) for key, value in filters.items()}, quote_via=quote)
