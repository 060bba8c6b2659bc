"""Finds what two long lists have in common, in the same order, with bounded effort."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from rapidfuzz.distance import LCSseq

_MAX_PAIRS = 200_000_000
"""Pairs of items up to which two lists, or all of their parts together, are compared as a whole: lists of 14,000 items each."""

_PIECE = 1_000
"""Items of the pieces in which longer lists are compared."""

Block = tuple[int, int, int]
"""Equal items next to each other: number of the first one in one list, in the other list, and how many there are."""


def equal_blocks(one: list[str], other: list[str]) -> tuple[list[Block], bool]:
    """Return a common subsequence of two lists as blocks, in order, and whether it is the longest.

    Very long lists are compared in parts: between items that each list has once, and that are in the same order. A part that
    is still too long is compared piece by piece, which finds nothing across a gap longer than a piece.
    """
    if len(one) * len(other) <= _MAX_PAIRS:
        return _longest(one, other, 0, 0), True
    left = _MAX_PAIRS
    same = sum(_same_ends(one, other))
    if (len(one) - same) * (len(other) - same) <= left:
        return _between(one, other, left)[0], True
    blocks: list[Block] = []
    at = other_at = 0
    for start, other_start in [*_anchors(one, other), (len(one), len(other))]:
        found, pairs = _between(one[at:start], other[other_at:other_start], left)
        blocks += [(first + at, second + other_at, size) for first, second, size in found]
        left -= pairs if pairs <= left else 0
        if start < len(one):
            blocks.append((start, other_start, 1))
        at, other_at = start + 1, other_start + 1
    return blocks, False


def _between(one: list[str], other: list[str], left: int) -> tuple[list[Block], int]:
    """Return the common blocks of two parts, and how many pairs it takes to find the most; if more than are left, fewer are found."""
    head, tail = _same_ends(one, other)
    inner, other_inner = one[head : len(one) - tail], other[head : len(other) - tail]
    pairs = len(inner) * len(other_inner)
    blocks: list[Block] = [(0, 0, head)] if head else []
    if pairs <= left:
        blocks += _longest(inner, other_inner, head, head)
    else:
        blocks += [(first + head, second + head, size) for first, second, size in _by_pieces(inner, other_inner)]
    if tail:
        blocks.append((len(one) - tail, len(other) - tail, tail))
    return blocks, pairs


def _same_ends(one: list[str], other: list[str]) -> tuple[int, int]:
    """Return how many items are the same at the beginning and, of the others, at the end."""
    shorter = min(len(one), len(other))
    head = next((number for number in range(shorter) if one[number] != other[number]), shorter)
    rest = shorter - head
    return head, next((number for number in range(rest) if one[-1 - number] != other[-1 - number]), rest)


def _by_pieces(one: list[str], other: list[str]) -> list[Block]:
    """Return common blocks, found from the beginning on in pieces of both lists."""
    blocks: list[Block] = []
    half = _PIECE // 2
    at = other_at = 0
    while at < len(one) and other_at < len(other):
        found = _longest(one[at : at + _PIECE], other[other_at : other_at + _PIECE], at, other_at)
        kept = [block for block in found if block[0] < at + half and block[1] < other_at + half]
        blocks += kept
        start, other_start, size = kept[-1] if kept else (at, other_at, 0)
        end, other_end = start + size, other_start + size
        if end - at + other_end - other_at < half:
            end, other_end = max(end, at + half), max(other_end, other_at + half)
        at, other_at = end, other_end
    return blocks


def _longest(one: list[str], other: list[str], start: int, other_start: int) -> list[Block]:
    """Return the longest common subsequence; numbers begin at those given."""
    return [
        (code.src_start + start, code.dest_start + other_start, code.src_end - code.src_start)
        for code in LCSseq.opcodes(one, other)
        if code.tag == "equal"
    ]


def _anchors(one: list[str], other: list[str]) -> list[tuple[int, int]]:
    """Return the most pairs of items in the same order that each list has once."""
    pairs = list(_unique(one, other))
    ends: list[int] = []  # the least second number with which a series of each length can end
    last: list[int] = []  # number of the pair that ends it
    before: list[int] = []
    for number, (_, second) in enumerate(pairs):
        length = bisect_left(ends, second)
        before.append(last[length - 1] if length else -1)
        if length == len(ends):
            ends.append(second)
            last.append(number)
        else:
            ends[length], last[length] = second, number
    chosen: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = before[number]
    return chosen[::-1]


def _unique(one: list[str], other: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of each item that both lists have once, in the order of the first list."""
    counts, other_counts = Counter(one), Counter(other)
    places = {item: number for number, item in enumerate(other)}
    for number, item in enumerate(one):
        if counts[item] == 1 and other_counts[item] == 1:
            yield number, places[item]
