"""Finds many texts in a long one: every offset from left to right, also inside words and overlapping, with bounded effort."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import inf

_MANY = 100
"""Number of texts of one length from which all of them are searched at once."""
_LONGEST = 200
"""Characters of the longest texts that are searched at once; there cannot be many longer ones."""
_FEW = 100
"""Number of offsets of a text that are found even if no effort is left."""


class Effort:
    """The steps that may be spent on one output.

    Attributes:
        left: Number of steps that are left.
        is_cut: Whether something was not done because no step was left.
    """

    def __init__(self, steps: float) -> None:
        self.left = steps
        self.is_cut = False

    def allows(self, steps: int) -> bool:
        """Spend some steps, and return whether they were left; if they were not, `is_cut` says so from now on."""
        self.left -= steps
        if self.left < 0:
            self.is_cut = True
        return self.left >= 0


class Substrings:
    """A text in which others are searched.

    Attributes:
        text: The text.
    """

    def __init__(self, text: str, expected: Iterable[str], effort: Effort | None = None) -> None:
        """Prepare the search.

        Args:
            text: Text in which to search.
            expected: Texts that will be searched; where many have one length, they are found here, in one pass.
            effort: What the search may spend: an offset is a step. None is no limit.
        """
        self.text = text
        self._effort = Effort(inf) if effort is None else effort
        self._found: dict[str, list[int]] = {}
        self._listed: dict[str, tuple[list[int], Iterator[int]]] = {}
        by_length: dict[int, set[str]] = defaultdict(set)
        for other in expected:
            by_length[len(other)].add(other)
        for length, others in by_length.items():
            if len(others) >= _MANY and 0 < length <= _LONGEST:
                self._find_all(length, others)

    def _find_all(self, length: int, others: set[str]) -> None:
        found: dict[str, list[int]] = {other: [] for other in others}
        for at in range(len(self.text) - length + 1):
            piece = self.text[at : at + length]
            if piece in found:
                found[piece].append(at)
        self._found.update(found)

    def __contains__(self, other: str) -> bool:
        """Return whether a text, not an empty one, has an offset."""
        return self.offset(other, 0) is not None

    def offsets(self, other: str) -> Iterator[int]:
        """Return the offsets of a text, in order. If no effort is left, they end early."""
        return self._affordable(self._all(other))

    def offset(self, other: str, number: int) -> int | None:
        """Return one offset of a text, or None if it has fewer.

        Args:
            other: Text to find.
            number: Number of the offset, counted from 0.
        """
        found, more = self._list(other)
        found += islice(more, max(0, number + 1 - len(found)))
        return found[number] if number < len(found) else None

    def number(self, other: str, at: int) -> int:
        """Return the number of an offset of a text, counted from 0; `offset` gives the offset back."""
        found, more = self._list(other)
        while not found or found[-1] < at:
            found.append(next(more))
        return bisect_left(found, at)

    def _list(self, other: str) -> tuple[list[int], Iterator[int]]:
        """Return the offsets of a text so far, and the others."""
        if other not in self._listed:
            self._listed[other] = ([], self.offsets(other))
        return self._listed[other]

    def at_edges(self, other: str, edges: Sequence[int]) -> Iterator[int]:
        """Yield the offsets at which a text begins or ends at one of some edges, and perhaps others, in order."""
        found = list(islice(self.offsets(other), len(edges) + 1))
        if len(found) <= len(edges):
            yield from found
            return
        near = sorted({*edges, *(edge - len(other) for edge in edges)})
        yield from self._affordable(at for at in near if at >= 0 and self.text.startswith(other, at))

    def _affordable(self, offsets: Iterable[int]) -> Iterator[int]:
        for number, at in enumerate(offsets):
            if not self._effort.allows(1) and number >= _FEW:
                return
            yield at

    def _all(self, other: str) -> Iterator[int]:
        if other in self._found:
            yield from self._found[other]
            return
        at = self.text.find(other) if other else -1
        while at >= 0:
            yield at
            at = self.text.find(other, at + 1)
