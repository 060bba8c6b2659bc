"""Confusion matrices, and the table of single BIO tags: counts first, ratios from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..scoring.counts import Counts, ratio
from .pairs import Pair

OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often a gold class was predicted as which.

    Attributes:
        names: classes, in the order of rows and columns; `O` is last.
        counts: by gold class, then predicted class.
    """

    names: tuple[str, ...]
    counts: dict[str, Counter[str]]

    @classmethod
    def of(cls, counted: Counter[tuple[str, str]], order: Sequence[str]) -> Confusion:
        """Arrange counts by (gold, predicted); classes are in the order given, others after them by name, `O` last."""
        seen = {name for pair in counted for name in pair} - {OUTSIDE}
        names = [name for name in order if name in seen] + sorted(seen - set(order)) + [OUTSIDE]
        rows: dict[str, Counter[str]] = {name: Counter() for name in names}
        for (gold, predicted), count in counted.items():
            rows[gold][predicted] += count
        return cls(tuple(names), rows)

    def to_dict(self) -> dict[str, Any]:
        """Return names and rows of counts for JSON: row by gold class, column by predicted class."""
        return {
            "names": list(self.names),
            "rows": [[self.counts[one][other] for other in self.names] for one in self.names],
        }


def count_entities(pairs: Iterable[Pair]) -> Counter[tuple[str, str]]:
    """Count pairs by gold and predicted label; `O` stands for the entity that is not there. Boundary errors count as their label."""
    return Counter(
        (pair.gold.label if pair.gold else OUTSIDE, pair.predicted.label if pair.predicted else OUTSIDE)
        for pair in pairs
    )


@dataclass(frozen=True, slots=True)
class TagTable:
    """Single BIO tags (IOB2), each as a class of its own.

    Attributes:
        tokens: number of them.
        sentences: number of them.
        pooled: counts of each tag over all tokens; O is among them.
        averaged: for each tag the means over all sentences of accuracy, precision, recall, F1 and support, where a ratio of nothing is 0:
            also in sentences without the tag. Supports then add up to the mean length of a sentence.
        present: the same ratios as means over the sentences in which the tag is in the gold or predicted, without the support.
    """

    tokens: int
    sentences: int
    pooled: dict[str, Counts]
    averaged: dict[str, tuple[float, float, float, float, float]]
    present: dict[str, tuple[float, ...]]

    @classmethod
    def of(cls, tags: Sequence[tuple[Sequence[str], Sequence[str]]], order: Sequence[str]) -> TagTable:
        """Count over sentences.

        Args:
            tags: gold and predicted tags of each sentence.
            order: of the tags in the table; those that do not occur are left out.
        """
        pooled: dict[str, Counts] = {}
        sums: dict[str, list[float]] = {}
        holding: Counter[str] = Counter()
        without: Counter[str] = Counter()
        for gold, predicted in tags:
            counted = _count_tags(gold, predicted)
            for tag, counts in counted.items():
                pooled[tag] = pooled.get(tag, Counts()) + counts
                row = [_accuracy(counts, len(gold)), counts.precision, counts.recall, counts.f1]
                sums[tag] = [one + other for one, other in zip(sums.get(tag, [0.0] * 4), row)]
                holding[tag] += 1
        for tag in pooled:
            without[tag] = len(tags) - holding[tag]  # there the tag is rightly nowhere: accuracy 1
        names = [tag for tag in order if tag in pooled] + sorted(set(pooled) - set(order))
        averaged: dict[str, tuple[float, float, float, float, float]] = {}
        present: dict[str, tuple[float, ...]] = {}
        for tag in names:
            accuracy, precision, recall, f1 = sums[tag]
            averaged[tag] = (
                ratio(accuracy + without[tag], len(tags)), ratio(precision, len(tags)), ratio(recall, len(tags)),
                ratio(f1, len(tags)), ratio(pooled[tag].gold, len(tags)),
            )  # fmt: skip
            present[tag] = tuple(ratio(value, holding[tag]) for value in sums[tag])
        return cls(
            sum(len(gold) for gold, _ in tags), len(tags), {tag: pooled[tag] for tag in names}, averaged, present
        )

    def accuracy(self, tag: str) -> float:
        """Share of all tokens for which it was told rightly whether they have the tag."""
        return _accuracy(self.pooled[tag], self.tokens)

    @property
    def token_accuracy(self) -> float:
        """Share of all tokens with the right tag."""
        return ratio(sum(counts.correct for counts in self.pooled.values()), self.tokens)

    def to_dict(self) -> dict[str, Any]:
        """Return counts and ratios for JSON."""
        ratios = ("accuracy", "precision", "recall", "f1")
        return {
            "accuracy": self.token_accuracy,
            "pooled": {
                tag: {"accuracy": self.accuracy(tag), **counts.to_dict()} for tag, counts in self.pooled.items()
            },
            "averaged_over_sentences": {
                tag: dict(zip((*ratios, "support"), values)) for tag, values in self.averaged.items()
            },
            "averaged_over_sentences_with_the_tag": {
                tag: dict(zip(ratios, values)) for tag, values in self.present.items()
            },
        }


def _count_tags(gold: Sequence[str], predicted: Sequence[str]) -> dict[str, Counts]:
    in_gold, in_predicted = Counter(gold), Counter(predicted)
    right = Counter(one for one, other in zip(gold, predicted, strict=True) if one == other)
    return {tag: Counts(right[tag], in_predicted[tag], in_gold[tag]) for tag in in_gold | in_predicted}


def _accuracy(counts: Counts, tokens: int) -> float:
    wrong = counts.predicted + counts.gold - 2 * counts.correct
    return ratio(tokens - wrong, tokens)
