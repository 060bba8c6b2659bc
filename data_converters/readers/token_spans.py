"""Reader of JSON records with a list of tokens and entities by the positions of their tokens: JSON Lines, or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from ...errors import LmnError
from ...sentence import Sentence, Span
from ...tagging.splitting import make_splitter
from ..problems import ProblemLog
from .common import CorpusRules, FileLayout
from .records import RecordFilter, is_text, pick, read_records
from .sentence_ends import split_tokens
from .span_values import ENDS_REMEDY, USUAL_KEYS, EndRule, Ends, Malformed, RawSpan, SpanKeys, raw_spans
from .spanned import Crossing, Discontinuous, SpannedReader

TOKEN_KEYS = ("tokens", "words", "tokenized_text", "sentences", "sents", "sentence", "token", "text")
"""Keys under which a record may have its tokens, if the card does not say; the first with a list counts."""
ENTITY_KEYS = (
    "entities",
    "ner",
    "entity",
    "entity_mentions",
    "golden-entity-mentions",
    "spans",
    "mentions",
    "labels",
    "label",
)
"""Keys under which a record may have its entities, if the card does not say; the first with a list counts."""
_INCLUSIVE = {("tokenized_text", "ner"), ("sentences", "ner")}
"""Keys of tokens and entities of the layouts whose ends are inclusive: GLiNER and DyGIE++."""


@dataclass(frozen=True, slots=True)
class TokenSpanOptions(FileLayout):
    """Layout of a file of records with tokens and entities.

    Attributes:
        tokens: Key of the tokens, or path of keys (see `records.pick`); None for the first of `TOKEN_KEYS` that is there. A list of
            lists is a document: its sentences, and the positions count the tokens of the document.
        entities: Key of the entities, or path of keys; None for the first of `ENTITY_KEYS` that is there.
        keys: Keys of the parts of an entity.
        ends: Whether ends are exclusive or inclusive; None if the texts of the entities say, or the layout where they have none.
        records: Path of keys to the records in the values that the file holds; None if these values are the records.
        crossing: Treatment of crossing entities; see `SpannedReader`.
        outside: Whether an entity that is empty or does not lie among the tokens is refused or left out.
        discontinuous: Treatment of an entity whose tokens are not side by side: `drop` leaves it out, `join` reads it with the tokens
            between, `error` refuses it.
        mismatch: Treatment of an entity whose text is not that of its tokens: `error` refuses it, `drop` leaves it out, `offsets` goes
            by its positions.
        splitter: spaCy code of the language whose rules split a record into sentences; None if a record that lists no sentences is one.
        where: Values by key; only records that have them are read.
        encoding: Encoding of the file; a byte order mark is skipped.
    """

    tokens: str | None = None
    entities: str | None = None
    keys: SpanKeys = USUAL_KEYS
    ends: Ends | None = None
    records: str | None = None
    crossing: Crossing = "error"
    outside: Literal["error", "drop"] = "error"
    discontinuous: Discontinuous = "drop"
    mismatch: Literal["error", "drop", "offsets"] = "error"
    splitter: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    encoding: str = "utf-8"

    @classmethod
    def of(cls, reader: dict[str, Any]) -> TokenSpanOptions:
        """Take the keys of a card's `reader`, as the schema next to this file describes them."""
        keys = SpanKeys(*(reader.get(key) for key in SpanKeys._fields))
        return cls(
            keys=keys,
            splitter=reader.get("sentence_end", {}).get("splitter"),
            **{key: value for key, value in reader.items() if key not in ("type", "sentence_end", *SpanKeys._fields)},
        )

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> TokenSpanReader:
        """Return the reader of a file."""
        return TokenSpanReader(folder / value, self, rules, log)


class TokenSpanReader(SpannedReader):
    """Reads the sentences of one file. Every sentence of a record counts in the ids, whether it is read or not.

    Args:
        path: The file; errors quote it as given.
        options: Layout of the file.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, path: Path, options: TokenSpanOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(str(path), options.crossing, rules, log)
        self.path = path
        self.options = options
        self._rules: dict[Ends, EndRule] = {
            default: EndRule(options.ends, default) for default in ("exclusive", "inclusive")
        }

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order, as `Reader.read` does.

        Raises:
            LmnError: The file cannot be read, or no record has entities, not even an empty list.
        """
        options = self.options
        splitter = make_splitter(options.splitter) if options.splitter else None
        wanted = RecordFilter(options.where, self._note_filtered)
        count = annotated = read = 0
        for number, record in read_records(self.path, options.encoding, options.records, self._malformed, progress):
            found = self._tokens(record, number) if wanted.accepts(number, record) else None
            if found is None:
                count += 1
                continue
            key, sentences = found
            entities_key, values = self._entities(record, number)
            read += 1
            annotated += values is not None
            tokens = [token for sentence in sentences for token in sentence]
            default: Ends = "inclusive" if (key, entities_key) in _INCLUSIVE else "exclusive"
            spans = list(self._spans(values, tokens, self._rules[default], number))
            bounds = split_tokens(tokens, splitter) if splitter else [*accumulate(map(len, sentences))]
            for words, inside in self._sentences(tokens, bounds, spans, spans, number):
                sentence = self._make(f"{id_prefix}/{count}", words, inside, number)
                if sentence:
                    yield sentence
                count += 1
        wanted.check(self._file)
        if read and not annotated:
            looked_for = options.entities or ", ".join(ENTITY_KEYS)
            remedy = "the card's reader.entities names the key of the entities"
            raise LmnError(f"no record has {looked_for}", self.path, remedy)

    def _note_filtered(self, number: int, message: str) -> None:
        self.log.report("filtered", self._where(number), message, fatal=False)

    def _malformed(self, number: int, message: str, remedy: str) -> None:
        self.log.report("malformed-record", self._where(number), message, remedy=remedy)

    def _tokens(self, record: Any, number: int) -> tuple[str, list[list[str]]] | None:
        """Return the key of a record's tokens and its sentences. Report a problem and return None if it has none."""
        keys = [self.options.tokens] if self.options.tokens else TOKEN_KEYS
        there = ((key, value) for key in keys if isinstance(value := pick(record, key), list))
        key, value = next(there, (keys[0], None))
        if value is None:
            has = f"it has {', '.join(record)}" if isinstance(record, dict) else f"it is {type(record).__name__}"
            message = f"no list of tokens under {' or '.join(keys)} in the record"
            self._malformed(number, message, f"{has}; the card's reader.tokens names the key")
            return None
        sentences: list[Any] = value if value and all(isinstance(part, list) for part in value) else [value]
        for token in (token for sentence in sentences for token in sentence):
            if not isinstance(token, str) or not token or not is_text(token):
                message = f"{token!r:.60} among the tokens is not text, or empty"
                self._malformed(number, message, "check the card's reader.tokens")
                return None
        return key, sentences

    def _entities(self, record: Any, number: int) -> tuple[str, list[Any] | None]:
        """Return the key and the value of a record's entities; None for a record without them, which is noted."""
        keys = [self.options.entities] if self.options.entities else ENTITY_KEYS
        there = [(key, value) for key in keys if isinstance(value := pick(record, key), list | dict)]
        if not there:
            self.log.report("unannotated", self._where(number), f"no {' or '.join(keys)}", fatal=False)
            return keys[0], None
        key, value = next((pair for pair in there if pair[1]), there[0])
        if isinstance(value, list) and value and all(_is_part(part) for part in value):
            value = [span for part in value for span in part]  # a list for each sentence of a document
        return key, value

    def _spans(self, values: Any, tokens: Sequence[str], rule: EndRule, number: int) -> Iterator[Span]:
        """Yield the spans of a record, and report what is no span."""
        for raw in raw_spans(values or [], self.options.keys):
            if isinstance(raw, Malformed):
                message = f"an entity is start, end and label, not {raw.value!r:.200}"
                remedy = "the card's reader.start, end and label name its keys"
                self._malformed(number, message, remedy)
                continue
            end = self._end(raw, tokens, rule, number)
            if end is None:
                continue
            if not 0 <= raw.start < end <= len(tokens):
                self._report_outside(raw, len(tokens), number)
                continue
            span = Span(raw.start, end, raw.label)
            if raw.gaps:
                self._report_discontinuous(self._quoted(span, tokens), number, self.options.discontinuous)
            if not raw.gaps or self.options.discontinuous == "join":
                yield span

    def _end(self, raw: RawSpan, tokens: Sequence[str], rule: EndRule, number: int) -> int | None:
        """Return the end of an entity, exclusive. Report an entity whose text is not that of its tokens, and return None."""

        def cut(start: int, stop: int) -> str:
            return " ".join(tokens[start:stop])

        end, fits = rule.end_of(raw, cut)
        if contradiction := rule.contradiction():
            self.log.report("span-words", self._where(number), contradiction, remedy=ENDS_REMEDY)
        if fits:
            return end
        self._report_mismatch(raw, cut(raw.start, end), rule.advice(raw, cut), number)
        return end if self.options.mismatch == "offsets" else None

    def _report_mismatch(self, raw: RawSpan, seen: str, advice: str | None, number: int) -> None:
        remedy = advice or "mend the record, or check the card's reader.tokens"
        self.log.report(
            "span-words",
            self._where(number),
            f"the {raw.label} from {raw.start} to {raw.end} is {seen!r:.200} among the tokens, and {raw.text!r:.200} in the record",
            remedy=f"{remedy}; reader.mismatch: drop leaves such entities out, offsets reads them by their positions",
            fatal=self.options.mismatch == "error",
        )

    def _report_outside(self, raw: RawSpan, length: int, number: int) -> None:
        self.log.report(
            "outside-text",
            self._where(number),
            f"the {raw.label} from {raw.start} to {raw.end} holds no token, or goes past the end at {length}",
            remedy="the card's reader.ends says whether ends are inclusive or exclusive; reader.outside: drop leaves such entities out",
            fatal=self.options.outside == "error",
        )


def _is_part(value: Any) -> bool:
    """Return whether a value is the list of the spans of a sentence and no span."""
    return isinstance(value, list) and all(isinstance(item, list | dict) for item in value)
