"""Gold and predicted entities of a sentence put side by side, each at most once, and what is wrong with each pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...sentence import Span

Kind = Literal["correct", "boundary", "type", "both", "missed", "spurious"]

ERRORS: dict[Kind, str] = {
    "boundary": "overlaps a gold entity of the same label, with another start or end",
    "type": "the tokens of a gold entity, with another label",
    "both": "overlaps a gold entity of another label, with another start or end",
    "missed": "a gold entity that no predicted one is paired with",
    "spurious": "a predicted entity that no gold one is paired with",
}
"""What each kind of error is."""

KINDS: tuple[Kind, ...] = ("correct", *ERRORS)


@dataclass(frozen=True, slots=True)
class Pair:
    """A gold entity and the predicted one that stands for it.

    Attributes:
        kind: `correct`, or the kind of error.
        gold: None for a spurious entity.
        predicted: None for a missed one.
    """

    kind: Kind
    gold: Span | None
    predicted: Span | None

    @property
    def label(self) -> str:
        """The label that the pair is counted with: the gold one, and of a spurious entity the predicted one."""
        span = self.gold or self.predicted
        assert span is not None  # a pair has one of them
        return span.label

    def to_list(self) -> list[Any]:
        """Return kind, gold and predicted for JSON, spans as [start, end, label]."""
        return [self.kind, *(span and [span.start, span.end, span.label] for span in (self.gold, self.predicted))]

    @classmethod
    def from_list(cls, row: list[Any]) -> Pair:
        """Read what `to_list` wrote."""
        kind, gold, predicted = row
        return cls(kind, gold and Span(*gold), predicted and Span(*predicted))


def pair_up(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Pair]:
    """Pair the entities of a sentence.

    Equal ones are correct. Of the others those with the same tokens are paired first, then overlapping ones of the same label, then
    overlapping ones of other labels, each time the largest overlap first, of equals the leftmost. So gold entities are the correct,
    boundary, type, both and missed ones, predicted entities the correct, boundary, type, both and spurious ones.

    Returns:
        Pairs by the start of their gold entity, or of the predicted one where there is none.
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
    return sorted(pairs, key=_place)


def _candidates(gold: set[Span], predicted: set[Span]) -> list[tuple[Kind, Span, Span]]:
    """Return the pairs that overlap, those to be taken first at the beginning."""
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
