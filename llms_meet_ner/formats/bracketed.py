"""The bracketed format: the sentence again, every entity as `[Entity Text | LABEL]`.

It was published by Zhan et al. (2026, arXiv 2601.17898). The model stefan-it/Qwen2.5-7B-CoNLL-2003 uses it, and the variant
`full` is the instruction on its card, byte for byte.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..labels import LabelSet
from ..sentence import Sentence, Span
from .inline import InlineFormat, spans_on_tokens
from .markup import Mark
from .normal import squeezed
from .readings import MarkPatterns
from .substrings import Substrings

_LOOSE_MARK = re.compile(r"\|([^\[\]|]{1,80})\]|[\[\uff3b\ufe47]")
"""A closing mark, whose label is group 1, or an opening bracket; full-width and vertical opening brackets count too."""
_OPENERS = {text: Mark(text, "", opens=True, literal=True) for text in "[\uff3b\ufe47"}
"""Opening marks by their text. They are `literal`: grounding finds out which of them belong to the sentence."""


class BracketedFormat(InlineFormat):
    """Writes and reads sentences with entities in brackets."""

    name = "bracketed"

    @staticmethod
    def marks(label: str) -> tuple[str, str]:
        """Return the opening and the closing mark of an entity with this label."""
        return "[", f" | {label}]"

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether another annotation of the same tokens, with these labels, renders to the same text.

        This takes a ` | LABEL]` in the tokens themselves, or a `[` where no space tells what it belongs to. The answer is also True if
        there are too many readings to compare them all (1,000).
        """
        return self._looks_marked(self.join.join(sentence.tokens), labels) and self._has_readings(sentence, labels)

    def _looks_marked(self, source: str, labels: LabelSet) -> bool:
        """Return whether which marks belong to the source cannot be told without a search."""
        return (not self.join and "[" in source) or _closer(labels).search(source) is not None

    def _read_exactly(
        self, text: str, tokens: tuple[str, ...], labels: LabelSet, reasons: set[str]
    ) -> tuple[Span, ...] | None:
        """Return the spans if the text is the source with well-formed markup and nothing else, or None.

        If there are too many ways to read it to try them all, `approximate` is added to the reasons.
        """
        source = self.join.join(tokens)
        if text == source:
            return ()
        if self._looks_marked(source, labels):
            return self._first_reading(text, tokens, self._patterns(labels.names), reasons, self.join)
        marked = _strip_markup(_closer(labels).split(text), source, self.nested)
        if marked is None:
            return None
        return spans_on_tokens(marked, tokens, source, self.join)

    @staticmethod
    def _patterns(names: tuple[str, ...], *, spaced: bool = True) -> MarkPatterns:
        return _patterns_of(names, " " if spaced else "")

    def _split_markup(self, line: str, source: str, labels: LabelSet) -> tuple[list[str | Mark], bool]:
        """Split a damaged text at its marks; the base class says what is returned."""
        pieces: list[str | Mark] = []
        at = 0
        loose = False
        marks = list(_LOOSE_MARK.finditer(line))
        in_source = Substrings(squeezed(source), {squeezed(found[0]) for found in marks if found[1]})
        for found in marks:
            before = line[at : found.start()]
            if found[1] is None:
                mark = _OPENERS[found[0]]
            else:
                mark = Mark(found[0], found[1].strip(), opens=False, literal=squeezed(found[0]) in in_source)
                if not mark.label or (mark.literal and mark.label not in labels):
                    continue
                is_spaced = before.endswith(" ") and not before.endswith("  ")
                loose = loose or not (is_spaced and found[1] == f" {mark.label}")
            pieces += [before, mark]
            at = found.end()
        pieces.append(line[at:])
        return pieces, loose


@lru_cache(maxsize=64)
def _patterns_of(names: tuple[str, ...], space: str) -> MarkPatterns:
    labels = "|".join(map(re.escape, names))
    return MarkPatterns(re.compile(r"\["), re.compile(rf"{space}\|{space}({labels})\]"))


def _closer(labels: LabelSet) -> re.Pattern[str]:
    """Return the pattern of a closing mark; its one group is the label."""
    return _patterns_of(labels.names, " ").closer


def _strip_markup(pieces: list[str], source: str, nested: bool) -> list[tuple[int, int, str]] | None:
    """Remove the marks and check that the source remains.

    Args:
        pieces: Text split at its closing marks: text, label, text, ..., text.
        source: Source, which holds no ` | LABEL]`.
        nested: Whether entities may lie inside entities.

    Returns:
        Entities as (start, end, label) in characters of the source, end exclusive; None if the source does not remain or the
        brackets do not pair.
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
    """Remove the opening marks from a piece of text whose source holds brackets of its own.

    In a run of brackets, the last ones belong to the source. The function appends to `open_starts` and `plain`.

    Returns:
        Offset after the piece, in characters of the source; -1 if the source has more brackets there than the text.
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
