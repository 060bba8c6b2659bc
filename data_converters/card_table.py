"""Table of the cards that come with the package, for the terminal and, in Markdown, for the README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..rendering.markdown import code, linked, table
from ..rendering.tables import Table
from .cards import Card, card_names, load_card
from .readers import READERS

LABELS_SHOWN = 6
"""Number of labels of a card that the Markdown table names."""


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card in the tables.

    Attributes:
        card: Name of the card.
        title: Name of the corpus in words.
        language: Language tag.
        labels: Names of the labels, in order.
        layout: Type of the reader, a key of `READERS`.
        nested: Whether entities may lie inside entities.
        splits: Names of the splits, in order.
        licence: Licence in words.
        homepage: Address of the corpus; empty if it comes with the package.
    """

    card: str
    title: str
    language: str
    labels: tuple[str, ...]
    layout: str
    nested: bool
    splits: tuple[str, ...]
    licence: str
    homepage: str

    @classmethod
    def of(cls, card: Card) -> CardRow:
        """Return the row of a card."""
        return cls(
            card=card.name,
            title=card.title,
            language=card.language,
            labels=card.labels.names,
            layout=next(kind for kind, options in READERS.items() if type(card.reader) is options),
            nested=card.nested,
            splits=tuple(card.splits),
            licence=card.licence,
            homepage=card.homepage,
        )


def card_rows() -> list[CardRow]:
    """Return a row for every card that comes with the package, sorted by name.

    Raises:
        LmnError: A card is wrong.
    """
    return [CardRow.of(load_card(name)) for name in card_names()]


def terminal_table(rows: Sequence[CardRow]) -> Table:
    """Return the table that `lmn-convert cards` prints, with one line per card."""
    header = ("card", "language", "splits", "labels", "layout", "title")
    cells = [
        (
            row.card,
            row.language,
            " ".join(row.splits),
            str(len(row.labels)),
            f"{row.layout}, nested" if row.nested else row.layout,
            row.title,
        )
        for row in rows
    ]
    return Table(header, cells, numbers=False)


def markdown_table(rows: Sequence[CardRow]) -> str:
    """Return the table of the README, without a final line break."""
    header = ("card", "corpus", "language", "labels", "layout", "nested", "splits", "licence", "where to get it")
    cells = [
        (
            code(row.card),
            row.title,
            row.language,
            _named(row.labels),
            code(row.layout),
            "yes" if row.nested else "no",
            ", ".join(row.splits),
            row.licence,
            linked(urlsplit(row.homepage).netloc, row.homepage) if row.homepage else "comes with the package",
        )
        for row in rows
    ]
    return str(table(Table(header, cells, numbers=False)))


def _named(labels: Sequence[str]) -> str:
    """Return the number of labels and the first names: `2: PER, LOC`."""
    more = ", ..." if len(labels) > LABELS_SHOWN else ""
    return f"{len(labels)}: {', '.join(labels[:LABELS_SHOWN])}{more}"
