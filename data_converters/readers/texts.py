"""The core of the readers of texts with character spans: a text becomes tokens, and a span of characters the span of the tokens it touches.

A reader of a layout says only what a record holds. It returns an `AnnotatedText`, or the `Fault` that keeps the record out:

    def text_of(record: Any) -> AnnotatedText | Fault:
        spans, faults = spans_of(record["entities"])
        return AnnotatedText(record["text"], spans, faults=faults)

Whatever follows is the same for all of them and lies here: units of the offsets, tokens, sentences, spans that cut tokens or do not fit
their words, ids and counts. `TextRecordReader` reads records of JSON files by such a function. A reader of other files is a
`TextReader` of its own, with a method `_texts`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from ...errors import LmnError
from ...sentence import Sentence, Span
from ...tagging.splitting import Offsets, Splitter, make_splitter, split_at_lines, split_at_spaces
from ..problems import ProblemLog
from .common import CorpusRules, FileLayout
from .offsets import COUNTINGS, Counting, Newlines, Unit
from .records import MISSING, RecordFilter, is_text, pick, read_records
from .span_values import whole
from .spanned import Crossing, SpannedReader

_STARTS, _ENDS, _LABELS = ("start", "start_offset"), ("end", "end_offset"), ("label", "labels", "tag", "type")
_WORDS = ("text", "val")
_LINE = re.compile(r"[^\r\n]+")


class Fault(NamedTuple):
    """Something in a record that is wrong or worth knowing.

    Attributes:
        kind: Key of `PROBLEM_KINDS`.
        message: Description of what was seen.
        remedy: Advice for the user.
        fatal: Whether converting stops there.
    """

    kind: str
    message: str
    remedy: str | None = None
    fatal: bool = True


def malformed(message: str, remedy: str) -> Fault:
    """Return the fault of a record, or a part of one, that is not what the layout says."""
    return Fault("malformed-record", message, remedy)


class MarkedSpan(NamedTuple):
    """An entity by its characters, as a file counts them.

    Attributes:
        start: Offset of the first character.
        end: Offset after the last character.
        label: Label of the entity.
        words: Text of the entity as the record gives it; None if it does not. It is compared with what the offsets cut out.
    """

    start: int
    end: int
    label: str
    words: str | None = None


class AnnotatedText(NamedTuple):
    """What a record holds.

    Attributes:
        text: The text.
        spans: Its spans, in any order; None if the record has no place for spans, so that it is not known whether it was annotated.
        tokens: The record's own tokens, by code points and in order; None if the tokenizer finds them. Those of white space are left
            out, and all other characters lie in a token.
        faults: What is wrong in the record, or worth knowing; the rest of it is read.
    """

    text: str
    spans: Sequence[MarkedSpan] | None
    tokens: Sequence[Offsets] | None = None
    faults: Sequence[Fault] = ()


TextOf = Callable[[Any], AnnotatedText | Fault]
"""Function that reads a record. A fault in place of a text leaves the record out."""


SPANS_REMEDY = "check the card's reader.spans; a path of keys may lead to them"


def spans_of(values: Any, remedy: str = SPANS_REMEDY) -> tuple[list[MarkedSpan], list[Fault]]:
    """Read a list of spans as JSON writes them.

    A span is `[start, end, label]` or `[label, start, end]`, or a mapping with `start` or `start_offset`, `end` or `end_offset`, and
    `label` (or `labels`, `tag`, `type`); its words may stand in `text` or `val`. A list of labels makes a span for each of them.

    Args:
        values: The list.
        remedy: Advice for the faults.

    Returns:
        The spans, and a fault for everything in the list that is none.
    """
    if not isinstance(values, list):
        return [], [malformed(f"spans are a list, not {values!r:.200}", remedy)]
    spans: list[MarkedSpan] = []
    faults: list[Fault] = []
    for value in values:
        found = _span_of(value)
        if found:
            spans += found
        else:
            faults.append(malformed(f"a span is start, end and label, not {value!r:.200}", remedy))
    return spans, faults


def _span_of(value: Any) -> list[MarkedSpan]:
    """Return a span, once for each of its labels; nothing if the value is no span."""
    words = None
    if isinstance(value, list) and len(value) == 3:
        start, end, label = value
        if type(start) is int and type(end) is int and type(label) is str and label:
            return [MarkedSpan(start, end, label)]
        if isinstance(start, str) and not isinstance(label, str):
            start, end, label = end, label, start
    elif isinstance(value, dict):
        start, end, label = (
            next((value[key] for key in keys if key in value), None) for keys in (_STARTS, _ENDS, _LABELS)
        )
        words = next((value[key] for key in _WORDS if isinstance(value.get(key), str)), None)
    else:
        return []
    first, last = whole(start), whole(end)
    labels = label if isinstance(label, list) else [label]
    if first is None or last is None or not all(isinstance(name, str) and name for name in labels):
        return []
    return [MarkedSpan(first, last, name, words) for name in labels]


def text_at(record: Any, key: str) -> str | Fault:
    """Return the text at a key of a record, or at a path of keys, or the fault of a record without one."""
    value = pick(record, key)
    if isinstance(value, str) and is_text(value):
        return value
    if value is not MISSING:
        return malformed(f"the value of {key!r} is not text", "check the card's reader.text")
    has = f"it has {', '.join(record)}" if isinstance(record, dict) else f"it is {type(record).__name__}"
    return malformed(f"no {key!r} in the record", f"{has}; the card's reader.text names the key")


def mapping_of(record: Any) -> dict[str, Any] | Fault:
    """Return a record that is a mapping, or the fault of one that is not."""
    if isinstance(record, dict):
        return record
    remedy = "the card's reader.records names the place of the records in the file"
    return malformed(f"a record is a mapping, not {record!r:.200}", remedy)


@dataclass(frozen=True, slots=True)
class TextOptions(FileLayout):
    r"""Keys of the layouts with character spans; `texts.schema.yaml` describes them for cards.

    Attributes:
        language: Code of the spaCy tokenizer, or `spaces` for tokens at white space; None for the card's language.
        offsets: Whether offsets count code points or UTF-16 units.
        newlines: Whether offsets count `\r\n` as two characters or as one.
        sentences: Whether a record is one sentence (`whole`), is split by the rules of the language, or with `spaces` at line breaks
            (`split`), or is split at line breaks only (`lines`). An entity across a boundary joins the two sentences.
        cut: Treatment of a span that begins or ends inside a token: `outward` widens it to the token, `drop` leaves it out,
            `error` refuses it.
        crossing: Treatment of crossing spans; see `SpannedReader`.
        outside: Whether a span that is empty, holds only white space or does not lie in the text is refused or left out.
        mismatch: Treatment of a span whose words are not what its offsets cut out: `error` refuses it, `drop` leaves it out,
            `offsets` goes by the offsets.
        encoding: Encoding of the file; a byte order mark is skipped.
    """

    language: str | None = None
    offsets: Unit = "code-points"
    newlines: Newlines = "as-written"
    sentences: Literal["whole", "split", "lines"] = "whole"
    cut: Literal["outward", "drop", "error"] = "outward"
    crossing: Crossing = "error"
    outside: Literal["error", "drop"] = "error"
    mismatch: Literal["error", "drop", "offsets"] = "error"
    encoding: str = "utf-8"

    @classmethod
    def of(cls, reader: dict[str, Any]) -> Self:
        """Take the keys of a card's `reader`, as the schema of its type describes them."""
        return cls(**{key: value for key, value in reader.items() if key != "type"})


@dataclass(frozen=True, slots=True)
class TextRecordOptions(TextOptions):
    """Keys of the layouts with character spans whose files are JSON; `text_records.schema.yaml` describes those added here.

    Attributes:
        records: Path of keys to the records in the values that the file holds; None if these values are the records.
        where: Values by key; only records that have them are read.
    """

    records: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)


class TextReader(SpannedReader):
    """Makes sentences of annotated texts. A reader of a layout adds `_texts`.

    Every record counts in the ids, whether it is read or not; where records are split, every sentence does.

    Args:
        file: Name of the file, for places.
        options: Keys of the card's `reader`.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, file: str, options: TextOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(file, options.crossing, rules, log)
        self.text_options = options
        self._counting = Counting(options.offsets, options.newlines)
        self._split: Splitter | None = None
        self._explained_text = ""
        self._explained_by: dict[Counting, tuple[Sequence[int], Sequence[int]]] = {}

    def _texts(self, progress: bool) -> Iterator[tuple[int, AnnotatedText | Fault | None]]:
        """Yield every record with its line: what it holds, or the fault that keeps it out; None if that was reported already."""
        raise NotImplementedError

    def _without_spans(self, first: Fault | None) -> LmnError:
        """Return the error for a file of which no record has spans, not even an empty list.

        Args:
            first: Fault of the first record that was left out; None if none was.
        """
        why = f": {first.message}" if first else ""
        return LmnError(f"no record is annotated{why}", self._file, first and first.remedy)

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order, as `Reader.read` does.

        Raises:
            LmnError: The file cannot be read, spaCy lacks the language, or no record has spans, not even an empty list.
        """
        splits = self.text_options.sentences != "whole"
        count = records = annotated = 0
        first: Fault | None = None
        for number, item in self._texts(progress):
            if isinstance(item, AnnotatedText):
                records += 1
                annotated += item.spans is not None
                for tokens, spans in self._tokenized(item, number):
                    sentence = self._make(f"{id_prefix}/{count}", tokens, spans, number)
                    if sentence:
                        yield sentence
                    count += splits
            elif item is not None:
                records += item.kind != "malformed-record"
                first = first or item
                self._report(item, number)
            count += not splits
        if records and not annotated:
            raise self._without_spans(first)
        self._report_share("the card's reader.language names another tokenizer, reader.offsets another unit")

    def _report(self, fault: Fault, number: int) -> None:
        self.log.report(fault.kind, self._where(number), fault.message, remedy=fault.remedy, fatal=fault.fatal)

    def _sentences_of(self, text: str) -> list[list[Offsets]]:
        """Return the tokens of a text by the tokenizer, sentence by sentence."""
        if self._split is None:
            options = self.text_options
            if options.language == "spaces":
                self._split = split_at_lines if options.sentences != "whole" else split_at_spaces
            else:
                split = make_splitter(options.language or self.rules.language or "xx", as_library=True)
                self._split = partial(_by_line, split) if options.sentences == "lines" else split
        return self._split(text)

    def _tokenized(self, item: AnnotatedText, number: int) -> Iterator[tuple[list[str], list[Span]]]:
        """Yield the tokens and spans of each sentence of a text, and report the faults of the record."""
        for fault in item.faults:
            self._report(fault, number)
        text, splits = item.text, self.text_options.sentences != "whole"
        if item.tokens is None:
            sentences = self._sentences_of(text)
            offsets = [token for sentence in sentences for token in sentence]
            bounds = [*accumulate(map(len, sentences))] if splits else []
        else:
            offsets = [(start, end) for start, end in item.tokens if text[start:end].strip()]
            bounds = self._bounds(text, offsets) if splits else []
        starts, ends = [start for start, _ in offsets], [end for _, end in offsets]
        everywhere: list[Span] = []
        kept: list[Span] = []
        for start, end, label, is_cut in self._placed(item, number):
            first, last = bisect_right(ends, start), bisect_left(starts, end) - 1
            span = Span(first, last + 1, label)
            everywhere.append(span)
            cuts = is_cut or starts[first] < start or end < ends[last]
            if cuts:
                self._report_cut(label, text[start:end], text[starts[first] : ends[last]], number)
            if not cuts or self.text_options.cut != "drop":
                kept.append(span)
        tokens = [text[start:end] for start, end in offsets]
        yield from self._sentences(tokens, bounds or [len(tokens)], everywhere, kept, number)

    def _bounds(self, text: str, tokens: Sequence[Offsets]) -> list[int]:
        """Return the ends of the sentences of a text with its own tokens: those that the rules of the language find, on these tokens."""
        starts = [start for start, _ in tokens]
        ends = {bisect_left(starts, sentence[0][0]) for sentence in self._sentences_of(text)}
        return sorted({*ends, len(tokens)} - {0})

    def _placed(self, item: AnnotatedText, number: int) -> Iterator[tuple[int, int, str, bool]]:
        """Yield the spans of a text in code points, and whether one of their ends lies inside a character. Report those without a place."""
        if not item.spans:
            return
        text = item.text
        starts, ends = self._counting.positions(text)
        for span in item.spans:
            self._marked += 1
            start, end, label, words = span
            if not 0 <= start < end < len(starts) or not text[starts[start] : ends[end]].strip():
                self._report_outside(span, text, len(starts) - 1, number)
                continue
            if words is not None and not _fits(words, text[starts[start] : ends[end]]):
                self._report_mismatch(span, text, text[starts[start] : ends[end]], number)
                if self.text_options.mismatch == "drop":
                    continue
            yield starts[start], ends[end], label, starts[start] != ends[start] or starts[end] != ends[end]

    def _report_outside(self, span: MarkedSpan, text: str, length: int, number: int) -> None:
        remedy = self._explained(span, text) or "check the card's reader.offsets"
        self.log.report(
            "outside-text",
            self._where(number),
            f"the {span.label} from {span.start} to {span.end} holds no character of the text, or goes past its end at {length}",
            remedy=f"{remedy}; reader.outside: drop leaves such spans out",
            fatal=self.text_options.outside == "error",
        )

    def _report_mismatch(self, span: MarkedSpan, text: str, seen: str, number: int) -> None:
        remedy = self._explained(span, text) or "mend the record"
        words = (span.words or "")[:200]
        self.log.report(
            "span-words",
            self._where(number),
            f"the {span.label} from {span.start} to {span.end} is {seen[:200]!r} in the text, and {words!r} in the record",
            remedy=f"{remedy}; reader.mismatch: drop leaves such spans out, offsets reads them by their offsets",
            fatal=self.text_options.mismatch == "error",
        )

    def _explained(self, span: MarkedSpan, text: str) -> str:
        """Say which other way of counting cuts out the words of a span; return an empty string if none does."""
        if self._explained_text is not text:
            self._explained_text, self._explained_by = text, {}
        for counting in COUNTINGS if span.words is not None else ():
            if counting not in self._explained_by:
                self._explained_by[counting] = counting.positions(text)
            starts, ends = self._explained_by[counting]
            if counting != self._counting and 0 <= span.start < span.end < len(starts):
                seen = text[starts[span.start] : ends[span.end]]
                if span.words is not None and _fits(span.words, seen):
                    keys = counting.beside(self._counting)
                    return f"`{keys}` in the card's reader finds them ({_REASONS[counting]})"
        return ""

    def _report_cut(self, label: str, words: str, tokens: str, number: int) -> None:
        self._cuts.append(self._where(number))
        self.log.report(
            "cut-span",
            self._where(number),
            f"the {label} {words!r} begins or ends inside a token of {tokens!r}",
            remedy="the card's reader.cut says what happens to such spans: outward or drop; reader.language names another tokenizer",
            fatal=self.text_options.cut == "error",
        )


_REASONS = {
    Counting("code-points", "as-written"): "the tool counted as Python does",
    Counting("code-points", "one"): "the tool counted a line break of \\r\\n as one character",
    Counting("utf-16", "as-written"): "the tool counted as JavaScript does, where an emoji has two units",
    Counting("utf-16", "one"): "the tool counted an emoji as two units and a line break of \\r\\n as one",
}


def _by_line(split: Splitter, text: str) -> list[list[Offsets]]:
    """Return the tokens of a text, with each line that has some as a sentence."""
    lines = [(found.start(), split(found.group())) for found in _LINE.finditer(text)]
    tokens = [[(a + start, b + start) for sentence in line for a, b in sentence] for start, line in lines]
    return [line for line in tokens if line]


def _fits(words: str, seen: str) -> bool:
    """Return whether the words of a span are a part of its text, apart from white space and composed characters."""
    if words == seen or words.split() == seen.split():
        return True
    return unicodedata.normalize("NFC", "".join(words.split())) == unicodedata.normalize("NFC", "".join(seen.split()))


class TextRecordReader(TextReader):
    """Reads the records of a JSON file by a function.

    Args:
        path: The file; errors quote it as given.
        options: Keys of the card's `reader`.
        rules: Rules of the corpus.
        log: Log that takes the problems.
        text_of: Function that reads a record.
    """

    def __init__(
        self, path: Path, options: TextRecordOptions, rules: CorpusRules, log: ProblemLog, text_of: TextOf
    ) -> None:
        super().__init__(str(path), options, rules, log)
        self.path = path
        self.options = options
        self.text_of = text_of

    def _texts(self, progress: bool) -> Iterator[tuple[int, AnnotatedText | Fault | None]]:
        wanted = RecordFilter(self.options.where, self._note_filtered)
        for number, record in self._records(progress):
            yield number, self.text_of(record) if wanted.accepts(number, record) else None
        wanted.check(self._file)

    def _records(self, progress: bool) -> Iterator[tuple[int, Any]]:
        """Yield the records of the file, each with its line."""
        options = self.options
        return read_records(self.path, options.encoding, options.records, self._malformed, progress)

    def _note_filtered(self, number: int, message: str) -> None:
        self.log.report("filtered", self._where(number), message, fatal=False)

    def _malformed(self, number: int, message: str, remedy: str) -> None:
        self._report(malformed(message, remedy), number)
