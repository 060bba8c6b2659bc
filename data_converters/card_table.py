"""The table of the cards that come with the package: on the terminal, and in Markdown for the README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from rich.table import Table

from .cards import Card, card_names, load_card
from .readers import READERS

LABELS_SHOWN = 6
"""Labels of a card that the Markdown table names; of more it says how many."""


@dataclass(frozen=True, slots=True)
class CardRow:
    """What the tables say of a card.

    Attributes:
        card: its name.
        title: the corpus in words.
        language: a language tag.
        labels: their names, in order.
        layout: the reader's type, a word of `READERS`.
        nested: whether entities may lie inside entities.
        splits: their names, in order.
        licence: in words.
        homepage: where to get the corpus; empty where it comes with the package.
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
        """Take what the tables say of a card."""
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
        LmnError: something in one of the cards is wrong.
    """
    return [CardRow.of(load_card(name)) for name in card_names()]


def terminal_table(rows: Sequence[CardRow]) -> Table:
    """Return the table that `lmn-convert cards` prints: one line a card."""
    table = Table("card", "language", "splits", "labels", "layout", "title", box=None, pad_edge=False)
    for row in rows:
        layout = f"{row.layout}, nested" if row.nested else row.layout
        table.add_row(row.card, row.language, " ".join(row.splits), str(len(row.labels)), layout, row.title)
    return table


def markdown_table(rows: Sequence[CardRow]) -> str:
    """Return the table of the README, without a line break at its end."""
    lines = [
        "| card | corpus | language | labels | layout | nested | splits | licence | where to get it |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [
            f"`{row.card}`",
            row.title,
            row.language,
            _named(row.labels),
            f"`{row.layout}`",
            "yes" if row.nested else "no",
            ", ".join(row.splits),
            row.licence,
            f"[{urlsplit(row.homepage).netloc}]({row.homepage})" if row.homepage else "comes with the package",
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _named(labels: Sequence[str]) -> str:
    """Return the number of labels and the first of them: `2: PER, LOC`."""
    more = ", ..." if len(labels) > LABELS_SHOWN else ""
    return f"{len(labels)}: {', '.join(labels[:LABELS_SHOWN])}{more}"
