"""Sentences and the spans on them: what a corpus holds, whatever its file format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Literal, NamedTuple

from .typed_json import written_as_list

Join = Literal[" ", ""]
SPACE: Final = " "
JOINS: tuple[Join, ...] = (SPACE, "")
"""What stands between two tokens in the text that a model reads and writes: a space, or nothing where words are not separated.

Anything else would be text of the sentence that belongs to no token.
"""


class Where(NamedTuple):
    """A line of a file.

    Attributes:
        file: Path as the user gave it.
        line: Line number, counted from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The tokens of an entity, and its label.

    Attributes:
        start: Position of the first token, counted from 0.
        end: Position after the last token.
        label: Label of the entity.

    Raises:
        ValueError: The span is empty or negative, or the label is empty.
    """

    start: int
    end: int
    label: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or not self.label:
            raise ValueError(f"not a span: start {self.start}, end {self.end}, label {self.label!r}")


written_as_list(Span)


def outer_first(span: Span) -> tuple[int, int, str]:
    """Return the sort key of a span in a sentence: by start, then the longer span first, then by label.

    If two spans cover the same tokens, the one whose label sorts first counts as the outer one.
    """
    return span.start, -span.end, span.label


def find_crossing(spans: tuple[Span, ...]) -> tuple[Span, Span] | None:
    """Return two spans that overlap without one lying inside the other, or None.

    Args:
        spans: Spans in the order of `outer_first`.
    """
    open_spans: list[Span] = []
    for span in spans:
        while open_spans and open_spans[-1].end <= span.start:
            open_spans.pop()
        if open_spans and open_spans[-1].end < span.end:
            return open_spans[-1], span
        open_spans.append(span)
    return None


def without_nested(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the outermost spans only.

    Args:
        spans: Spans in the order of `outer_first`; no two may cross.
    """
    kept: list[Span] = []
    for span in spans:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a corpus: its tokens and the spans on them.

    Attributes:
        id: `<corpus>/<split>/<n>`; n counts from 0 over all sentences of the split's file, `-DOCSTART-` lines included.
        tokens: One or more tokens; a token is not empty and holds no line break.
        spans: Spans inside the sentence, in the order of `outer_first`. No two are equal or cross; they nest only in nested
            corpora.
        where: First line of the sentence in its file; ignored when sentences are compared.

    Raises:
        ValueError: One of these rules is broken; the message quotes the offending value.
    """

    id: str
    tokens: tuple[str, ...]
    spans: tuple[Span, ...] = ()
    where: Where | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        tokens = self.tokens
        if not tokens or "" in tokens:
            raise ValueError(f"{self._name()}: a sentence needs tokens, and none may be empty: {tokens!r}")
        joined = "".join(tokens)
        if "\n" in joined or "\r" in joined:
            raise ValueError(f"{self._name()}: a token holds a line break: {tokens!r}")
        if self.spans:
            self._check_spans()

    def _check_spans(self) -> None:
        spans = self.spans
        if len(spans) > 1:
            last = spans[0]
            flat = True
            for span in spans[1:]:
                if span.start < last.end:
                    flat = False
                    break
                last = span
            if not flat:
                if list(spans) != sorted(set(spans), key=outer_first):
                    raise ValueError(f"{self._name()}: spans are not sorted or one is repeated: {spans!r}")
                crossing = find_crossing(spans)
                if crossing:
                    raise ValueError(f"{self._name()}: spans cross: {crossing[0]!r} and {crossing[1]!r}")
                last = max(spans, key=lambda span: span.end)
        else:
            last = spans[0]
        if last.end > len(self.tokens):
            raise ValueError(f"{self._name()}: {last!r} ends after the last of {len(self.tokens)} tokens")

    def _name(self) -> str:
        return f"{self.where}: {self.id}" if self.where else self.id

    @property
    def text(self) -> str:
        """The tokens joined by single spaces, so that people see them. What a model reads is `PromptSpec.source`."""
        return SPACE.join(self.tokens)

    def _repr_html_(self) -> str:
        """Return the sentence as notebooks show it, its entities drawn."""
        from .rendering.notebook import DrawnSpan, drawn_text  # here, so that jinja2 is read only where it draws

        starts = [0, *accumulate(len(token) + 1 for token in self.tokens)]
        spans = [DrawnSpan(starts[span.start], starts[span.end] - 1, span.label) for span in self.spans]
        return drawn_text(self.text, spans, self._name())

    @property
    def is_nested(self) -> bool:
        """Whether any span lies inside another one."""
        return without_nested(self.spans) != self.spans

    @property
    def is_docstart(self) -> bool:
        """Whether this is a document separator instead of text: its only token is `-DOCSTART-`."""
        return self.tokens == (DOCSTART,)


DOCSTART = "-DOCSTART-"

LONGEST_MENTION = 200
"""Number of tokens by which mentions are told apart."""


def mention_of(tokens: tuple[str, ...], span: Span) -> tuple[str, ...]:
    """Return the words of an entity.

    Of an entity of more than `LONGEST_MENTION` tokens, these are the first ones and a word that gives the length: entities that lie
    inside each other by the thousand would hold a sentence a thousand times.
    """
    length = span.end - span.start
    if length <= LONGEST_MENTION:
        return tokens[span.start : span.end]
    return (*tokens[span.start : span.start + LONGEST_MENTION], f"... ({length:,} tokens)")


def tokens_sha1(tokens: tuple[str, ...]) -> str:
    """Return the hash of a sentence's tokens, which ties a prediction to its sentence.

    It is the hexadecimal SHA-1 of the tokens in UTF-8, one token on each line.
    """
    return hashlib.sha1("\n".join(tokens).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
