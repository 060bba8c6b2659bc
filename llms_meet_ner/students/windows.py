"""Windows: the parts of a sentence that an encoder reads at once, with overlap, so that every token is read with its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True, slots=True)
class Window:
    """Words that are read together, and those among them that are answered from here. Ends are exclusive.

    Attributes:
        start: Position of the first word that is read.
        end: Position after the last one.
        own_start: Position of the first word that is answered from here.
        own_end: Position after the last one.
    """

    start: int
    end: int
    own_start: int
    own_end: int


def windows_of(lengths: Sequence[int], room: int, overlap: int) -> tuple[Window, ...]:
    """Return the windows of a sentence, in order. Each word is answered from exactly one of them, and each window answers a word.

    Two neighbours share about `overlap` subwords, and the words that they share are answered half and half, so that a word has about
    `overlap / 2` subwords of context on each side, or the end of the sentence.

    Args:
        lengths: Number of subwords of each word, from 1 to `room`.
        room: Largest number of subwords of a window.
        overlap: Number of subwords that two neighbours share, less than `room`. It is less where a word is long.
    """
    before = [0, *accumulate(lengths)]
    bounds: list[tuple[int, int]] = []
    start, count = 0, len(lengths)
    while start < count:
        end = start + 1
        while end < count and before[end + 1] - before[start] <= room:
            end += 1
        bounds.append((start, end))
        if end == count:
            break
        following = end
        while following - 1 > start and before[end] - before[following - 1] <= overlap:
            following -= 1
        while before[end + 1] - before[following] > room:
            following += 1  # the next window reads at least one more word
        start = following
    cuts = [_middle(before, one[1], other[0]) for one, other in pairwise(bounds)]
    return tuple(
        Window(start, end, own_start, own_end)
        for (start, end), own_start, own_end in zip(bounds, [0, *cuts], [*cuts, count])
        if own_start < own_end  # between long words, both neighbours may have more context for all words of a window
    )


def _middle(before: Sequence[int], end: int, start: int) -> int:
    """Return the word at which the words that two windows share are divided: the first with half of the shared subwords before it."""
    half = (before[start] + before[end]) / 2
    return next((word for word in range(start, end) if before[word] >= half), end)
