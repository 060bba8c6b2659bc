"""Pairs of the gold and predicted entities of a sentence, each entity at most once, with the kind of error of each pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from ...sentence import Span
from ..scored_run.analysis import KINDS, Kind, Pair

MOST_OVERLAPS = 100_000
"""Number of overlaps in a sentence, besides one for each entity, up to which entities that differ are paired. Flat entities have fewer
overlaps than there are entities; this many arise only where thousands of entities lie inside each other."""


def pair_up(gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[Pair, ...]:
    """Pair the entities of a sentence.

    Equal entities are correct. The others are paired in this order: those with the same tokens, then overlapping ones of the same
    label, then overlapping ones of other labels; each time the largest overlap first, and the leftmost in a tie. So the gold holds
    the correct, boundary, type, both and missed entities, the prediction the correct, boundary, type, both and spurious ones.

    If more than `MOST_OVERLAPS` pairs overlap, entities that differ are not paired, but missed and spurious (`is_given_up`).

    Returns:
        Pairs by the start of their gold entity, or of the predicted one where no gold one is paired.
    """
    right = set(gold) & set(predicted)
    pairs = [Pair("correct", span, span) for span in right]
    free_gold = {span for span in gold if span not in right}
    free_predicted = {span for span in predicted if span not in right}
    if free_gold and free_predicted:
        for kind, one, other in _candidates(free_gold, free_predicted):
            if one in free_gold and other in free_predicted:
                pairs.append(Pair(kind, one, other))
                free_gold.remove(one)
                free_predicted.remove(other)
    pairs += [Pair("missed", span, None) for span in free_gold]
    pairs += [Pair("spurious", None, span) for span in free_predicted]
    return tuple(sorted(pairs, key=_place))


def _candidates(gold: set[Span], predicted: set[Span]) -> list[tuple[Kind, Span, Span]]:
    """Return the pairs that overlap, in the order in which they are to be taken; none if they are more than are looked at."""
    most = MOST_OVERLAPS + len(gold) + len(predicted)
    found: list[tuple[int, int, Span, Span]] = []
    kinds: tuple[Kind, ...] = ("type", "boundary", "both")
    for one, other in islice(_overlaps(gold, predicted), most + 1):
        overlap = min(one.end, other.end) - max(one.start, other.start)
        same_tokens = (one.start, one.end) == (other.start, other.end)
        rank = 0 if same_tokens else 1 if one.label == other.label else 2
        found.append((rank, -overlap, one, other))
    return [(kinds[rank], one, other) for rank, _, one, other in sorted(found)] if len(found) <= most else []


def _overlaps(gold: Iterable[Span], predicted: Iterable[Span]) -> Iterator[tuple[Span, Span]]:
    """Yield each gold entity with each predicted one that shares a token with it, in time linear in what is yielded."""
    sides = [(span.start, side, span) for side, spans in enumerate((gold, predicted)) for span in spans]
    reaching: tuple[list[Span], list[Span]] = ([], [])
    for start, side, span in sorted(sides):
        others = reaching[1 - side]
        others[:] = [other for other in others if other.end > start]
        for other in others:
            yield (other, span) if side else (span, other)
        reaching[side].append(span)


def is_given_up(pairs: Sequence[Pair]) -> bool:
    """Return whether `pair_up` left entities of a sentence apart though they overlap, since too many do."""
    missed = [pair.gold for pair in pairs if pair.kind == "missed" and pair.gold]
    spurious = [pair.predicted for pair in pairs if pair.kind == "spurious" and pair.predicted]
    return next(_overlaps(missed, spurious), None) is not None


def _place(pair: Pair) -> tuple[int, int, str, int]:
    span = pair.gold or pair.predicted
    assert span is not None  # a pair has one of them
    return span.start, -span.end, span.label, KINDS.index(pair.kind)
