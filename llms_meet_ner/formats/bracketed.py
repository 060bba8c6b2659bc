"""The inline bracketed format: the sentence again, every entity as `[Entity Text | LABEL]`.

Published by Zhan et al. (2026, arXiv 2601.17898) and used by the model card stefan-it/Qwen2.5-7B-CoNLL-2003, whose
instruction `full` reproduces byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice

from ..alignment import Alignment
from ..labels import LabelSet
from ..sentence import Sentence, Span, outer_first
from .grounding import Marked, ground
from .markup import Markup
from .readings import TooManyReadingsError, readings
from .wording import VARIANTS, instruction_text

_TASK = (
    "Your task is to identify all named entities in the input sentence and rewrite the sentence by enclosing each "
    "entity using the format [Entity Text | LABEL]. Use only the label tags defined in the Label Set below."
)
_LOOSE_CLOSER = re.compile(r"\|([^\[\]|]{1,80})\]")
_MAX_READINGS = 1_000


class BracketedFormat:
    """Sentences with entities in brackets, nested ones too."""

    name = "bracketed"
    variants = VARIANTS

    def __init__(self, nested: bool = False) -> None:
        self.nested = nested

    def instruction(self, labels: LabelSet, variant: str = "full") -> str:
        """Return the instruction text.

        Args:
            labels: listed in their order; `full` gives long names and definitions, `short` the names alone.
            variant: `full` is the published wording; `short` costs a tenth of its tokens.
        """
        return instruction_text(self, labels, variant, _TASK, "Mark entities as [Entity | LABEL]")

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write a sentence with its spans. Of two spans over the same tokens, the one whose label sorts first is outside."""
        return self.write(sentence.tokens, sentence.spans)

    def write(self, tokens: Sequence[str], spans: Sequence[Span]) -> str:
        """Write tokens with spans, which are in the order of `outer_first`."""
        return _render(tokens, spans)

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        """Read generated text against the tokens of its sentence; all after the first newline is ignored.

        Where two annotations render alike (`is_ambiguous`), the one that closes its entities first is read.
        Time grows linearly with the text as long as it is what the format asks for, and stays near that otherwise.
        """
        line = text.partition("\n")[0]
        spans = self._read_exactly(line, tokens, labels)
        if spans is None and (stripped := line.strip()) != line:
            spans = self._read_exactly(stripped, tokens, labels)
        if spans is not None:
            return Alignment(spans, "exact")
        pieces, loose = _split_markup(line, " ".join(tokens), labels)
        return ground(pieces, tokens, labels, nested=self.nested, loose_markup=loose)

    def markup(self, labels: LabelSet) -> Markup:
        """Return what stands before and after an entity."""
        return Markup("[", {label: f" | {label}]" for label in labels.names})

    def entity_ranges(self, tokens: tuple[str, ...], spans: tuple[Span, ...]) -> list[tuple[int, int]]:
        """Return where each entity stands in the rendered text, from its opening bracket to after its closing one.

        Args:
            tokens: of the sentence.
            spans: in the order of `outer_first`.

        Returns:
            Pairs of character offsets, end exclusive, in the order of the spans.
        """
        before = [0] * len(tokens)
        after = [0] * len(tokens)
        for span in spans:
            before[span.start] += 1
            after[span.end - 1] += len(f" | {span.label}]")
        starts, ends, at = [], [], 0
        for token, opening, closing in zip(tokens, before, after):
            starts.append(at)
            at += opening + len(token)
            ends.append(at)
            at += closing + 1
        ranges: list[tuple[int, int]] = [(0, 0)] * len(spans)
        for number, span in enumerate(spans):  # outer entities come first
            ranges[number] = (starts[span.start], 0)
            starts[span.start] += 1
        for number, span in reversed(list(enumerate(spans))):
            ends[span.end - 1] += len(f" | {span.label}]")
            ranges[number] = (ranges[number][0], ends[span.end - 1])
        return ranges

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Whether another annotation of the same tokens, with these labels, renders alike.

        That takes a ` | LABEL]` among the tokens themselves. Where more readings than a thousand would have to be looked at
        the answer is True.
        """
        tokens = sentence.tokens
        if not _closer(labels).search(sentence.text):
            return False
        text = self.render(sentence)
        found: set[tuple[Span, ...]] = set()
        try:
            for number, spans in enumerate(self._readings(text, tokens, labels), start=1):
                if _render(tokens, spans) == text:
                    found.add(spans)
                if len(found) > 1 or number == _MAX_READINGS:
                    return True
        except TooManyReadingsError:
            return True
        return False

    def _read_exactly(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> tuple[Span, ...] | None:
        """Return the spans if the text is the source with well-formed markup and nothing else, or None."""
        source = " ".join(tokens)
        if text == source:
            return ()
        closer = _closer(labels)
        if closer.search(source):
            return self._first_reading(text, tokens, labels)
        marked = _strip_markup(closer.split(text), source, self.nested)
        if marked is None:
            return None
        return _on_tokens(marked, tokens, source)

    def _first_reading(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> tuple[Span, ...] | None:
        """Return the first reading that renders to the text again, else the first one of all, else None."""
        first: tuple[Span, ...] | None = None
        with suppress(TooManyReadingsError):
            for spans in islice(self._readings(text, tokens, labels), _MAX_READINGS):
                if _render(tokens, spans) == text:
                    return spans
                if first is None:
                    first = spans
        return first

    def _readings(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Iterator[tuple[Span, ...]]:
        return readings(text, tokens, _closer(labels), len(tokens) * len(labels) if self.nested else 1)


@lru_cache(maxsize=64)
def _closer_of(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r" \| (" + "|".join(map(re.escape, names)) + r")\]")


def _closer(labels: LabelSet) -> re.Pattern[str]:
    """Pattern of what closes an entity; its one group is the label."""
    return _closer_of(labels.names)


def _render(tokens: Sequence[str], spans: Sequence[Span]) -> str:
    if not spans:
        return " ".join(tokens)
    written = list(tokens)
    for span in reversed(spans):  # inner spans come after outer ones: their brackets are written first
        written[span.start] = "[" + written[span.start]
        written[span.end - 1] += f" | {span.label}]"
    return " ".join(written)


def _strip_markup(pieces: list[str], source: str, nested: bool) -> list[tuple[int, int, str]] | None:
    """Take the brackets away and check that the source remains.

    Args:
        pieces: the text split at ` | LABEL]`: text, label, text, ..., text.
        source: the sentence, in which no ` | LABEL]` stands.
        nested: whether entities may lie in entities.

    Returns:
        Entities as (start, end, label) in characters of the source, end exclusive; None where anything else than the source
        remains or brackets do not pair.
    """
    plain: list[str] = []
    offset = 0
    open_starts: list[int] = []
    marked: list[tuple[int, int, str]] = []
    source_has_brackets = "[" in source
    for number, piece in enumerate(pieces):
        if number % 2:
            if not open_starts or (len(open_starts) > 1 and not nested):
                return None
            marked.append((open_starts.pop(), offset, piece))
        elif source_has_brackets:
            offset = _strip_openers(piece, source, offset, open_starts, plain)
            if offset < 0:
                return None
        else:
            first, *others = piece.split("[")
            plain.append(first)
            offset += len(first)
            for other in others:
                open_starts.append(offset)
                plain.append(other)
                offset += len(other)
    return marked if not open_starts and "".join(plain) == source else None


def _strip_openers(piece: str, source: str, offset: int, open_starts: list[int], plain: list[str]) -> int:
    """Take the opening brackets out of a piece of text where the source has brackets too.

    Of a run of brackets the last ones are the source's own. Appends to `open_starts` and `plain`.

    Returns:
        The offset after the piece, in characters of the source; -1 where the source has more brackets than the text.
    """
    at = 0
    while (bracket := piece.find("[", at)) >= 0:
        run = bracket
        while piece.startswith("[", run):
            run += 1
        plain.append(piece[at:bracket])
        offset += bracket - at
        literal = 0
        while source.startswith("[", offset + literal):
            literal += 1
        if literal > run - bracket:
            return -1
        open_starts += [offset] * (run - bracket - literal)
        plain.append("[" * literal)
        offset += literal
        at = run
    plain.append(piece[at:])
    return offset + len(piece) - at


def _on_tokens(marked: list[tuple[int, int, str]], tokens: tuple[str, ...], source: str) -> tuple[Span, ...] | None:
    """Turn character ranges of the source into token spans, or None where one cuts a token or stands twice."""
    if not marked:
        return ()
    to_span = _by_spaces if source.count(" ") == len(tokens) - 1 else _by_offsets
    spans = to_span(marked, tokens, source)
    if spans is not None and len(spans) > 1:
        if len(set(spans)) < len(spans):
            return None
        spans.sort(key=outer_first)
    return None if spans is None else tuple(spans)


def _by_spaces(marked: list[tuple[int, int, str]], tokens: tuple[str, ...], source: str) -> list[Span] | None:
    """Find token positions by counting spaces: for sentences without a space inside a token."""
    spans: list[Span] = []
    length = len(source)
    for start, end, label in marked:
        if (
            start >= end
            or (start and source[start - 1] != " ")
            or (end < length and source[end] != " ")
            or source[start] == " "
        ):
            return None
        first = source.count(" ", 0, start)
        spans.append(Span(first, first + source.count(" ", start, end) + 1, label))
    return spans


def _by_offsets(marked: list[tuple[int, int, str]], tokens: tuple[str, ...], source: str) -> list[Span] | None:
    """Find token positions by a table of offsets."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    offset = 0
    for index, token in enumerate(tokens):
        starts[offset] = index
        offset += len(token)
        ends[offset] = index + 1
        offset += 1
    try:
        return [Span(starts[start], ends[end], label) for start, end, label in marked]
    except (KeyError, ValueError):
        return None


def _split_markup(line: str, source: str, labels: LabelSet) -> tuple[list[str | Marked], bool]:
    """Split a damaged text at what closes entities.

    Returns:
        Text pieces and closers in order, and whether any closer was not written exactly ` | LABEL]`.
    """
    pieces: list[str | Marked] = []
    at = 0
    loose = False
    for found in _LOOSE_CLOSER.finditer(line):
        label = found[1].strip()
        literal = found[0] in source
        if not label or (literal and label not in labels):
            continue
        before = line[at : found.start()]
        loose = loose or not (before.endswith(" ") and not before.endswith("  ") and found[1] == f" {label}")
        pieces += [before, Marked(label, literal=literal)]
        at = found.end()
    pieces.append(line[at:])
    return pieces, loose
