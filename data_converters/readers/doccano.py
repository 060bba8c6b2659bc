"""Reader of doccano's JSON Lines: a text with spans under `label` (or `labels`), or with `entities` and `relations`, which pass by.

doccano does not say of a text without spans whether somebody looked at it, unless it was approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..problems import ProblemLog
from .annotators import not_annotated
from .common import CorpusRules
from .records import MISSING, pick
from .texts import AnnotatedText, Fault, TextRecordOptions, TextRecordReader, malformed, mapping_of, spans_of, text_at

SPAN_KEYS = ("entities", "label", "labels")
"""Keys of the two forms."""
_REMEDY = (
    "a doccano project for sequence labelling writes [start, end, label], or entities; reader.spans names another key"
)


@dataclass(frozen=True, slots=True)
class DoccanoOptions(TextRecordOptions):
    """Layout of a file of doccano's.

    Attributes:
        text: Key of the text, which doccano lets its users choose.
        spans: Key of the spans; None for all of `SPAN_KEYS`.
        approved: Whether only texts with an `annotation_approver` are read.
    """

    text: str = "text"
    spans: str | None = None
    approved: bool = False

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> TextRecordReader:
        """Return the reader of a file."""
        return TextRecordReader(folder / value, self, rules, log, self.text_of)

    def text_of(self, record: Any) -> AnnotatedText | Fault:
        """Read a record."""
        record = mapping_of(record)
        text = text_at(record, self.text) if isinstance(record, dict) else record
        if isinstance(text, Fault):
            return text
        if self.approved and not record.get("annotation_approver"):
            return not_annotated("nobody approved it")
        keys = (self.spans,) if self.spans else SPAN_KEYS
        there = [value for key in keys if (value := pick(record, key)) not in (MISSING, None)]
        if not there:
            return malformed(f"no {' or '.join(keys)} in the record; it has {', '.join(record)}", _REMEDY)
        # an empty list gives way to a filled one
        spans, faults = spans_of(next((value for value in there if value), there[0]), _REMEDY)
        return AnnotatedText(text, spans, faults=faults)
