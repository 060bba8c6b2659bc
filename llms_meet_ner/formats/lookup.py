"""Finds texts in a sentence, as they are or written differently.

A normal form of a text leaves out white space and is in Unicode form NFKC; the folded form leaves out case as well.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from math import inf
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from ..sentence import SPACE, Join, Span
from .normal import folded, unspaced
from .substrings import Effort, Substrings

_MIN_SIMILARITY = 0.75
"""Normalised Levenshtein similarity from which a text counts as a changed form of some tokens."""
_MAX_LOOKUPS = 32
"""Number of texts of one output that are searched by similarity; for later ones nothing is found."""
_MAX_ALIKE = 200
"""Characters of a text that is searched by similarity; for a longer one nothing is found."""
_MAX_STEPS = 300_000
"""Steps that may be spent on one output: places that are found, and characters that are compared."""
_CHARACTERS_A_STEP = 50


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
        search: Joined tokens, in which texts are searched.
        offsets: Offset of each token, and the end of the last one.
    """

    search: Substrings
    offsets: list[int]


class SourceText:
    """A sentence in which texts are looked up.

    Attributes:
        tokens: Tokens of the sentence.
        text: Tokens, joined; offsets count its characters (code points), and ends are exclusive.
        starts: Offset of each token.
        ends: Offset after each token.
        effort: What looking up may cost.
    """

    def __init__(
        self, tokens: tuple[str, ...], join: Join = SPACE, texts: Iterable[str] = (), *, bounded: bool = True
    ) -> None:
        """Prepare a sentence.

        Args:
            tokens: Tokens of the sentence.
            join: Text between two tokens.
            texts: Texts that will be looked up. The others can be looked up too, but many of them take longer.
            bounded: Whether looking up ends early in a text that is built to make it slow.
        """
        self.tokens = tokens
        self.text = join.join(tokens)
        self.ends = [end + number * len(join) for number, end in enumerate(accumulate(map(len, tokens)))]
        self.starts = [0, *(end + len(join) for end in self.ends[:-1])]
        self.effort = Effort(_MAX_STEPS if bounded else inf)
        self._texts = set(texts)
        self._search = Substrings(self.text, self._texts, self.effort)
        self._found: dict[str, LookupResult] = {}
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

    def occurrence(self, text: str, number: int) -> int | None:
        """Return the offset of one occurrence of a text, or None if it has fewer.

        Args:
            text: Text to find. An occurrence may lie inside words and overlap another one.
            number: Number of the occurrence, counted from 0.
        """
        return self._search.offset(text, number)

    def occurrence_number(self, text: str, at: int) -> int:
        """Return the number of the occurrence at an offset, counted from 0; the text must occur there."""
        return self._search.number(text, at)

    def whole_occurrences(self, text: str) -> Iterator[TokenRange]:
        """Yield the places of the occurrences that cut no token."""
        for at in self._search.at_edges(text, [*self.starts, *self.ends]):
            place = self.place_at(at, at + len(text))
            if place and not place.snapped:
                yield place

    def exact_places(self, text: str) -> tuple[TokenRange, ...]:
        """Return the places where a text occurs as it is and on whole tokens."""
        found: list[TokenRange] = []
        for at in self._search.at_edges(text, self.starts):
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

    def difference_at(self, start: int, end: int, text: str) -> str:
        """Classify how a text differs from some characters of the sentence, as `spelling_difference` does.

        It is an empty string, too, if comparing many long texts would take too long.
        """
        there = self.text[start:end]
        cost = (len(there) + len(text)) // _CHARACTERS_A_STEP
        return spelling_difference(there, text) if self.effort.allows(cost) else ""

    def _look_up(self, text: str) -> LookupResult:
        places = self.exact_places(text)
        if places:
            return LookupResult(places)
        key = unspaced(text)
        if not key:
            return LookupResult(())
        respaced = _places_of(key, self._normal_tokens)
        whole = tuple(place for place in respaced if not place.snapped)
        if whole or respaced:
            is_as_written = not whole and self.occurrence(text, 0) is not None
            return LookupResult(whole or respaced, "" if is_as_written else "respaced")
        changed = tuple(place for place in _places_of(folded(key), self._folded_tokens) if not place.snapped)
        return LookupResult(changed or self._most_similar(folded(key)), "changed")

    @cached_property
    def _normal_tokens(self) -> _JoinedTokens:
        return self._joined(unspaced)

    @cached_property
    def _folded_tokens(self) -> _JoinedTokens:
        return self._joined(lambda text: folded(unspaced(text)))

    def _joined(self, form: Callable[[str], str]) -> _JoinedTokens:
        keys = [form(token) for token in self.tokens]
        search = Substrings("".join(keys), map(form, self._texts), self.effort)
        return _JoinedTokens(search, [0, *accumulate(map(len, keys))])

    def _most_similar(self, key: str) -> tuple[TokenRange, ...]:
        """Return the places that are most similar to a text in folded form, if they are similar enough."""
        self._lookups += 1
        if self._lookups > _MAX_LOOKUPS or len(key) > _MAX_ALIKE:
            self.effort.is_cut = True
            return ()
        text, offsets = self._folded_tokens.search.text, self._folded_tokens.offsets
        places: list[tuple[int, int]] = []
        closest, count = 0, len(self.tokens)
        for first in range(count):
            end = offsets[first] + len(key)
            while closest <= count and offsets[closest] < end:
                closest += 1
            for last in range(max(first + 1, closest - 1), min(closest + 1, count) + 1):
                places.append((first, last))
        windows = [text[offsets[first] : offsets[last]] for first, last in places]
        best = process.extractOne(key, windows, scorer=Levenshtein.normalized_similarity, score_cutoff=_MIN_SIMILARITY)
        if best is None:
            return ()
        return tuple(TokenRange(*place) for place, window in zip(places, windows) if window == best[0])


def spelling_difference(one: str, other: str) -> str:
    """Classify how two spellings of one text differ.

    Returns:
        `respaced` for white space or Unicode form, `changed` for case, an empty string if they are different texts.
    """
    one, other = unspaced(one), unspaced(other)
    if one == other:
        return "respaced"
    return "changed" if folded(one) == folded(other) else ""


def _places_of(key: str, tokens: _JoinedTokens) -> tuple[TokenRange, ...]:
    """Return the places where a text in normal form begins with a token, ends with one, or both."""
    search, offsets = tokens
    found: list[TokenRange] = []
    for at in search.at_edges(key, offsets):
        end = at + len(key)
        first, last = bisect_right(offsets, at) - 1, bisect_left(offsets, end)
        begins, ends = offsets[first] == at, offsets[last] == end
        if begins or ends:
            found.append(TokenRange(first, last, not (begins and ends)))
    return tuple(found)
