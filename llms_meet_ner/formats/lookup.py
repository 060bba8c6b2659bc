"""Entities that a format quotes instead of marking them in the sentence: where their texts stand, and what becomes of the others."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from ..alignment import EXACT, FAILED, REPAIRED, Alignment, WrittenEntity
from ..sentence import Span
from .overlaps import resolve_overlaps

_MIN_SIMILARITY = 0.75
"""Normalised Levenshtein similarity from which a text is read as a changed form of some tokens."""
_MAX_LOOKUPS = 32
"""Texts of one output that are compared with the sentence for similarity; others that do not stand in it are not grounded."""
_MAX_ALIKE = 200
"""Characters of a text that is compared so; a longer one is not grounded."""
_MAX_QUOTED = 500
"""Characters of a mention that are quoted."""


class TokenRange(NamedTuple):
    """Tokens that a text stands on: `start` inclusive, `end` exclusive; `snapped` when it begins or ends inside a token."""

    start: int
    end: int
    snapped: bool = False


class LookupResult(NamedTuple):
    """The places where a text stands, from left to right, and in what way its writing differs: `respaced`, `changed` or not at all."""

    places: tuple[TokenRange, ...]
    difference: str = ""


class _Squeezed(NamedTuple):
    """The tokens written together in a normal form; `offsets` says where each begins, and where the last one ends."""

    text: str
    offsets: list[int]


class SourceText:
    """A sentence in which texts are looked up.

    Attributes:
        tokens: of the sentence.
        text: the tokens joined by one space; all offsets are in its characters (code points), ends exclusive.
        starts: offset of each token.
        ends: offset after each token.
    """

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self.tokens = tokens
        self.text = " ".join(tokens)
        self.ends = [end + number for number, end in enumerate(accumulate(map(len, tokens)))]
        self.starts = [0, *(end + 1 for end in self.ends[:-1])]
        self._found: dict[str, LookupResult] = {}
        self._occurrence_places: dict[str, tuple[TokenRange | None, ...]] = {}
        self._lookups = 0

    def quote(self, span: Span) -> str:
        """Return the text of a span."""
        return self.text[self.starts[span.start] : self.ends[span.end - 1]]

    def place_at(self, start: int, end: int) -> TokenRange | None:
        """Return the tokens that some characters touch; None where they touch none: empty, outside, or spaces between tokens."""
        first, last = bisect_right(self.ends, start), bisect_left(self.starts, end)
        if not 0 <= start < end <= len(self.text) or first >= last:
            return None
        return TokenRange(first, last, start > self.starts[first] or end < self.ends[last - 1])

    def occurrences(self, text: str) -> Iterator[int]:
        """Yield every offset at which a text stands, inside words and overlapping itself too."""
        at = self.text.find(text) if text else -1
        while at >= 0:
            yield at
            at = self.text.find(text, at + 1)

    def occurrence_places(self, text: str) -> tuple[TokenRange | None, ...]:
        """Return the places of all occurrences of a text; None for one that lies between tokens."""
        if text not in self._occurrence_places:
            self._occurrence_places[text] = tuple([self.place_at(at, at + len(text)) for at in self.occurrences(text)])
        return self._occurrence_places[text]

    def exact_places(self, text: str) -> tuple[TokenRange, ...]:
        """Return the places where a text stands as it is and on whole tokens."""
        found: list[TokenRange] = []
        for at in self.occurrences(text):
            first = bisect_left(self.starts, at)
            if first < len(self.starts) and self.starts[first] == at:
                last = bisect_left(self.ends, at + len(text))
                if last < len(self.ends) and self.ends[last] == at + len(text):
                    found.append(TokenRange(first, last + 1))
        return tuple(found)

    def find(self, text: str) -> LookupResult:
        """Return where a text stands, in the first of these ways in which it stands anywhere.

        1. As it is, on whole tokens.
        2. The same, but for white space and Unicode form (NFKC).
        3. As in 1 and 2 with one end inside a token.
        4. On whole tokens, but for white space, Unicode form and case.
        5. Changed: the tokens that are most similar to it, if they are similar enough.
        """
        if text not in self._found:
            self._found[text] = self._look_up(text)
        return self._found[text]

    def _look_up(self, text: str) -> LookupResult:
        places = self.exact_places(text)
        if places:
            return LookupResult(places)
        key = _squeeze(text)
        if not key:
            return LookupResult(())
        respaced = _stand(self._respaced, key)
        whole = tuple(place for place in respaced if not place.snapped)
        if whole or respaced:
            return LookupResult(whole or respaced, "" if not whole and text in self.text else "respaced")
        changed = tuple(place for place in _stand(self._folded, _fold(key)) if not place.snapped)
        return LookupResult(changed or self._alike(_fold(key)), "changed")

    @cached_property
    def _respaced(self) -> _Squeezed:
        return _joined(self.tokens, _squeeze)

    @cached_property
    def _folded(self) -> _Squeezed:
        return _joined(self.tokens, lambda token: _fold(_squeeze(token)))

    def _alike(self, key: str) -> tuple[TokenRange, ...]:
        """Return the places most similar to a text in normal form, or none."""
        self._lookups += 1
        if self._lookups > _MAX_LOOKUPS or len(key) > _MAX_ALIKE:
            return ()
        text, offsets = self._folded
        windows: dict[TokenRange, str] = {}
        for first in range(len(self.tokens)):
            closest = bisect_left(offsets, offsets[first] + len(key))
            for last in range(max(first + 1, closest - 1), min(closest + 1, len(self.tokens)) + 1):
                windows[TokenRange(first, last)] = text[offsets[first] : offsets[last]]
        best = process.extractOne(key, windows, scorer=Levenshtein.normalized_similarity, score_cutoff=_MIN_SIMILARITY)
        return () if best is None else tuple(place for place, window in windows.items() if window == best[0])


def spelling_difference(one: str, other: str) -> str:
    """Say in what way two differing texts are the same all the same: `respaced` (white space, Unicode form), `changed` (case), or ``."""
    one, other = _squeeze(one), _squeeze(other)
    if one == other:
        return "respaced"
    return "changed" if _fold(one) == _fold(other) else ""


def _squeeze(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _fold(key: str) -> str:
    return unicodedata.normalize("NFKC", key.casefold())


def _joined(tokens: tuple[str, ...], form: Callable[[str], str]) -> _Squeezed:
    keys = [form(token) for token in tokens]
    return _Squeezed("".join(keys), [0, *accumulate(map(len, keys))])


def _stand(squeezed: _Squeezed, key: str) -> tuple[TokenRange, ...]:
    """Return the places where a text in normal form begins or ends with a token, or both."""
    text, offsets = squeezed
    found: list[TokenRange] = []
    at = text.find(key)
    while at >= 0:
        end = at + len(key)
        first, last = bisect_right(offsets, at) - 1, bisect_left(offsets, end)
        begins, ends = offsets[first] == at, offsets[last] == end
        if begins or ends:
            found.append(TokenRange(first, last, not (begins and ends)))
        at = text.find(key, at + 1)
    return tuple(found)


@dataclass(slots=True)
class Candidates:
    """What a text says about a sentence, collected while it is read.

    Attributes:
        nested: whether entities may lie inside entities.
        reasons: words of `alignment.REASONS`.
        placed: spans and how they were written, in the order in which they were written.
        ungrounded: entities without a place in the sentence.
        unknown_labels: entities with a label outside the label set.
    """

    nested: bool
    reasons: set[str]
    placed: list[tuple[Span, WrittenEntity]] = field(default_factory=list)
    ungrounded: list[WrittenEntity] = field(default_factory=list)
    unknown_labels: list[WrittenEntity] = field(default_factory=list)

    def place(self, place: TokenRange, mention: WrittenEntity) -> None:
        """Put an entity on its tokens."""
        if place.snapped:
            self.reasons.add("snapped")
        self.placed.append((Span(place.start, place.end, mention.label), mention))

    def alignment(self) -> Alignment:
        """Settle the candidates that nest or cross, and say what became of all; `exact` if nothing had to be done."""
        spans, dropped, conflicts = resolve_overlaps(self.placed, self.nested)
        reasons = self.reasons | conflicts
        if self.ungrounded:
            reasons.add("ungrounded")
        if self.unknown_labels:
            reasons.add("unknown-label")
        return Alignment(
            spans=spans,
            status=REPAIRED if reasons else EXACT,
            reasons=tuple(sorted(reasons)),
            ungrounded=tuple(map(_shortened, self.ungrounded)),
            unknown_labels=tuple(map(_shortened, self.unknown_labels)),
            dropped=tuple(map(_shortened, dropped)),
        )


def failed_alignment(reasons: set[str]) -> Alignment:
    """Return the alignment of an output of which nothing could be read."""
    return Alignment((), FAILED, tuple(sorted(reasons if "empty" in reasons else reasons | {"unreadable"})))


def most_candidates(tokens: tuple[str, ...], labels: int) -> int:
    """Return how many entities of an output are read: more than a sentence can hold; the rest of a longer list is left unread."""
    return 2 * len(tokens) * labels + 100


def _shortened(mention: WrittenEntity) -> WrittenEntity:
    return WrittenEntity(mention.text[:_MAX_QUOTED], mention.label[:_MAX_QUOTED])
