"""Pairs of the gold and predicted entities of a sentence, each entity at most once, with the kind of error of each pair."""

from __future__ import annotations

from collections.abc import Sequence

from ...sentence import Span
from ..scored_run.analysis import KINDS, Kind, Pair


def pair_up(gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[Pair, ...]:
    """Pair the entities of a sentence.

    Equal entities are correct. The others are paired in this order: those with the same tokens, then overlapping ones of the same
    label, then overlapping ones of other labels; each time the largest overlap first, and the leftmost in a tie. So the gold holds
    the correct, boundary, type, both and missed entities, the prediction the correct, boundary, type, both and spurious ones.

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
    """Return the pairs that overlap, in the order in which they are to be taken."""
    found: list[tuple[int, int, Span, Span]] = []
    kinds: tuple[Kind, ...] = ("type", "boundary", "both")
    for one in gold:
        for other in predicted:
            overlap = min(one.end, other.end) - max(one.start, other.start)
            if overlap > 0:
                same_tokens = (one.start, one.end) == (other.start, other.end)
                rank = 0 if same_tokens else 1 if one.label == other.label else 2
                found.append((rank, -overlap, one, other))
    return [(kinds[rank], one, other) for rank, _, one, other in sorted(found)]


def _place(pair: Pair) -> tuple[int, int, str, int]:
    span = pair.gold or pair.predicted
    assert span is not None  # a pair has one of them
    return span.start, -span.end, span.label, KINDS.index(pair.kind)
