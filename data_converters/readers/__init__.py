"""Readers of corpus files, one module a layout, each with the schema of its card keys beside it.

`READERS` finds a layout by the word that a card's `reader.type` gives.
"""

from __future__ import annotations

from .columns import ColumnOptions
from .common import Docstart, Reader, ReaderOptions

READERS: dict[str, type[ReaderOptions]] = {"columns": ColumnOptions}

__all__ = ["READERS", "Docstart", "Reader", "ReaderOptions"]
