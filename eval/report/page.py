"""The page: one HTML file that loads nothing; its one script is known to the content security policy by its hash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from ...rendering.html import page
from ...rendering.text import visible
from ..analysis.document import Examined
from .charts import charts
from .content import (
    Filter,
    LinkedTable,
    facts,
    headline,
    interval_note,
    provenance,
    sections,
    title_of,
    without_zeros,
)
from .sentences import browser_data


def html_report(document: dict[str, Any], sentences: Sequence[Examined]) -> Iterator[str]:
    """Yield the page in parts.

    Args:
        document: What `scores.json` holds.
        sentences: What `sentences.jsonl` beside it holds.
    """
    return page(
        "eval.report/page.html.jinja",
        title=title_of(document),
        headline=headline(document),
        interval_note=interval_note(document),
        sections=sections(document),
        charts=charts(document),
        facts=facts(document),
        provenance=provenance(document),
        rows=browser_data(sentences, list(document["analysis"]["errors"]["labels"])),
        addresses=_addresses,
        shares=_shares,
    )


def _addresses(linked: LinkedTable) -> dict[tuple[int, int], str]:
    """Return where the counts of a table lead."""
    return {place: address(linked.links[place]) for place in without_zeros(linked)}


def _shares(linked: LinkedTable) -> list[list[float]]:
    """Return the share that each count has of its row, for a table that is coloured by them."""
    return [[count / (sum(row) or 1) for count in row] for row in linked.heat]


def address(filters: Filter) -> str:
    """Return the link that sets the error browser so."""
    return "#" + urlencode({key: visible(value) for key, value in filters.items()}, quote_via=quote)
