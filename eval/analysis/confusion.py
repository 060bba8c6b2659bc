"""Confusion of labels and of single BIO tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ...counts import Counts, ratio
from ..scored_run.analysis import Confusion, Pair, TagAverages, TagRatios, TagTable, tag_accuracy

OUTSIDE = "O"
Tagged = tuple[Sequence[str], Sequence[str]]
"""Gold and predicted tags of a sentence."""


def count_confusion(counted: Counter[tuple[str, str]], order: Sequence[str]) -> Confusion:
    """Arrange counts by (gold, predicted): classes in the order given, then others by name, `O` last."""
    seen = {name for pair in counted for name in pair} - {OUTSIDE}
    names = [name for name in order if name in seen] + sorted(seen - set(order)) + [OUTSIDE]
    return Confusion(tuple(names), tuple(tuple(counted[one, other] for other in names) for one in names))


def count_labels(pairs: Iterable[Pair], order: Sequence[str]) -> Confusion:
    """Count pairs by gold and predicted label; `O` means that the entity is missing. Boundary errors count as their label."""
    counted = Counter(
        (pair.gold.label if pair.gold else OUTSIDE, pair.predicted.label if pair.predicted else OUTSIDE)
        for pair in pairs
    )
    return count_confusion(counted, order)


def count_tags(tagged: Sequence[Tagged], order: Sequence[str]) -> TagTable:
    """Count single tags.

    Args:
        tagged: Gold and predicted tags of each sentence.
        order: Order of the tags in the table; those that do not occur are left out.
    """
    pooled: dict[str, Counts] = {}
    sums: dict[str, list[float]] = {}
    holding: Counter[str] = Counter()
    for gold, predicted in tagged:
        for tag, counts in _count_sentence(gold, predicted).items():
            pooled[tag] = pooled.get(tag, Counts()) + counts
            row = [tag_accuracy(counts, len(gold)), counts.precision, counts.recall, counts.f1]
            sums[tag] = [one + other for one, other in zip(sums.get(tag, [0.0] * 4), row)]
            holding[tag] += 1
    names = [tag for tag in order if tag in pooled] + sorted(set(pooled) - set(order))
    averaged: dict[str, TagAverages] = {}
    for tag in names:
        without = len(tagged) - holding[tag]  # there the tag is rightly nowhere: accuracy 1
        rights, *others = sums[tag]
        averaged[tag] = TagAverages(
            *(ratio(value, len(tagged)) for value in (rights + without, *others, pooled[tag].gold))
        )
    return TagTable(
        {tag: pooled[tag] for tag in names},
        averaged,
        {tag: TagRatios(*(ratio(value, holding[tag]) for value in sums[tag])) for tag in names},
        count_confusion(Counter(pair for gold, predicted in tagged for pair in zip(gold, predicted)), order),
    )


def _count_sentence(gold: Sequence[str], predicted: Sequence[str]) -> dict[str, Counts]:
    in_gold, in_predicted = Counter(gold), Counter(predicted)
    right = Counter(one for one, other in zip(gold, predicted, strict=True) if one == other)
    return {tag: Counts(right[tag], in_predicted[tag], in_gold[tag]) for tag in in_gold | in_predicted}
