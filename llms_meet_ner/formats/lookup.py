"""Finds texts in a sentence, as they are or written differently.

A normal form of a text leaves out white space and is in Unicode form NFKC; the folded form leaves out case as well.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from ..sentence import Span

_MIN_SIMILARITY = 0.75
"""Normalised Levenshtein similarity from which a text counts as a changed form of some tokens."""
_MAX_LOOKUPS = 32
"""Number of texts of one output that are searched by similarity; for later ones nothing is found."""
_MAX_ALIKE = 200
"""Characters of a text that is searched by similarity; for a longer one nothing is found."""


class TokenRange(NamedTuple):
    """The place of a text in a sentence.

    Attributes:
        start: Position of the first token, counted from 0.
        end: Position after the last token.
        snapped: Whether the text begins or ends inside a token.
    """

    start: int
    end: int
    snapped: bool = False


class LookupResult(NamedTuple):
    """A place where a text was found.

    Attributes:
        places: Places from left to right.
        difference: Kind of difference from the sentence's own text: `respaced`, `changed`, or an empty string for none.
    """

    places: tuple[TokenRange, ...]
    difference: str = ""


class _JoinedTokens(NamedTuple):
    """Tokens in a normal form, joined without spaces.

    Attributes:
        text: Joined tokens.
        offsets: Offset of each token, and the end of the last one.
    """

    text: str
    offsets: list[int]


class SourceText:
    """A sentence in which texts are looked up.

    Attributes:
        tokens: Tokens of the sentence.
        text: Tokens joined by single spaces; offsets count its characters (code points), and ends are exclusive.
        starts: Offset of each token.
        ends: Offset after each token.
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
        """Return the tokens that some characters touch, or None if they touch none.

        Args:
            start: Offset of the first character.
            end: Offset after the last character.
        """
        first, last = bisect_right(self.ends, start), bisect_left(self.starts, end)
        if not 0 <= start < end <= len(self.text) or first >= last:
            return None
        return TokenRange(first, last, start > self.starts[first] or end < self.ends[last - 1])

    def occurrences(self, text: str) -> Iterator[int]:
        """Yield every offset at which a text occurs, also inside words and overlapping itself."""
        at = self.text.find(text) if text else -1
        while at >= 0:
            yield at
            at = self.text.find(text, at + 1)

    def occurrence_places(self, text: str) -> tuple[TokenRange | None, ...]:
        """Return the places of all occurrences of a text; None for an occurrence between two tokens."""
        if text not in self._occurrence_places:
            self._occurrence_places[text] = tuple([self.place_at(at, at + len(text)) for at in self.occurrences(text)])
        return self._occurrence_places[text]

    def exact_places(self, text: str) -> tuple[TokenRange, ...]:
        """Return the places where a text occurs as it is and on whole tokens."""
        found: list[TokenRange] = []
        for at in self.occurrences(text):
            first = bisect_left(self.starts, at)
            if first < len(self.starts) and self.starts[first] == at:
                last = bisect_left(self.ends, at + len(text))
                if last < len(self.ends) and self.ends[last] == at + len(text):
                    found.append(TokenRange(first, last + 1))
        return tuple(found)

    def find(self, text: str) -> LookupResult:
        """Find a text. The first of these ways that finds anything counts.

        1. The text as it is, on whole tokens.
        2. The same, ignoring white space and Unicode form (NFKC).
        3. As 1 and 2, but with one end inside a token.
        4. On whole tokens, ignoring white space, Unicode form and case.
        5. The tokens that are most similar to it, if they are similar enough.
        """
        if text not in self._found:
            self._found[text] = self._look_up(text)
        return self._found[text]

    def _look_up(self, text: str) -> LookupResult:
        places = self.exact_places(text)
        if places:
            return LookupResult(places)
        key = _normal(text)
        if not key:
            return LookupResult(())
        respaced = _places_of(key, self._normal_tokens)
        whole = tuple(place for place in respaced if not place.snapped)
        if whole or respaced:
            return LookupResult(whole or respaced, "" if not whole and text in self.text else "respaced")
        changed = tuple(place for place in _places_of(_folded(key), self._folded_tokens) if not place.snapped)
        return LookupResult(changed or self._most_similar(_folded(key)), "changed")

    @cached_property
    def _normal_tokens(self) -> _JoinedTokens:
        return _joined(self.tokens, _normal)

    @cached_property
    def _folded_tokens(self) -> _JoinedTokens:
        return _joined(self.tokens, lambda token: _folded(_normal(token)))

    def _most_similar(self, key: str) -> tuple[TokenRange, ...]:
        """Return the places that are most similar to a text in folded form, if they are similar enough."""
        self._lookups += 1
        if self._lookups > _MAX_LOOKUPS or len(key) > _MAX_ALIKE:
            return ()
        text, offsets = self._folded_tokens
        windows: dict[TokenRange, str] = {}
        for first in range(len(self.tokens)):
            closest = bisect_left(offsets, offsets[first] + len(key))
            for last in range(max(first + 1, closest - 1), min(closest + 1, len(self.tokens)) + 1):
                windows[TokenRange(first, last)] = text[offsets[first] : offsets[last]]
        best = process.extractOne(key, windows, scorer=Levenshtein.normalized_similarity, score_cutoff=_MIN_SIMILARITY)
        return () if best is None else tuple(place for place, window in windows.items() if window == best[0])


def spelling_difference(one: str, other: str) -> str:
    """Classify how two spellings of one text differ.

    Returns:
        `respaced` for white space or Unicode form, `changed` for case, an empty string if they are different texts.
    """
    one, other = _normal(one), _normal(other)
    if one == other:
        return "respaced"
    return "changed" if _folded(one) == _folded(other) else ""


def _normal(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _folded(key: str) -> str:
    return unicodedata.normalize("NFKC", key.casefold())


def _joined(tokens: tuple[str, ...], form: Callable[[str], str]) -> _JoinedTokens:
    keys = [form(token) for token in tokens]
    return _JoinedTokens("".join(keys), [0, *accumulate(map(len, keys))])


def _places_of(key: str, tokens: _JoinedTokens) -> tuple[TokenRange, ...]:
    """Return the places where a text in normal form begins with a token, ends with one, or both."""
    text, offsets = tokens
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
