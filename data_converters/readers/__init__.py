"""Readers of corpus files: one module for each layout, with the schema of its card keys next to it.

`READERS` gives the options of a layout by the word that a card's `reader.type` has for it.
"""

from __future__ import annotations

from .argilla import ArgillaOptions
from .brat import BratOptions
from .columns import ColumnOptions
from .common import CorpusFile, CorpusRules, Docstart, Reader, ReaderOptions, SplitData
from .datasets import DatasetOptions
from .docbin import DocBinOptions
from .doccano import DoccanoOptions
from .label_studio import LabelStudioOptions
from .lines import LineOptions
from .parallel import ParallelOptions
from .prodigy import ProdigyOptions
from .spans import CluenerOptions, SpanOptions
from .token_spans import TokenSpanOptions
from .tokens import TokenOptions
from .webanno import WebAnnoOptions

READERS: dict[str, type[ReaderOptions]] = {
    "columns": ColumnOptions,
    "lines": LineOptions,
    "tokens": TokenOptions,
    "datasets": DatasetOptions,
    "spans": SpanOptions,
    "docbin": DocBinOptions,
    "label-studio": LabelStudioOptions,
    "prodigy": ProdigyOptions,
    "doccano": DoccanoOptions,
    "argilla": ArgillaOptions,
    "token-spans": TokenSpanOptions,
    "parallel": ParallelOptions,
    "webanno": WebAnnoOptions,
    "brat": BratOptions,
    "cluener": CluenerOptions,
}

__all__ = ["READERS", "CorpusFile", "CorpusRules", "Docstart", "Reader", "ReaderOptions", "SplitData"]
