"""The page to try the service with, and the tagged texts as it shows them. It loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ..rendering.html import html, script_hash
from ..rendering.tables import Table
from ..tagging.tagger import TaggedText

TITLE = "Find named entities"
POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    f"frame-ancestors 'none'; script-src '{script_hash('serving/page.js')}'",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of the page: one script, requests to the service alone, and no page around it."""


def page(*, needs_key: bool, characters: int) -> str:
    """Return the page.

    Args:
        needs_key: Whether it asks for the key of the service.
        characters: Number of characters of a text, at most.
    """
    return html("serving/page.html.jinja", title=TITLE, needs_key=needs_key, characters=characters)


def drawn(texts: Sequence[TaggedText]) -> Markup:
    """Return tagged texts with their entities drawn, and a table of these below each."""
    return html("serving/result.html.jinja", texts=[(Markup(text._repr_html_()), _entities(text)) for text in texts])


def _entities(tagged: TaggedText) -> Table:
    rows = [
        (
            entity.text,
            entity.label,
            "" if entity.confidence is None else f"{entity.confidence:.4f}",
            f"{entity.start:,}–{entity.end:,}",
        )
        for entity in tagged.entities
    ]
    note = (f"read in {tagged.pieces} pieces, so that an entity across a cut is lost or torn",) if tagged.pieces else ()
    return Table(("entity", "label", "confidence", "place"), rows, note)
