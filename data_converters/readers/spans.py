"""Reader of JSON records with a text and character spans, as annotation tools and data sets write them: JSON Lines, or JSON.

The layouts of single tools (`prodigy`, `label-studio`, `doccano`, `argilla`) know more of their records than this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ..problems import ProblemLog
from .common import CorpusRules
from .records import MISSING, pick
from .texts import AnnotatedText, Fault, TextRecordOptions, TextRecordReader, spans_of, text_at

SPAN_KEYS = ("spans", "entities", "label", "labels")
"""Keys under which a record may have its spans, if the card does not say; the first that is there counts."""


@dataclass(frozen=True, slots=True)
class SpanOptions(TextRecordOptions):
    """Layout of a file of records with character spans.

    Attributes:
        text: Key of the text, or path of keys (see `records.pick`).
        spans: Key of the spans, or path of keys; None for the first of `SPAN_KEYS` that is there.
    """

    text: str = "text"
    spans: str | None = None

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> SpanReader:
        """Return the reader of a file."""
        return SpanReader(folder / value, self, rules, log)


class SpanReader(TextRecordReader):
    """Reads the sentences of one file.

    Args:
        path: The file; errors quote it as given.
        options: Layout of the file.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, path: Path, options: SpanOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(path, options, rules, log, self._text_of)
        self._text_key = options.text
        self._span_keys = (options.spans,) if options.spans else SPAN_KEYS

    def _text_of(self, record: Any) -> AnnotatedText | Fault:
        """Read a record, or a pair of text and mapping, as spaCy 2 wrote records."""
        if isinstance(record, list) and len(record) == 2 and isinstance(record[0], str) and isinstance(record[1], dict):
            record = {**record[1], self._text_key: record[0]}
        text = text_at(record, self._text_key)
        if isinstance(text, Fault):
            return text
        there = [value for key in self._span_keys if (value := pick(record, key)) not in (MISSING, None)]
        # an empty list gives way to a filled one
        values = next((value for value in there if value), there[0] if there else None)
        if values is None:
            fault = Fault("unannotated", f"no {' or '.join(self._span_keys)}", fatal=False)
            return AnnotatedText(text, None, faults=[fault])
        spans, faults = spans_of(values)
        return AnnotatedText(text, spans, faults=faults)

    def _without_spans(self, first: Fault | None) -> LmnError:
        remedy = "the card's reader.spans names the key of the spans"
        return LmnError(f"no record has {', '.join(self._span_keys)}", self.path, remedy)
