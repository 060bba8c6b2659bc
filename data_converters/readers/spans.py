"""Reader of JSON records with a text and character spans, as annotation tools and data sets write them: JSON Lines, or JSON.

A text becomes tokens, and a span of characters becomes the span of the tokens that it touches. White space at its ends does not count.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ...errors import LmnError
from ...sentence import Sentence, Span
from ...tagging.splitting import Offsets, Splitter, make_splitter, split_at_spaces
from ..problems import ProblemLog
from .common import CorpusRules, FileLayout
from .records import MISSING, RecordFilter, is_text, pick, read_records
from .spanned import Crossing, SpannedReader

SPAN_KEYS = ("spans", "entities", "label", "labels")
"""Keys under which a record may have its spans, if the card does not say; the first that is there counts."""
_STARTS, _ENDS, _LABELS = ("start", "start_offset"), ("end", "end_offset"), ("label", "labels", "tag", "type")
_LINE = re.compile(r"[^\r\n]+")


class CharacterSpan(NamedTuple):
    """An entity by its characters (code points).

    Attributes:
        start: First character.
        end: Character after the last.
        label: Label of the entity.
        cuts: Whether one of its ends lies inside a character that has two UTF-16 units.
    """

    start: int
    end: int
    label: str
    cuts: bool = False


@dataclass(frozen=True, slots=True)
class SpanOptions(FileLayout):
    """Layout of a file of records with character spans.

    Attributes:
        language: spaCy code of the tokenizer, or `spaces` for tokens at white space.
        text: Key of the text, or path of keys (see `records.pick`).
        spans: Key of the spans, or path of keys; None for the first of `SPAN_KEYS` that is there.
        records: Path of keys to the records in the values that the file holds; None if these values are the records.
        offsets: Whether offsets count code points or UTF-16 units.
        sentences: Whether a record is one sentence (`whole`) or is split by the rules of the language, or with `spaces` at line
            breaks. An entity across a boundary joins the two sentences.
        cut: Treatment of a span that begins or ends inside a token: `outward` widens it to the token, `drop` leaves it out,
            `error` refuses it.
        crossing: Treatment of crossing spans; see `SpannedReader`.
        outside: Whether a span that is empty, holds only white space or does not lie in the text is refused or left out.
        where: Values by key; only records that have them are read.
        encoding: Encoding of the file; a byte order mark is skipped.
    """

    language: str
    text: str = "text"
    spans: str | None = None
    records: str | None = None
    offsets: Literal["code-points", "utf-16"] = "code-points"
    sentences: Literal["whole", "split"] = "whole"
    cut: Literal["outward", "drop", "error"] = "outward"
    crossing: Crossing = "error"
    outside: Literal["error", "drop"] = "error"
    where: Mapping[str, Any] = field(default_factory=dict)
    encoding: str = "utf-8"

    @classmethod
    def of(cls, reader: dict[str, Any]) -> SpanOptions:
        """Take the keys of a card's `reader`, as the schema next to this file describes them."""
        return cls(**{key: value for key, value in reader.items() if key != "type"})

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> SpanReader:
        """Return the reader of a file."""
        return SpanReader(folder / value, self, rules, log)


class SpanReader(SpannedReader):
    """Reads the sentences of one file.

    Every record counts in the ids, whether it is read or not; where records are split, every sentence does.

    Args:
        path: The file; errors quote it as given.
        options: Layout of the file.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, path: Path, options: SpanOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(str(path), options.crossing, rules, log)
        self.path = path
        self.options = options

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order, as `Reader.read` does.

        Raises:
            LmnError: The file cannot be read, spaCy lacks the language, or no record has spans, not even an empty list.
        """
        options = self.options
        splitter = self._splitter()
        wanted = RecordFilter(options.where, self._note_filtered)
        count = annotated = texts = 0
        for number, value in read_records(self.path, options.encoding, options.records, self._malformed, progress):
            record = self._mapping(value)
            text = self._text(record, number) if wanted.accepts(number, record) else None
            if text is not None:
                found = self._spans(record, text, number)
                texts += 1
                annotated += found is not None
                for tokens, spans in self._tokenized(text, splitter(text), found or [], number):
                    sentence = self._make(f"{id_prefix}/{count}", tokens, spans, number)
                    if sentence:
                        yield sentence
                    count += options.sentences == "split"
            count += options.sentences == "whole"
        wanted.check(self._file)
        if texts and not annotated:
            looked_for = options.spans or ", ".join(SPAN_KEYS)
            remedy = "the card's reader.spans names the key of the spans"
            raise LmnError(f"no record has {looked_for}", self.path, remedy)

    def _splitter(self) -> Splitter:
        if self.options.language != "spaces":
            return make_splitter(self.options.language)
        return split_lines if self.options.sentences == "split" else split_at_spaces

    def _note_filtered(self, number: int, message: str) -> None:
        self.log.report("filtered", self._where(number), message, fatal=False)

    def _malformed(self, number: int, message: str, remedy: str) -> None:
        self.log.report("malformed-record", self._where(number), message, remedy=remedy)

    def _mapping(self, value: Any) -> Any:
        """Turn a pair of text and mapping, as spaCy 2 wrote records, into one mapping; return other values as they are."""
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict):
            return {**value[1], self.options.text: value[0]}
        return value

    def _text(self, record: Any, number: int) -> str | None:
        text = pick(record, self.options.text)
        if isinstance(text, str) and is_text(text):
            return text
        if text is MISSING:
            has = f"it has {', '.join(record)}" if isinstance(record, dict) else f"it is {type(record).__name__}"
            self._malformed(
                number, f"no {self.options.text!r} in the record", f"{has}; the card's reader.text names the key"
            )
        else:
            self._malformed(number, f"the value of {self.options.text!r} is not text", "check the card's reader.text")
        return None

    def _spans(self, record: Any, text: str, number: int) -> list[CharacterSpan] | None:
        """Return the spans of a record in code points. Note a record without a list of spans, and return None for it."""
        options = self.options
        keys = [options.spans] if options.spans else SPAN_KEYS
        there = [value for key in keys if (value := pick(record, key)) not in (MISSING, None)]
        # an empty list gives way to a filled one
        values = next((value for value in there if value), there[0] if there else None)
        if values is None:
            self.log.report("unannotated", self._where(number), f"no {' or '.join(keys)}", fatal=False)
            return None
        if not isinstance(values, list):
            self._malformed(number, f"spans are a list, not {values!r}", "check the card's reader.spans")
            return []
        in_units = options.offsets == "utf-16"
        starts, ends = utf16_offsets(text) if in_units else (range(len(text) + 1), range(len(text) + 1))
        found: list[CharacterSpan] = []
        for value in values:
            for start, end, label in self._triples(value, number):
                if not 0 <= start < end < len(starts) or not text[starts[start] : ends[end]].strip():
                    self._report_outside(start, end, label, len(starts) - 1, number)
                    continue
                cuts = starts[start] != ends[start] or starts[end] != ends[end]
                found.append(CharacterSpan(starts[start], ends[end], label, cuts))
        return found

    def _report_outside(self, start: int, end: int, label: str, length: int, number: int) -> None:
        self.log.report(
            "outside-text",
            self._where(number),
            f"the {label} from {start} to {end} holds no character of the text, or goes past its end at {length}",
            remedy="check the card's reader.offsets; reader.outside: drop leaves such spans out",
            fatal=self.options.outside == "error",
        )

    def _triples(self, value: Any, number: int) -> Iterator[tuple[int, int, str]]:
        """Yield start, end and label of a span as the file gives them, once for each of its labels."""
        if isinstance(value, list) and len(value) == 3:
            start, end, label = value
        elif isinstance(value, dict):
            start, end, label = (
                next((value[key] for key in keys if key in value), None) for keys in (_STARTS, _ENDS, _LABELS)
            )
        else:
            start = end = label = None
        labels = label if isinstance(label, list) else [label]
        if (
            type(start) is not int
            or type(end) is not int
            or not labels
            or not all(isinstance(name, str) and name for name in labels)
        ):
            message = f"a span is start, end and label, not {value!r}"
            self._malformed(number, message, "check the card's reader.spans; a path of keys may lead to them")
            return
        for name in labels:
            yield start, end, name

    def _tokenized(
        self, text: str, sentences: list[list[Offsets]], found: list[CharacterSpan], number: int
    ) -> Iterator[tuple[list[str], list[Span]]]:
        """Yield the tokens and spans of each sentence of a text."""
        offsets = [token for sentence in sentences for token in sentence]
        starts, ends = [start for start, _ in offsets], [end for _, end in offsets]
        everywhere: list[Span] = []
        kept: list[Span] = []
        for one in found:
            first, last = bisect_right(ends, one.start), bisect_left(starts, one.end) - 1
            span = Span(first, last + 1, one.label)
            everywhere.append(span)
            is_cut = one.cuts or starts[first] < one.start or one.end < ends[last]
            if is_cut:
                self._report_cut(one, text, text[starts[first] : ends[last]], number)
            if not is_cut or self.options.cut != "drop":
                kept.append(span)
        bounds = [*accumulate(map(len, sentences))] if self.options.sentences == "split" else []
        tokens = [text[start:end] for start, end in offsets]
        yield from self._sentences(tokens, bounds or [len(tokens)], everywhere, kept, number)

    def _report_cut(self, one: CharacterSpan, text: str, tokens: str, number: int) -> None:
        self.log.report(
            "cut-span",
            self._where(number),
            f"the {one.label} {text[one.start : one.end]!r} begins or ends inside a token of {tokens!r}",
            remedy="the card's reader.cut says what happens to such spans: outward or drop; reader.language names another tokenizer",
            fatal=self.options.cut == "error",
        )


def utf16_offsets(text: str) -> tuple[Sequence[int], Sequence[int]]:
    """Return, for each offset in UTF-16 units, the code points at which an entity with this offset begins and ends.

    The two differ between the two units of one character: an entity begins before the character, or ends after it.
    """
    if not text or max(text) <= "\uffff":
        return range(len(text) + 1), range(len(text) + 1)
    starts: list[int] = []
    ends: list[int] = []
    for position, character in enumerate(text):
        starts.append(position)
        ends.append(position)
        if character > "\uffff":
            starts.append(position)
            ends.append(position + 1)
    return [*starts, len(text)], [*ends, len(text)]


def split_lines(text: str) -> list[list[Offsets]]:
    """Return the offsets of the tokens, line by line, without empty lines. ASCII white space separates tokens."""
    return [
        [(line.start() + start, line.start() + end) for start, end in tokens]
        for line in _LINE.finditer(text)
        for tokens in split_at_spaces(line.group())
    ]
