"""Entities in raw text: splitting, answers sentence by sentence, and the marked entities on the text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, overload

from ..decoding.model import AUTO, check_dtype
from ..decoding.pretrained import Dtype
from ..decoding.requests import DECODINGS, Decoding
from ..errors import LmnError
from ..sentence import Sentence, Span, without_nested
from ..systems.finding import locate_model, model_files
from ..systems.found_model import FoundModel
from ..systems.options import SystemOptions
from ..systems.system import System
from ..tags import encode
from .splitting import AUTO_LANGUAGE, Offsets, Splitter, split_at_spaces, splitter_for

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


class _Source(NamedTuple):
    """A text and the offsets of its tokens, sentence by sentence."""

    text: str
    sentences: list[list[Offsets]]

    def tokens_of(self, offsets: list[Offsets]) -> tuple[str, ...]:
        """Return the tokens of a sentence."""
        return tuple(self.text[start:end] for start, end in offsets)


class _Marks(NamedTuple):
    """Spans of a sentence, a confidence for each, and the number of pieces that the sentence was read in."""

    spans: tuple[Span, ...] = ()
    confidences: tuple[float | None, ...] = ()
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class Tagger:
    """Tags texts with a system; `load` makes one of an adapter, a merged model or a student.

    Attributes:
        system: System that marks entities in sentences.
        splitter: Splits raw text into sentences and tokens.
        remark: What people should know about how the model computes on this machine; None if there is nothing.
    """

    system: System
    splitter: Splitter = split_at_spaces
    remark: str | None = None

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
        return self._tag_sources(_Source(text, self.splitter(_checked(text))) for text in texts)

    def tag_tokens(self, sentences: Iterable[Sequence[str]]) -> list[TaggedSentence]:
        """Tag tokenised sentences; return one result for each, in order. Offsets are those in the tokens joined by spaces.

        Raises:
            LmnError: `tag` fails, a sentence is a bare string, or a token is empty or holds a line break.
        """
        _refuse_bare(sentences, "tag_tokens takes a list of sentences, and this is a text", "[text.split()]")
        tagged = self._tag_sources(map(_joined, sentences))
        return [text.sentences[0] if text.sentences else TaggedSentence((), ()) for text in tagged]

    def _tag_sources(self, sources: Iterable[_Source]) -> Iterator[TaggedText]:
        for chunk in _chunks(sources):
            tokens = [source.tokens_of(offsets) for source in chunk for offsets in source.sentences]
            marks = iter(self._tag_sentences(tokens))
            for source in chunk:
                sentences = [
                    TaggedSentence(source.tokens_of(offsets), tuple(offsets), *next(marks))
                    for offsets in source.sentences
                ]
                yield TaggedText(source.text, tuple(sentences))

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
            marks[number] = _Marks(spans, answer.confidences or (None,) * len(spans), len(answer.pieces) or 1)
        return marks


def load(
    model: str | os.PathLike[str],
    *,
    base: str | None = None,
    prompt: str | os.PathLike[str] | None = None,
    decoding: Decoding | None = None,
    batch_size: int = 16,
    dtype: Dtype = AUTO,
    language: str | None = AUTO_LANGUAGE,
    trust_remote_code: bool = False,
) -> Tagger:
    """Load an adapter, a merged model or a student for tagging; on CUDA if there is a card.

    Args:
        model: Folder that training has written, folder of a merged model, or Hub id of any.
        base: Folder or Hub id of an adapter's base model; None for the one that the adapter names.
        prompt: A `prompt_spec.json`; None for the one next to the weights.
        decoding: `constrained` writes the sentence with well-formed markup and nothing else; `free` is plain greedy decoding; None
            for the first if the prompt's format allows it.
        batch_size: Number of sentences decoded together.
        dtype: `float32`, `bfloat16`, `float16`, or `auto`: on CUDA as the base model was saved; on a CPU bfloat16 if it has instructions
            for it (AVX-512 BF16, AMX), otherwise float32.
        language: Language of the texts, a code of spaCy's (`en`, `de`, ...; `xx` for any); `auto` for `en`, or for one token a character
            where the prompt joins tokens without spaces; None if spaces separate their tokens.
        trust_remote_code: Whether Python code that comes with the base model may run. Read it first: it can do what you can.

    Raises:
        LmnError: The model, its prompt or its base model cannot be found or loaded, the language is not known, a package is missing,
            or the decoding is unknown or not possible in the prompt's format.
    """
    check_dtype(dtype)
    if decoding is not None and decoding not in DECODINGS:
        raise LmnError(f"no decoding is called {decoding!r}; there are: {', '.join(DECODINGS)}")
    options = SystemOptions(decoding, batch_size, dtype=dtype, trust_remote_code=trust_remote_code)
    place = locate_model(os.fspath(model), base)
    if place.is_student:
        student = place.student(options, prompt=prompt or None)
        student.load()
        return Tagger(student, splitter_for(language, student.file.join))
    found = model_files(place, base, Path(prompt) if prompt else None)
    splitter = splitter_for(language, found.spec.join)
    system = FoundModel(found, options)
    return Tagger(system, splitter, system.load().remark)


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


def _joined(tokens: Sequence[str]) -> _Source:
    """Join tokens by spaces, and return the position of each token in the result."""
    _refuse_bare(tokens, "a sentence is a list of tokens, and this is a text", "text.split()")
    offsets = []
    start = 0
    for token in tokens:
        if not token or "\n" in token or "\r" in token:
            raise LmnError(f"{token!r} among {list(tokens)[:10]}: a token may not be empty or hold a line break")
        offsets.append((start, start + len(token)))
        start += len(token) + 1
    return _Source(_checked(" ".join(tokens)), [offsets] if offsets else [])


def _chunks(sources: Iterable[_Source]) -> Iterator[list[_Source]]:
    """Yield sources in lists, each ended by the one with which it has `CHUNK_SENTENCES` sentences or more."""
    chunk: list[_Source] = []
    sentences = 0
    for source in sources:
        chunk.append(source)
        sentences += len(source.sentences)
        if sentences >= CHUNK_SENTENCES:
            yield chunk
            chunk, sentences = [], 0
    if chunk:
        yield chunk
