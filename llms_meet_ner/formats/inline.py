"""Common parts of the formats that write the sentence again, with marks around its entities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from ..alignment import EXACT, REPAIRED, Alignment
from ..labels import LabelSet
from ..sentence import SPACE, Join, Sentence, Span, outer_first
from .grounding import ground
from .instructions import VARIANTS, instruction_text, sentence_task
from .markup import Mark, Markup
from .readings import MarkPatterns, Reading, TooManyReadingsError, readings
from .unspaced import form

_MAX_READINGS = 1_000
_MAX_POSITIONS = 200_000
_MAX_UNSPACED = 30_000
"""Positions at which a search for readings gives up: in a text as it is written, and in one without its white space."""
_FEW = 20
"""Entities up to which it is faster to count spaces than to list the offsets of all tokens."""


class InlineFormat(ABC):
    """A format that writes the sentence again, with a mark before and after each entity, also if entities nest.

    Constrained decoding can write these formats.
    """

    name: str
    variants = VARIANTS

    def __init__(self, nested: bool = False, join: Join = SPACE) -> None:
        self.nested = nested
        self.join = join

    @staticmethod
    @abstractmethod
    def marks(label: str) -> tuple[str, str]:
        """Return the opening and the closing mark of an entity with this label."""

    @abstractmethod
    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether another annotation of the same tokens renders to the same text, so that no parser can tell them apart."""

    @abstractmethod
    def _read_exactly(
        self, text: str, tokens: tuple[str, ...], labels: LabelSet, reasons: set[str]
    ) -> tuple[Span, ...] | None:
        """Return the spans if the text is the source with well-formed markup and nothing else, or None.

        If there are too many ways to read it to try them all, `approximate` is added to the reasons.
        """

    @staticmethod
    @abstractmethod
    def _patterns(names: tuple[str, ...], *, spaced: bool = True) -> MarkPatterns:
        """Return the patterns of the marks of labels with these names; with `spaced` false, as they are without white space."""

    @abstractmethod
    def _split_markup(self, line: str, source: str, labels: LabelSet) -> tuple[list[str | Mark], bool]:
        """Split a damaged text at its marks.

        Returns:
            Pieces of text and marks in order, and whether any mark was not written exactly as asked for.
        """

    def instruction(self, labels: LabelSet, variant: str = "full") -> str:
        """Return the instruction text.

        Args:
            labels: Labels in the order in which to list them; `full` gives long names and definitions, `short` only the names.
            variant: `full` is the published wording; `short` costs a tenth of its tokens.

        Raises:
            LmnError: The format does not have this variant.
        """
        before, after = self.marks("LABEL")
        task = sentence_task(f"{before}Entity Text{after}")
        return instruction_text(self, labels, variant, task, f"Mark entities as {before}Entity{after}")

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write a sentence with its spans. Of two spans over the same tokens, the one whose label sorts first is outside."""
        return self.write(sentence.tokens, sentence.spans)

    def write(self, tokens: Sequence[str], spans: Sequence[Span]) -> str:
        """Write tokens with spans, which must be in the order of `outer_first`."""
        if not spans:
            return self.join.join(tokens)
        written = list(tokens)
        for span in reversed(spans):  # inner spans come after outer ones, so their marks are written first
            before, after = self.marks(span.label)
            written[span.start] = before + written[span.start]
            written[span.end - 1] += after
        return self.join.join(written)

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        """Read a generated text against the tokens of its sentence, up to its first newline.

        If two annotations render to the same text (`is_ambiguous`), the one that closes its entities first is read.
        The time grows linearly with a text that is written as the format asks, and about linearly with any other.
        """
        line = text.partition("\n")[0]
        reasons: set[str] = set()
        spans = self._read_exactly(line, tokens, labels, reasons)
        if spans is None and (stripped := line.strip()) != line:
            spans = self._read_exactly(stripped, tokens, labels, reasons)
        if spans is not None:
            return Alignment(spans, REPAIRED if reasons else EXACT, tuple(reasons))
        pieces, loose = self._split_markup(line, self.join.join(tokens), labels)
        spans = self._read_unspaced(line, tokens, labels, reasons)
        if spans is not None:
            return Alignment(spans, REPAIRED, tuple(sorted({*reasons, "loose-markup" if loose else "respaced"})))
        alignment = ground(pieces, tokens, labels, nested=self.nested, loose_markup=loose)
        return replace(alignment, reasons=tuple(sorted({*alignment.reasons, *reasons}))) if reasons else alignment

    def _has_readings(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether a rendered sentence has several readings that render again, or too many to compare them all."""
        text = self.render(sentence)
        found = 0
        try:
            marks = self._patterns(labels.names)
            for number, reading in enumerate(self._readings(text, sentence.tokens, marks, self.join), 1):
                found += reading.renders_again
                if found > 1 or number == _MAX_READINGS:
                    return True
        except TooManyReadingsError:
            return True
        return False

    def _first_reading(
        self,
        text: str,
        tokens: tuple[str, ...],
        marks: MarkPatterns,
        reasons: set[str],
        join: Join,
        likely_ends: Collection[int] = (),
        most: int = _MAX_POSITIONS,
    ) -> tuple[Span, ...] | None:
        """Return the first reading that renders to the text again, or else the first reading, or else None.

        If there are too many to try them all, `approximate` is added to the reasons.
        """
        first: Reading | None = None
        try:
            for number, reading in enumerate(self._readings(text, tokens, marks, join, likely_ends, most), 1):
                if reading.renders_again:
                    return reading.spans()
                first = first or reading
                if number == _MAX_READINGS:
                    raise TooManyReadingsError
        except TooManyReadingsError:
            reasons.add("approximate")
        return None if first is None else first.spans()

    def _readings(
        self,
        text: str,
        tokens: tuple[str, ...],
        marks: MarkPatterns,
        join: Join,
        likely_ends: Collection[int] = (),
        most: int = _MAX_POSITIONS,
    ) -> Iterator[Reading]:
        most_open = len(text) if self.nested else 1
        return readings(
            text, tokens, marks, most_open, join, likely_ends, max_positions=most if join else min(most, _MAX_UNSPACED)
        )

    def _read_unspaced(
        self, line: str, tokens: tuple[str, ...], labels: LabelSet, reasons: set[str]
    ) -> tuple[Span, ...] | None:
        """Return the spans of a text that is well-formed but for white space, Unicode form and case, or None.

        This is for sentences that look marked themselves: which marks of the text are theirs takes a search. A text of another
        sentence is left to grounding, which does not search.
        """
        kept = [(index, written) for index, token in enumerate(tokens) if (written := form(token))]
        names = {form(label): label for label in labels.names}
        marks = self._patterns(tuple(names), spaced=False)
        source = "".join(written for _, written in kept)
        if len(names) < len(labels) or not (marks.opener.search(source) or marks.closer.search(source)):
            return None
        text = " ".join(line.split())
        if text != line and (spans := self._read_exactly(text, tokens, labels, set())) is not None:
            return spans
        words = [form(word) for word in text.split()]
        ends = set(accumulate(map(len, words)))
        forms = tuple(written for _, written in kept)
        spans = self._first_reading("".join(words), forms, marks, reasons, "", ends, _MAX_UNSPACED)
        if spans is None:
            return None
        return tuple(Span(kept[span.start][0], kept[span.end - 1][0] + 1, names[span.label]) for span in spans)

    def markup(self, labels: LabelSet) -> Markup:
        """Return the opening and closing marks of all labels."""
        marks = {label: self.marks(label) for label in labels.names}
        return Markup(
            {label: before for label, (before, _) in marks.items()},
            {label: after for label, (_, after) in marks.items()},
        )

    def entity_ranges(self, tokens: tuple[str, ...], spans: tuple[Span, ...]) -> list[tuple[int, int]]:
        """Return where each entity is in the rendered text, with its marks.

        Args:
            tokens: Tokens of the sentence.
            spans: Spans in the order of `outer_first`.

        Returns:
            A (start, end) pair of character offsets for each span, end exclusive, in the order of the spans.
        """
        lengths = [tuple(map(len, self.marks(span.label))) for span in spans]
        before = [0] * len(tokens)
        after = [0] * len(tokens)
        for span, (opening, closing) in zip(spans, lengths):
            before[span.start] += opening
            after[span.end - 1] += closing
        starts, ends, at = [], [], 0
        for token, opening, closing in zip(tokens, before, after):
            starts.append(at)
            at += opening + len(token)
            ends.append(at)
            at += closing + len(self.join)
        ranges: list[tuple[int, int]] = [(0, 0)] * len(spans)
        for number, (span, (opening, _)) in enumerate(zip(spans, lengths)):  # outer entities come first
            ranges[number] = (starts[span.start], 0)
            starts[span.start] += opening
        for number in reversed(range(len(spans))):
            last = spans[number].end - 1
            ends[last] += lengths[number][1]
            ranges[number] = (ranges[number][0], ends[last])
        return ranges


def spans_on_tokens(
    marked: list[tuple[int, int, str]], tokens: tuple[str, ...], source: str, join: Join = SPACE
) -> tuple[Span, ...] | None:
    """Turn entities at characters of the source into token spans.

    Args:
        marked: Entities as (start, end, label), in characters of the source, end exclusive.
        tokens: Tokens of the sentence.
        source: The tokens, joined.
        join: Text between two tokens.

    Returns:
        Spans in the order of `outer_first`; None if an entity cuts a token or two spans are equal.
    """
    if not marked:
        return ()
    if join and len(marked) <= _FEW and source.count(" ") == len(tokens) - 1:
        spans = _by_spaces(marked, source)
    else:
        spans = _by_offsets(marked, tokens, join)
    if spans is not None and len(spans) > 1:
        if len(set(spans)) < len(spans):
            return None
        spans.sort(key=outer_first)
    return None if spans is None else tuple(spans)


def _by_spaces(marked: list[tuple[int, int, str]], source: str) -> list[Span] | None:
    """Find token positions by counting spaces, in a sentence whose tokens hold none. This is faster for a few entities."""
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


def _by_offsets(marked: list[tuple[int, int, str]], tokens: tuple[str, ...], join: Join) -> list[Span] | None:
    """Find token positions by a table of offsets, in any sentence."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    offset = 0
    for index, token in enumerate(tokens):
        starts[offset] = index
        offset += len(token)
        ends[offset] = index + 1
        offset += len(join)
    try:
        return [Span(starts[start], ends[end], label) for start, end, label in marked]
    except (KeyError, ValueError):
        return None
