"""Tables of ratios, as terminals, reports, model cards and notebooks show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ...counts import RATIOS
from ...rendering.tables import Table


class Ratios(Protocol):
    """Counts with their ratios, whoever counted."""

    @property
    def gold(self) -> int:
        """Number of gold entities."""
        ...

    @property
    def precision(self) -> float:
        """Correct over predicted entities."""
        ...

    @property
    def recall(self) -> float:
        """Correct over gold entities."""
        ...

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        ...


def ratio_cells(counts: Ratios) -> tuple[str, str, str]:
    """Return precision, recall and F1 with four digits."""
    return f"{counts.precision:.4f}", f"{counts.recall:.4f}", f"{counts.f1:.4f}"


def score_table(name: str, rows: Mapping[str, Ratios]) -> Table:
    """Return a table of ratios with the number of gold entities."""
    cells = [(row, *ratio_cells(counts), str(counts.gold)) for row, counts in rows.items()]
    return Table((name, *RATIOS, "support"), cells)
