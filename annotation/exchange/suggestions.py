"""The sentences that people are to correct: their text, the characters of their tokens, and the entities that are suggested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...data_converters.cards import Card
from ...data_converters.readers.argilla import found_in
from ...data_converters.readers.offsets import Counting, Unit
from ...eval.evaluate import read_gold
from ...sentence import Sentence, Span
from ...tagging.splitting import Offsets
from ..provenance import Provenance, provenance_of

ID_KEY = "lmn_id"
"""Key of the id of a sentence in the files of tools."""


@dataclass(frozen=True)
class Suggested:
    """A sentence and the entities that are suggested for it.

    Attributes:
        sentence: The sentence.
        text: Its text as people see it: the tokens in order, with nothing but white space between them.
        confidences: A probability for each entity; None if there are none.
        agent: Name of what suggests the entities.
    """

    sentence: Sentence
    text: str
    confidences: tuple[float, ...] | None
    agent: str

    @cached_property
    def kept(self) -> tuple[int, ...]:
        """Positions of the tokens that are more than white space, which no tool can mark."""
        return tuple(at for at, token in enumerate(self.sentence.tokens) if token.strip())

    @cached_property
    def offsets(self) -> tuple[Offsets, ...]:
        """Code points of these tokens in the text."""
        found = found_in(self.text, list(self.sentence.tokens))
        assert found is not None  # checked when the text was chosen
        return tuple(found)

    def marked(self) -> Iterator[Marked]:
        """Yield the entities that have a place in the text; one over white space alone has none."""
        sure: Sequence[float | None] = self.confidences or [None] * len(self.sentence.spans)
        for span, confidence in zip(self.sentence.spans, sure, strict=True):
            inside = [number for number, at in enumerate(self.kept) if span.start <= at < span.end]
            if inside:
                first, last = inside[0], inside[-1]
                yield Marked(span, self.offsets[first][0], self.offsets[last][1], first, last, self.text, confidence)


@dataclass(frozen=True, slots=True)
class Marked:
    """An entity by its characters.

    Attributes:
        span: The entity on the tokens of its sentence.
        start: Code point of its first character.
        end: Code point after its last character.
        first: Number of its first token among those that are more than white space.
        last: Number of its last one.
        text: Text of the sentence.
        confidence: Its probability; None if it is not known.
    """

    span: Span
    start: int
    end: int
    first: int
    last: int
    text: str
    confidence: float | None

    @property
    def words(self) -> str:
        """Text of the entity."""
        return self.text[self.start : self.end]

    def counted(self, unit: Unit) -> tuple[int, int]:
        """Return start and end in the unit of a tool."""
        if unit == "code-points":
            return self.start, self.end
        return _units(self.text[: self.start]), _units(self.text[: self.end])


def _units(text: str) -> int:
    """Return the number of UTF-16 units of a text."""
    return len(Counting("utf-16").positions(text)[0]) - 1


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Sentences of a split for people to correct.

    Attributes:
        card: Card of the corpus.
        split: Name of the split.
        sentences: The sentences, in the order of the corpus.
        provenance: Where their labels come from, by id; empty for a corpus that does not say.
        left_out: Number of things that no tool can show, by kind.
    """

    card: Card
    split: str
    sentences: tuple[Suggested, ...]
    provenance: Mapping[str, Provenance]
    left_out: dict[str, int]


def read_suggestions(card: Card, split: str, source: Path | None = None) -> Suggestions:
    """Read a split, and what is known of its labels.

    Raises:
        LmnError: The split cannot be read.
    """
    read = read_gold(card, split, source).sentences
    shown = [
        sentence for sentence in read if not sentence.is_docstart and any(token.strip() for token in sentence.tokens)
    ]
    known = provenance_of(card)
    lines = _Lines()
    sentences = []
    for sentence in shown:
        row = known.get(sentence.id)
        confidences = row.confidences if row and len(row.confidences or ()) == len(sentence.spans) else None
        agent = row.system if row else card.name
        sentences.append(Suggested(sentence, lines.text_of(sentence, row, card.join), confidences, agent))
    docstarts = sum(sentence.is_docstart for sentence in read)
    left_out = {"document separators": docstarts, "sentences of white space": len(read) - docstarts - len(shown)}
    return Suggestions(card, split, tuple(sentences), known, {kind: count for kind, count in left_out.items() if count})


class _Lines:
    """The original texts of sentences, as far as their files are still there and still hold them."""

    def __init__(self) -> None:
        self._files: dict[str, Sequence[str]] = {}

    def text_of(self, sentence: Sentence, row: Provenance | None, join: str) -> str:
        """Return the original text of a sentence; its tokens joined if that is not known."""
        joined = join.join(sentence.tokens)
        if row is None or None in (row.file, row.line, row.start, row.end):
            return joined
        assert row.file is not None
        assert row.line is not None
        lines = self._read(row.file)
        line = lines[row.line - 1] if row.line <= len(lines) else ""
        text = line[row.start : row.end]
        return joined if found_in(text, list(sentence.tokens)) is None else text

    def _read(self, name: str) -> Sequence[str]:
        if name not in self._files:
            path = Path(name)
            try:
                is_text = path.suffix.lower() not in (".jsonl", ".ndjson")
                text = path.read_bytes().decode("utf-8-sig") if is_text and path.is_file() else ""
                self._files[name] = [line.rstrip("\r") for line in text.split("\n")]
            except (OSError, UnicodeDecodeError):
                self._files[name] = ()
        return self._files[name]
