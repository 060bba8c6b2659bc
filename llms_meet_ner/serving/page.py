"""The page to try the service with, and the tagged texts as it shows them. It loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ..rendering.html import html, script_hash
from ..rendering.tables import Table
from ..tagging.tagger import TaggedText

TITLE = "Find named entities"


def page(*, needs_key: bool, characters: int) -> str:
    """Return the page.

    Args:
        needs_key: Whether it asks for the key of the service.
        characters: Number of characters of a text, at most.
    """
    return html("serving/page.html.jinja", title=TITLE, needs_key=needs_key, characters=characters)


def policy() -> str:
    """Return the content security policy of the page, for its header: one script, and requests to the service alone."""
    script = script_hash("serving/page.js")
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src '{script}'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


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
