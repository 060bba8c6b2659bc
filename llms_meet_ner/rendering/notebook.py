"""Views for notebooks: text with its spans drawn, nested ones inside each other, and tables. Light and dark themes both work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from markupsafe import Markup, escape

from .html import html
from .tables import Table
from .text import visible_lines


@dataclass(frozen=True, slots=True)
class DrawnSpan:
    """A span of a text to be drawn.

    Attributes:
        start: Position of its first character, counted from 0.
        end: Position after its last character.
        label: Label, written at the end of the span.
        note: Text shown under the pointer; empty for none.

    Raises:
        ValueError: The span is empty or begins before the text.
    """

    start: int
    end: int
    label: str
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a span: start {self.start}, end {self.end}")


class _Opening(NamedTuple):
    """The beginning of a span: its note, and its hue in degrees, the same for the same label everywhere."""

    note: str
    hue: int


class _Closing(NamedTuple):
    """The end of a span, where its label is written."""

    label: str


def drawn_text(text: str, spans: Sequence[DrawnSpan], caption: str = "") -> Markup:
    """Return a text with its spans drawn, as HTML that brings its own style.

    Args:
        text: Text to show. Its line breaks stay; other hidden characters show as codes.
        spans: Spans of the text, in any order. They may lie inside each other, but not cross.
        caption: Small line above the text; empty for none.

    Raises:
        ValueError: Two spans cross, or one ends after the text.
    """
    return html("rendering/notebook.html.jinja", parts=list(_parts(text, spans)), caption=caption)


def drawn_tables(tables: Iterable[Table]) -> Markup:
    """Return tables as plain HTML, which notebooks style like any other table."""
    return html("rendering/notebook_tables.html.jinja", tables=list(tables))


def _parts(text: str, spans: Sequence[DrawnSpan]) -> Iterator[Markup | _Opening | _Closing]:
    """Yield the text in pieces, and where spans begin and end."""
    at = 0
    opened: list[DrawnSpan] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        while opened and opened[-1].end <= span.start:
            yield _shown(text[at : opened[-1].end])
            at = opened[-1].end
            yield _Closing(opened.pop().label)
        if span.end > (opened[-1].end if opened else len(text)):
            raise ValueError(f"{span!r} crosses {opened[-1]!r}" if opened else f"{span!r} ends after the text")
        yield _shown(text[at : span.start])
        at = span.start
        yield _Opening(span.note, _hue(span.label))
        opened.append(span)
    while opened:
        yield _shown(text[at : opened[-1].end])
        at = opened[-1].end
        yield _Closing(opened.pop().label)
    yield _shown(text[at:])


def _shown(text: str) -> Markup:
    return escape(visible_lines(text))


def _hue(label: str) -> int:
    return crc32(label.encode("utf-8", "surrogatepass")) * 10 % 360
