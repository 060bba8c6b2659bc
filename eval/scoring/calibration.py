"""How far confidences can be trusted: reliability curve, calibration error, what a threshold keeps; and where uncertain sentences err."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ...records import Uncertainty
from .counts import Counts, ratio

BINS = 10
THRESHOLDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
_EDGES = [number / BINS for number in range(1, BINS)]
_QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Bin:
    """Predicted entities whose confidences lie in one part of the range from 0 to 1.

    Attributes:
        predicted: how many there are.
        correct: how many of them are in the gold, span and label.
        confidence_sum: of their confidences.

    Raises:
        ValueError: more are correct, or the sum is larger, than entities allow.
    """

    predicted: int
    correct: int
    confidence_sum: float

    def __post_init__(self) -> None:
        if not (0 <= self.correct <= self.predicted and 0 <= self.confidence_sum <= self.predicted):
            raise ValueError(f"not a bin of confidences: {self!r}")

    @property
    def confidence(self) -> float:
        """Mean confidence; 0 where the bin is empty."""
        return ratio(self.confidence_sum, self.predicted)

    @property
    def accuracy(self) -> float:
        """Share of the entities that is correct; 0 where the bin is empty."""
        return ratio(self.correct, self.predicted)

    @property
    def gap(self) -> float:
        """Distance between accuracy and mean confidence."""
        return abs(self.accuracy - self.confidence)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidences of predicted entities beside how often they were right.

    Attributes:
        bins: of equal width, `BINS` of them; each holds its upper edge and not its lower one, the first holds 0 too.
        squared_error: sum over entities of the square of confidence minus 1 (correct) or 0 (not).
        thresholds: strict counts of the entities whose confidence is at least the threshold, by threshold.

    Raises:
        ValueError: another number of bins, or a squared error that so many entities cannot have.
    """

    bins: tuple[Bin, ...]
    squared_error: float
    thresholds: dict[float, Counts]

    def __post_init__(self) -> None:
        if len(self.bins) != BINS or not 0 <= self.squared_error <= self.predicted:
            raise ValueError(f"not a calibration: {len(self.bins)} bins, squared error {self.squared_error}")

    @classmethod
    def of(cls, judged: Sequence[tuple[float, bool]], gold: int) -> Calibration:
        """Count over predicted entities.

        Args:
            judged: a confidence, from 0 to 1, and whether the entity is in the gold, for each.
            gold: number of gold entities.
        """
        members: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
        for confidence, correct in judged:
            members[bisect_left(_EDGES, confidence)].append((confidence, correct))
        bins = [
            Bin(len(found), sum(right for _, right in found), sum(value for value, _ in found)) for found in members
        ]
        thresholds = {}
        for threshold in THRESHOLDS:
            kept = [correct for confidence, correct in judged if confidence >= threshold]
            thresholds[threshold] = Counts(sum(kept), len(kept), gold)
        return cls(tuple(bins), sum((value - right) ** 2 for value, right in judged), thresholds)

    @property
    def predicted(self) -> int:
        """Number of predicted entities."""
        return sum(found.predicted for found in self.bins)

    @property
    def expected_error(self) -> float:
        """Expected calibration error (Guo et al. 2017, equation 3): mean gap of the bins, weighted by their entities."""
        return ratio(sum(found.predicted * found.gap for found in self.bins), self.predicted)

    @property
    def maximum_error(self) -> float:
        """Maximum calibration error (Guo et al. 2017, equation 5): the largest gap of a bin that is not empty."""
        return max((found.gap for found in self.bins), default=0.0)

    @property
    def brier(self) -> float:
        """Brier score (Brier 1950, of two outcomes): mean squared distance of the confidence from 1 or 0."""
        return ratio(self.squared_error, self.predicted)

    def to_dict(self) -> dict[str, Any]:
        """Return counts, then ratios, for JSON."""
        return {
            "predicted": self.predicted,
            "squared_error": self.squared_error,
            "expected_calibration_error": self.expected_error,
            "maximum_calibration_error": self.maximum_error,
            "brier": self.brier,
            "bins": [
                {
                    "from": number / BINS, "to": (number + 1) / BINS,
                    "predicted": found.predicted, "correct": found.correct, "confidence_sum": found.confidence_sum,
                    "confidence": found.confidence if found.predicted else None,
                    "accuracy": found.accuracy if found.predicted else None,
                }
                for number, found in enumerate(self.bins)
            ],
            "thresholds": [{"from": threshold, **counts.to_dict()} for threshold, counts in self.thresholds.items()],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of the sentences, by their maximum decision entropy.

    Attributes:
        sentences: how many there are.
        with_errors: how many of them have another set of entities than the gold.
        lowest: smallest maximum entropy among them, in nats.
        highest: largest, in nats.

    Raises:
        ValueError: more have errors than there are, or the entropies are in the wrong order.
    """

    sentences: int
    with_errors: int
    lowest: float
    highest: float

    def __post_init__(self) -> None:
        if not 0 <= self.with_errors <= self.sentences or not 0 <= self.lowest <= self.highest:
            raise ValueError(f"not a quarter of sentences: {self!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return counts, then ratios, for JSON."""
        return {
            "from": self.lowest, "to": self.highest, "sentences": self.sentences, "with_errors": self.with_errors,
            "error_share": ratio(self.with_errors, self.sentences),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class UncertaintySummary:
    """Decision entropies of sentences, in nats, and how errors are spread over them.

    Attributes:
        sentences: how many have an uncertainty.
        mean_sum: sum of their mean entropies.
        max_sum: sum of their maximum entropies.
        quarters: from the surest to the least sure; as equal in size as can be; none where sentences are fewer than four.
    """

    sentences: int
    mean_sum: float
    max_sum: float
    quarters: tuple[Quarter, ...]

    @classmethod
    def of(cls, judged: Sequence[tuple[Uncertainty, bool]]) -> UncertaintySummary:
        """Count over sentences: an uncertainty, and whether the sentence has an error, for each; ties stay in their order."""
        ranked = sorted(judged, key=lambda pair: pair[0].max)
        cuts = [len(ranked) * number // _QUARTERS for number in range(_QUARTERS + 1)]
        parts = [ranked[start:end] for start, end in pairwise(cuts)] if len(ranked) >= _QUARTERS else []
        return cls(
            len(ranked),
            sum(uncertainty.mean for uncertainty, _ in ranked),
            sum(uncertainty.max for uncertainty, _ in ranked),
            tuple(
                Quarter(len(part), sum(wrong for _, wrong in part), part[0][0].max, part[-1][0].max) for part in parts
            ),
        )

    @property
    def mean(self) -> float:
        """Mean over sentences of the mean entropy."""
        return ratio(self.mean_sum, self.sentences)

    @property
    def max(self) -> float:
        """Mean over sentences of the maximum entropy."""
        return ratio(self.max_sum, self.sentences)

    def to_dict(self) -> dict[str, Any]:
        """Return counts, then ratios, for JSON."""
        return {
            "sentences": self.sentences, "mean_sum": self.mean_sum, "max_sum": self.max_sum,
            "mean": self.mean, "max": self.max, "quarters": [quarter.to_dict() for quarter in self.quarters],
        }  # fmt: skip
