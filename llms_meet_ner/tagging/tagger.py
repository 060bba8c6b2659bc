"""Entities in raw text: splitting, answers sentence by sentence, and the marked entities on the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, overload

from ..errors import LmnError
from ..sentence import Sentence, Span, without_nested
from ..systems.confidences import check_confidences, no_confidences
from ..systems.system import System
from ..tags import encode
from .splitting import Offsets, Splitter, split_at_spaces

DataSet = TypeVar("DataSet")
CHUNK_SENTENCES = 256
"""Number of sentences that are sorted by length and tagged together, before any of them comes out."""


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity in a text.

    Attributes:
        start: Position of its first character. Characters are Unicode code points, counted from 0, as in Python.
        end: Position after its last character.
        label: Label, one of the prompt's label set.
        text: Words of the entity, exactly as in the text.
        confidence: Probability that the model gives it; None if the decoding gives none.

    Raises:
        ValueError: The positions do not fit the text.
    """

    start: int
    end: int
    label: str
    text: str
    confidence: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or self.end - self.start != len(self.text):
            raise ValueError(f"not an entity: {self.start} to {self.end}, {self.text!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        return {
            "start": self.start,
            "end": self.end,
            "label": self.label,
            "text": self.text,
            "confidence": self.confidence,
        }


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """One sentence of a text and what the model marked in it.

    Attributes:
        tokens: Tokens as the model read them.
        offsets: Place of each token in the text, in characters, end exclusive.
        spans: Entities by token positions of this sentence, sorted as in a `Sentence`.
        confidences: One for each span; each is None if the decoding gives none.
        pieces: Number of pieces that the model read it in; 1 if it read the sentence whole. An entity across a cut is lost or torn.

    Raises:
        ValueError: Offsets and tokens, or spans and confidences, differ in number.
    """

    tokens: tuple[str, ...]
    offsets: tuple[Offsets, ...]
    spans: tuple[Span, ...] = ()
    confidences: tuple[float | None, ...] = ()
    pieces: int = 1

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.offsets) or len(self.spans) != len(self.confidences):
            raise ValueError(
                f"{len(self.tokens)} tokens, {len(self.offsets)} offsets, {len(self.spans)} spans, "
                f"{len(self.confidences)} confidences"
            )


@dataclass(frozen=True, slots=True)
class TaggedText:
    """A text and what the model marked in it.

    Attributes:
        text: The text as it was given.
        sentences: Sentences of the text, in order; empty if the text holds only white space.
    """

    text: str
    sentences: tuple[TaggedSentence, ...]

    @property
    def pieces(self) -> int:
        """Number of pieces that sentences too long to be read at once were read in, all together; 0 if there are no such sentences."""
        return sum(sentence.pieces for sentence in self.sentences if sentence.pieces > 1)

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Entities of the text, sorted by start, outer ones before those inside them."""
        return tuple(
            Entity(start, end, span.label, self.text[start:end], confidence)
            for sentence in self.sentences
            for span, confidence in zip(sentence.spans, sentence.confidences, strict=True)
            for start, end in [(sentence.offsets[span.start][0], sentence.offsets[span.end - 1][1])]
        )

    def brackets(self) -> str:
        """Return the text with every entity as `[Entity | LABEL]`; without that markup, it is the text again."""
        openings: dict[int, str] = {}
        closings: dict[int, str] = {}
        for entity in self.entities:  # outer ones come first: they close last
            openings[entity.start] = openings.get(entity.start, "") + "["
            closings[entity.end] = f" | {entity.label}]" + closings.get(entity.end, "")
        written: list[str] = []
        at = 0
        for place in sorted({*openings, *closings}):
            written += [self.text[at:place], closings.get(place, ""), openings.get(place, "")]
            at = place
        return "".join([*written, self.text[at:]])

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON: `text`, and `entities` with `start`, `end`, `label`, `text`, `confidence`.

        If a sentence was read in pieces, `pieces` says how many there were.
        """
        row = {"text": self.text, "entities": [entity.to_dict() for entity in self.entities]}
        return row | ({"pieces": self.pieces} if self.pieces else {})

    def conll(self) -> str:
        """Return a line `token TAB tag` (IOB2) for each token, and an empty line after each sentence.

        Entities inside others are left out.
        """
        lines: list[str] = []
        for sentence in self.sentences:
            tags = encode(without_nested(sentence.spans), len(sentence.tokens))
            lines += [f"{token}\t{tag}\n" for token, tag in zip(sentence.tokens, tags, strict=True)]
            lines.append("\n")
        return "".join(lines)

    def _repr_html_(self) -> str:
        """Return the text as notebooks show it, its entities drawn. Their confidences appear under the pointer."""
        from ..rendering.notebook import DrawnSpan, drawn_text  # here, so that jinja2 is read only where it draws

        spans = [
            DrawnSpan(
                entity.start,
                entity.end,
                entity.label,
                "" if entity.confidence is None else f"confidence {entity.confidence:.4f}",
            )
            for entity in self.entities
        ]
        return drawn_text(self.text, spans)


class SplitText(NamedTuple):
    """A text that is split already.

    Attributes:
        text: The text.
        sentences: Offsets of the tokens of each sentence. A sentence has at least one token; no token is empty or holds a line break.
    """

    text: str
    sentences: Sequence[Sequence[Offsets]]

    def tokens_of(self, offsets: Sequence[Offsets]) -> tuple[str, ...]:
        """Return the tokens of a sentence."""
        return tuple(self.text[start:end] for start, end in offsets)


class _Marks(NamedTuple):
    """Spans of a sentence, a confidence for each, and the number of pieces that the sentence was read in."""

    spans: tuple[Span, ...] = ()
    confidences: tuple[float | None, ...] = ()
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class Tagger:
    """Tags texts with a system; `load` makes one of an adapter, a merged model, a student or a served model.

    Attributes:
        system: System that marks entities in sentences.
        splitter: Splits raw text into sentences and tokens.
        remark: What people should know about how the model computes on this machine; None if there is nothing.
        dtype: Data type that the model computes in; None if that is not known here.
        min_confidence: Smallest confidence of the entities that are kept; None keeps all.

    Raises:
        LmnError: There is a smallest confidence, and the system gives none or it is not from 0 to 1.
    """

    system: System
    splitter: Splitter = split_at_spaces
    remark: str | None = None
    dtype: str | None = None
    min_confidence: float | None = None

    def __post_init__(self) -> None:
        if self.min_confidence is not None:
            if not 0 <= self.min_confidence <= 1:
                raise LmnError(f"min_confidence is {self.min_confidence}, and a confidence is from 0 to 1")
            check_confidences(self.system)

    @overload
    def tag(self, texts: str) -> TaggedText: ...  # type: ignore[overload-overlap]

    @overload
    def tag(self, texts: Iterable[str]) -> list[TaggedText]: ...

    def tag(self, texts: str | Iterable[str]) -> TaggedText | list[TaggedText]:
        """Tag texts of any length; return one result for each, in order, or for one text its result. An empty text has an empty result.

        A sentence of more than 256 tokens, or for which the model has no room, is read in pieces, so that an entity across a cut is lost
        or torn; the result says in how many. A token that the model cannot read at all has no entity. Both are logged as warnings.

        Args:
            texts: A list or another iterable of texts, or one text.

        Raises:
            LmnError: A text is not a string or cannot be written in UTF-8, or the system cannot answer.
        """
        if isinstance(texts, str):
            return self.tag([texts])[0]
        return list(self.stream(texts))

    def stream(self, texts: Iterable[str]) -> Iterator[TaggedText]:
        """Tag texts as they come, as `tag` does; results come as soon as `CHUNK_SENTENCES` sentences are together."""
        _refuse_bare(texts, "stream takes a list of texts, and this is one text", "[text]")
        return (tagged for portion in self.portions(texts) for tagged in portion)

    def portions(self, texts: Iterable[str]) -> Iterator[list[TaggedText]]:
        """Tag texts as `stream` does, but yield the results that come out together as a list.

        Each portion ends with the text that completes `CHUNK_SENTENCES` sentences. What is answered together depends on the portion
        alone, so that a run that is broken off between two of them can go on with the next.
        """
        return self.split_portions(SplitText(text, self.splitter(_checked(text))) for text in texts)

    def split_portions(self, sources: Iterable[SplitText]) -> Iterator[list[TaggedText]]:
        """Tag texts that are split already, portion by portion."""
        for chunk in _chunks(sources):
            tokens = [source.tokens_of(offsets) for source in chunk for offsets in source.sentences]
            marks = iter(self._tag_sentences(tokens))
            yield [
                TaggedText(
                    source.text,
                    tuple(
                        TaggedSentence(source.tokens_of(offsets), tuple(offsets), *next(marks))
                        for offsets in source.sentences
                    ),
                )
                for source in chunk
            ]

    def map(self, dataset: DataSet, field: str = "text", entities_field: str = "entities") -> DataSet:
        """Return a data set of the package `datasets` with the entities of a text column in one more column.

        Args:
            dataset: `Dataset`, `IterableDataset` (whose texts are tagged as its rows are read), or a mapping of either by split.
            field: Name of the column of texts.
            entities_field: Name of the new column, a list of mappings as `Entity.to_dict` returns them.

        Raises:
            LmnError: There is no such column, there is one of the new name, a row has no text, or the system cannot answer.
        """
        from .dataset_map import map_dataset

        def mark(texts: Sequence[str]) -> list[list[dict[str, Any]]]:
            return [[entity.to_dict() for entity in tagged.entities] for tagged in self.tag(texts)]

        found: DataSet = map_dataset(dataset, mark, field, entities_field)
        return found

    def tag_tokens(self, sentences: Iterable[Sequence[str]]) -> list[TaggedSentence]:
        """Tag tokenised sentences; return one result for each, in order. Offsets are those in the tokens joined by spaces.

        Raises:
            LmnError: `tag` fails, a sentence is a bare string, or a token is empty or holds a line break.
        """
        _refuse_bare(sentences, "tag_tokens takes a list of sentences, and this is a text", "[text.split()]")
        tagged = (text for portion in self.split_portions(map(_joined, sentences)) for text in portion)
        return [text.sentences[0] if text.sentences else TaggedSentence((), ()) for text in tagged]

    def _tag_sentences(self, sentences: Sequence[tuple[str, ...]]) -> list[_Marks]:
        """Return what the system marks in each sentence."""
        marks = [_Marks() for _ in sentences]
        asked = {
            number: sentence
            for number, tokens in enumerate(sentences)
            if not (sentence := Sentence("", tokens)).is_docstart
        }
        answers = self.system.answer(list(asked.values()))
        for (number, sentence), answer in zip(asked.items(), answers, strict=True):
            spans = self.system.read(answer, sentence).spans
            found = _Marks(spans, answer.confidences or (None,) * len(spans), len(answer.pieces) or 1)
            marks[number] = found if self.min_confidence is None else self._sure(found, sentence, self.min_confidence)
        return marks

    def _sure(self, marks: _Marks, sentence: Sentence, least: float) -> _Marks:
        """Return the marks without those that have a smaller confidence.

        Raises:
            LmnError: A mark has no confidence.
        """
        kept = []
        for span, confidence in zip(marks.spans, marks.confidences, strict=True):
            if confidence is None:
                raise no_confidences(self.system, sentence.text[:40])
            if confidence >= least:
                kept.append((span, confidence))
        return _Marks(tuple(span for span, _ in kept), tuple(confidence for _, confidence in kept), marks.pieces)


def _refuse_bare(texts: object, what: str, remedy: str) -> None:
    if isinstance(texts, bytes):
        raise LmnError(f"bytes are not text: {texts[:40]!r}", remedy="decode them first: texts.decode('utf-8')")
    if isinstance(texts, str):
        raise LmnError(f"{what}: {texts[:40]!r}", remedy=f"write {remedy}")


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise LmnError(f"a text is a string, and this is {type(text).__name__}: {text!r:.40}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LmnError(
            f"half a character (surrogate) at {error.start}", repr(text[:40]), "decode the text again"
        ) from error
    return text


def _joined(tokens: Sequence[str]) -> SplitText:
    """Join tokens by spaces, and return the position of each token in the result."""
    _refuse_bare(tokens, "a sentence is a list of tokens, and this is a text", "text.split()")
    offsets = []
    start = 0
    for token in tokens:
        if not token or "\n" in token or "\r" in token:
            raise LmnError(f"{token!r} among {list(tokens)[:10]}: a token may not be empty or hold a line break")
        offsets.append((start, start + len(token)))
        start += len(token) + 1
    return SplitText(_checked(" ".join(tokens)), [offsets] if offsets else [])


def _chunks(sources: Iterable[SplitText]) -> Iterator[list[SplitText]]:
    """Yield sources in lists, each ended by the one with which it has `CHUNK_SENTENCES` sentences or more."""
    chunk: list[SplitText] = []
    sentences = 0
    for source in sources:
        chunk.append(source)
        sentences += len(source.sentences)
        if sentences >= CHUNK_SENTENCES:
            yield chunk
            chunk, sentences = [], 0
    if chunk:
        yield chunk
