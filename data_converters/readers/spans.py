"""Reader of JSON records with a text and character spans, as annotation tools and data sets write them: JSON Lines, or JSON.

The layouts of single tools (`prodigy`, `label-studio`, `doccano`, `argilla`) know more of their records than this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from ...errors import LmnError
from ..problems import ProblemLog
from .common import CorpusRules
from .offsets import COUNTINGS
from .records import MISSING, pick
from .span_values import ENDS_REMEDY, USUAL_KEYS, EndRule, Ends, Malformed, RawSpan, SpanKeys, plain_span, raw_spans
from .spanned import Discontinuous
from .texts import (
    SPANS_REMEDY,
    AnnotatedText,
    Fault,
    MarkedSpan,
    TextRecordOptions,
    TextRecordReader,
    malformed,
    text_at,
)

SPAN_KEYS = ("spans", "entities", "label", "labels", "entity_list", "ner")
"""Keys under which a record may have its spans, if the card does not say; the first that is there counts."""


@dataclass(frozen=True, slots=True)
class SpanOptions(TextRecordOptions):
    """Layout of a file of records with character spans.

    Attributes:
        text: Key of the text, or path of keys (see `records.pick`).
        spans: Key of the spans, or path of keys; None for the first of `SPAN_KEYS` that is there.
        keys: Keys of the parts of a span.
        ends: Whether ends are exclusive or inclusive; None if the texts of the spans say.
        discontinuous: Treatment of a span in several parts: `drop` leaves it out, `join` reads it with what lies between, `error`
            refuses it.
    """

    DEFAULT_ENDS: ClassVar[Ends] = "exclusive"
    """What holds for spans without a text if the card does not say."""

    text: str = "text"
    spans: str | None = None
    keys: SpanKeys = USUAL_KEYS
    ends: Ends | None = None
    discontinuous: Discontinuous = "drop"

    @classmethod
    def of(cls, reader: dict[str, Any]) -> Self:
        """Take the keys of a card's `reader`, as the schema of its type describes them."""
        keys = SpanKeys(*(reader.get(key) for key in SpanKeys._fields))
        others = {key: value for key, value in reader.items() if key != "type" and key not in SpanKeys._fields}
        return cls(keys=keys, **others)

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> SpanReader:
        """Return the reader of a file."""
        return SpanReader(folder / value, self, rules, log)


@dataclass(frozen=True, slots=True)
class CluenerOptions(SpanOptions):
    """Layout of CLUENER: a mapping from labels to the texts of their entities, and from these to places with inclusive ends."""

    DEFAULT_ENDS: ClassVar[Ends] = "inclusive"


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
        self._options = options
        self._rule = EndRule(options.ends, options.DEFAULT_ENDS)
        self._is_plain = options.keys == USUAL_KEYS and (options.ends or options.DEFAULT_ENDS, self._counting) == (
            "exclusive",
            COUNTINGS[0],
        )
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
        spans, faults = self._spans_of(values, text)
        return AnnotatedText(text, spans, faults=faults)

    def _spans_of(self, values: Any, text: str) -> tuple[list[MarkedSpan], list[Fault]]:
        """Return the spans of a record with exclusive ends, and a fault for what is none."""
        spans: list[MarkedSpan] = []
        faults: list[Fault] = []
        if self._is_plain and isinstance(values, list) and self._rule.way != "inclusive":
            spans, values = self._plain_spans(values, text)
            if not values:
                return spans, faults
        starts, ends = self._counting.positions(text)

        def cut(start: int, end: int) -> str:
            return text[starts[start] : ends[end]] if 0 <= start <= end < len(starts) else ""

        for raw in raw_spans(values, self._options.keys):
            if isinstance(raw, Malformed):
                faults.append(malformed(f"a span is start, end and label, not {raw.value!r:.200}", SPANS_REMEDY))
                continue
            end, fits = self._rule.end_of(raw, cut)
            if contradiction := self._rule.contradiction():
                faults.append(Fault("span-words", contradiction, ENDS_REMEDY))
            if raw.gaps:
                faults.append(self._discontinuous(raw, cut(raw.start, end)))
                if self._options.discontinuous == "join":
                    spans.append(MarkedSpan(raw.start, end, raw.label))
            elif not fits and (advice := self._rule.advice(raw, cut)):
                faults.append(self._other_ends(raw, advice))
                if self._options.mismatch == "offsets":
                    spans.append(MarkedSpan(raw.start, end, raw.label))
            else:
                spans.append(MarkedSpan(raw.start, end, raw.label, raw.text))
        return spans, faults

    def _plain_spans(self, values: list[Any], text: str) -> tuple[list[MarkedSpan], list[Any]]:
        """Return the spans that need no closer look, and the values that do."""
        spans: list[MarkedSpan] = []
        rest: list[Any] = []
        has_text = False
        for value in values:
            found = plain_span(value)
            if found is None:
                rest.append(value)
            elif found[3] is None:
                spans.append(MarkedSpan._make(found))
            elif found[0] >= 0 and found[3] == text[found[0] : found[1]]:
                spans.append(MarkedSpan._make(found))
                has_text = True
            else:
                rest.append(value)
        if spans:
            self._rule.note(has_text=has_text)
        return spans, rest

    def _other_ends(self, raw: RawSpan, remedy: str) -> Fault:
        """Return the fault of a span whose text fits the way to count that is not the file's."""
        message = f"the {raw.label} from {raw.start} to {raw.end} is not {raw.text!r:.200} with {self._rule.way} ends"
        return Fault("span-words", message, remedy, fatal=self._options.mismatch == "error")

    def _discontinuous(self, raw: RawSpan, words: str) -> Fault:
        message = f"the {raw.label} {words!r:.200} is in several parts"
        remedy = "the card's reader.discontinuous says what happens to such spans: drop, join or error"
        return Fault("discontinuous", message, remedy, fatal=self._options.discontinuous == "error")

    def _without_spans(self, first: Fault | None) -> LmnError:
        remedy = "the card's reader.spans names the key of the spans"
        return LmnError(f"no record has {', '.join(self._span_keys)}", self.path, remedy)
