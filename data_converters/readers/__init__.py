"""Readers of corpus files, one module a layout, each with the schema of its card keys beside it.

`READERS` finds a layout by the word that a card's `reader.type` gives.
"""

from __future__ import annotations

from .columns import ColumnOptions
from .common import CorpusFile, CorpusRules, Docstart, Reader, ReaderOptions, SplitData
from .datasets import DatasetOptions
from .docbin import DocBinOptions
from .lines import LineOptions
from .spans import SpanOptions
from .tokens import TokenOptions

READERS: dict[str, type[ReaderOptions]] = {
    "columns": ColumnOptions,
    "lines": LineOptions,
    "tokens": TokenOptions,
    "datasets": DatasetOptions,
    "spans": SpanOptions,
    "docbin": DocBinOptions,
}

__all__ = ["READERS", "CorpusFile", "CorpusRules", "Docstart", "Reader", "ReaderOptions", "SplitData"]
