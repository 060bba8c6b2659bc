"""Entities in raw text: split, ask the model sentence by sentence, put what it marks back on the text."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..decoding.batches import plan_batches
from ..decoding.bounds import token_bound
from ..decoding.requests import Decoding, Generator, Request
from ..errors import LmnError
from ..formats import get_format
from ..prompting.spec import PromptSpec
from ..records import Generated
from ..sentence import DOCSTART, Span, without_nested
from ..systems.engines import check_decoding, make_generator, resolve_decoding
from ..tags import encode
from .splitting import Offsets, Splitter, make_splitter, split_at_spaces

CHUNK_SENTENCES = 256
"""Sentences that are sorted by length and tagged together, before any of them comes out."""
MAX_TOKENS = 256
"""Tokens of a sentence that the model reads at once; longer ones are read in pieces."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity in a text.

    Attributes:
        start: of its first character; characters are Unicode code points, counted from 0, as Python does.
        end: after its last one.
        label: of the prompt's label set.
        text: what stands there.
        confidence: the probability that the model gives it, or None where the decoding gives none.

    Raises:
        ValueError: the places do not fit the text.
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
        tokens: as the model read them.
        offsets: where each token stands in the text, in characters, end exclusive.
        spans: the entities by token positions of this sentence, sorted as in a `Sentence`.
        confidences: one a span, each None where the decoding gives none.

    Raises:
        ValueError: offsets and tokens, or spans and confidences, are not as many.
    """

    tokens: tuple[str, ...]
    offsets: tuple[Offsets, ...]
    spans: tuple[Span, ...] = ()
    confidences: tuple[float | None, ...] = ()

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
        text: as it was given.
        sentences: in order; none where the text holds nothing but white space.
    """

    text: str
    sentences: tuple[TaggedSentence, ...]

    @property
    def entities(self) -> tuple[Entity, ...]:
        """The entities, sorted by start, outer ones before those inside them."""
        return tuple(
            Entity(start, end, span.label, self.text[start:end], confidence)
            for sentence in self.sentences
            for span, confidence in zip(sentence.spans, sentence.confidences, strict=True)
            for start, end in [(sentence.offsets[span.start][0], sentence.offsets[span.end - 1][1])]
        )

    def brackets(self) -> str:
        """Return the text with every entity as `[Entity | LABEL]`; without that markup it is the text again."""
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
        """Return a mapping for JSON: `text`, and `entities` with `start`, `end`, `label`, `text`, `confidence`."""
        return {"text": self.text, "entities": [entity.to_dict() for entity in self.entities]}

    def conll(self) -> str:
        """Return a line `token TAB tag` (IOB2) a token and an empty line after each sentence; of nested entities the outer ones."""
        lines: list[str] = []
        for sentence in self.sentences:
            tags = encode(without_nested(sentence.spans), len(sentence.tokens))
            lines += [f"{token}\t{tag}\n" for token, tag in zip(sentence.tokens, tags, strict=True)]
            lines.append("\n")
        return "".join(lines)


class _Source(NamedTuple):
    """A text and the offsets of its tokens, sentence by sentence."""

    text: str
    sentences: list[list[Offsets]]

    def tokens_of(self, offsets: list[Offsets]) -> tuple[str, ...]:
        """Return the tokens of a sentence."""
        return tuple(self.text[start:end] for start, end in offsets)


class _Marks(NamedTuple):
    """Spans of a sentence and a confidence for each."""

    spans: tuple[Span, ...]
    confidences: tuple[float | None, ...]


class _Piece(NamedTuple):
    """What the model reads at once of a sentence: a number of it, its first token's position, its tokens."""

    sentence: int
    start: int
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tagger:
    """Tags texts with a model; `load` makes one of an adapter.

    Attributes:
        tokenizer: of the base model, prepared for the prompt's template.
        spec: the prompt, with its template.
        generator: of the decoding that is wanted.
        splitter: of raw text.
        batch_size: sentences that are decoded together.
        window: the most token ids that the model can read and write at once, or None.

    Raises:
        ValueError: the batch size is less than 1.
    """

    tokenizer: Any
    spec: PromptSpec
    generator: Generator
    splitter: Splitter = split_at_spaces
    batch_size: int = 16
    window: int | None = None

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}")

    def tag(self, texts: Iterable[str]) -> list[TaggedText]:
        """Tag texts of any length; one result each, in order. An empty text has an empty result.

        A sentence of more than `MAX_TOKENS` tokens is read in pieces, so that an entity across a cut is lost or torn; one that
        the model cannot read at all has no entities. Both are logged as warnings.

        Raises:
            LmnError: a text cannot be written in UTF-8, or the device's memory is too small for a batch.
        """
        return list(self.stream(texts))

    def stream(self, texts: Iterable[str]) -> Iterator[TaggedText]:
        """Tag texts as they come, as `tag`; results come as soon as `CHUNK_SENTENCES` sentences are together."""
        return self._tag_sources(_Source(text, self.splitter(_checked(text))) for text in texts)

    def tag_tokens(self, sentences: Iterable[Sequence[str]]) -> list[TaggedSentence]:
        """Tag sentences that are tokenised already; one result each, in order. Offsets are those in the tokens joined by spaces.

        Raises:
            LmnError: as `tag`, or a token is empty or holds a line break.
        """
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
        """Return what the model marks in each sentence."""
        fmt = get_format(self.spec.format, nested=self.spec.nested)
        marks = [_Marks((), ()) for _ in sentences]
        pieces = list(_pieces(sentences))
        for piece, output in zip(pieces, self._generate(pieces), strict=True):
            if output is not None:
                spans = fmt.parse(output.text, piece.tokens, self.spec.labels).spans
                before = marks[piece.sentence]
                marks[piece.sentence] = _Marks(
                    before.spans + tuple(Span(s.start + piece.start, s.end + piece.start, s.label) for s in spans),
                    before.confidences + (output.confidences or (None,) * len(spans)),
                )
        return marks

    def _generate(self, pieces: Sequence[_Piece]) -> list[Generated | None]:
        """Return an output a piece, None where the model's window is too small for it."""
        from ..prompting.templates import encode_prompt

        sources = [" ".join(piece.tokens) for piece in pieces]
        prompts = [encode_prompt(self.tokenizer, self.spec, source) for source in sources]
        lengths = [len(self.tokenizer.encode(source, add_special_tokens=False)) for source in sources]
        outputs: list[Generated | None] = [None] * len(pieces)
        asked = []
        for item, source in enumerate(sources):
            if self.window is None or len(prompts[item]) + lengths[item] <= self.window:
                asked.append(item)
            else:
                _log.warning("%r... is too long for the model and stays without entities", source[:40])
        bounds = [token_bound(self.tokenizer, self.spec, pieces[item].tokens) for item in asked]
        plan = plan_batches([len(prompts[item]) for item in asked], bounds, self.batch_size)
        for batch in plan:
            items = [asked[place] for place in batch.items]
            requests = [
                Request(prompts[item], pieces[item].tokens, limit) for item, limit in zip(items, batch.max_new_tokens)
            ]
            for item, output in zip(items, self.generator.generate(requests), strict=True):
                outputs[item] = output
        return outputs


def load(
    adapter: str | os.PathLike[str],
    *,
    base: str | None = None,
    prompt: str | os.PathLike[str] | None = None,
    decoding: Decoding | None = None,
    batch_size: int = 16,
    dtype: str = "auto",
    language: str | None = "en",
) -> Tagger:
    """Load an adapter for tagging; on CUDA if there is one.

    Args:
        adapter: a folder that training has written, or a Hub id.
        base: folder or Hub id of the base model; None for the one that the adapter names.
        prompt: a `prompt_spec.json`; None for the one beside the adapter.
        decoding: `constrained` writes the sentence with well-formed markup and nothing else; `free` is plain greedy decoding; None
            for the first where the prompt's format allows it.
        batch_size: sentences that are decoded together.
        dtype: `float32`, `bfloat16`, `float16`, or `auto`: as the base model was saved on CUDA, float32 on a CPU.
        language: of the texts, a code of spaCy's (`en`, `de`, ...; `xx` for any); None where their tokens are apart by spaces.

    Raises:
        LmnError: the adapter, its prompt or its model cannot be found or loaded, the language is not known, a package is missing, or
            the decoding is none or not one for the format.
    """
    from ..decoding.model import load_adapter
    from ..systems.adapters import find_adapter

    check_decoding(decoding)
    splitter = split_at_spaces if language is None else make_splitter(language)
    found = find_adapter(os.fspath(adapter), base, Path(prompt) if prompt else None)
    decoding = resolve_decoding(decoding, found.spec.format)  # what does not fit is told before the model is loaded
    loaded = load_adapter(found.base, found.spec, found.folder, dtype)
    generator = make_generator(loaded, found.spec, decoding)
    return Tagger(loaded.tokenizer, found.spec, generator, splitter, batch_size, loaded.window)


def _checked(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LmnError(f"{text[:40]!r}: half a character (surrogate) at {error.start}; decode the text anew") from error
    return text


def _joined(tokens: Sequence[str]) -> _Source:
    """Join tokens by spaces, and say where each of them stands then."""
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


def _pieces(sentences: Sequence[tuple[str, ...]]) -> Iterator[_Piece]:
    """Yield what the model is to read; a document separator it does not."""
    for number, tokens in enumerate(sentences):
        if tokens == (DOCSTART,):
            continue
        if len(tokens) > MAX_TOKENS:
            _log.warning(
                "%r... has %d tokens and is read in pieces of %d; an entity across a cut may be lost",
                " ".join(tokens[:6]), len(tokens), MAX_TOKENS,
            )  # fmt: skip
        for start in range(0, len(tokens), MAX_TOKENS):
            yield _Piece(number, start, tokens[start : start + MAX_TOKENS])
