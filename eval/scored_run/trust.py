"""Calibration of confidences, and errors by the uncertainty of sentences."""

from __future__ import annotations

from dataclasses import dataclass

from ...counts import Counts, ratio
from ...typed_json import Count, Share
from .analysis import Interval

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Predicted entities whose confidences lie in one part of the range from 0 to 1.

    Attributes:
        low: Lower edge, exclusive; the first bin includes 0.
        high: Upper edge, inclusive.
        predicted: Number of predicted entities.
        correct: Number of them that are in the gold, span and label.
        confidence_sum: Sum of their confidences.

    Raises:
        ValueError: There are more correct entities, or there is a larger sum, than the number of entities allows.
    """

    low: Share
    high: Share
    predicted: int
    correct: int
    confidence_sum: float

    def __post_init__(self) -> None:
        if not (0 <= self.correct <= self.predicted and 0 <= self.confidence_sum <= self.predicted):
            raise ValueError(f"not a bin of confidences: {self!r}")

    @property
    def confidence(self) -> float | None:
        """Mean confidence; None if the bin is empty."""
        return self.confidence_sum / self.predicted if self.predicted else None

    @property
    def accuracy(self) -> float | None:
        """Share of the entities that is correct; None if the bin is empty."""
        return self.correct / self.predicted if self.predicted else None

    @property
    def gap(self) -> float:
        """Distance between accuracy and mean confidence; 0 if the bin is empty."""
        return abs((self.accuracy or 0) - (self.confidence or 0))


@dataclass(frozen=True, slots=True)
class Threshold:
    """Scores that a minimum confidence leaves.

    Attributes:
        least: Minimum confidence.
        counts: Strict counts of the entities that are kept.
    """

    least: Share
    counts: Counts


@dataclass(frozen=True, slots=True)
class Separation:
    """How well confidence tells right entities from wrong ones.

    Attributes:
        auroc: Area under the ROC curve: probability that a right entity, drawn at random, has a higher confidence than a wrong one, where
            equal confidences count half. 0.5 is chance.
        interval: Percentile interval of the area, by bootstrap over sentences.
        level: Share of the resamples that lie in it.
        resamples: Number of resamples.
        seed: Seed of the draws.
    """

    auroc: Share
    interval: Interval
    level: Share
    resamples: Count
    seed: Count


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidences of predicted entities compared with how often they were right.

    Attributes:
        squared_error: Sum over entities of the squared distance between confidence and 1 (correct) or 0 (wrong).
        bins: Bins of equal width, from 0 to 1.
        thresholds: Scores that each minimum confidence would leave, the lowest minimum first.
        separation: How well the confidences tell right from wrong; None if no entity is right, or none is wrong, and in files of earlier
            versions.

    Raises:
        ValueError: The number of bins is wrong, or the squared error is impossible for this number of entities.
    """

    squared_error: float
    bins: tuple[Bin, ...]
    thresholds: tuple[Threshold, ...]
    separation: Separation | None = None

    def __post_init__(self) -> None:
        if len(self.bins) != BINS or not 0 <= self.squared_error <= self.predicted:
            raise ValueError(f"not a calibration: {len(self.bins)} bins, squared error {self.squared_error}")

    @property
    def predicted(self) -> int:
        """Number of predicted entities."""
        return sum(found.predicted for found in self.bins)

    @property
    def expected_calibration_error(self) -> float:
        """Mean gap of the bins, weighted by their entities (Guo et al. 2017, equation 3)."""
        return ratio(sum(found.predicted * found.gap for found in self.bins), self.predicted)

    @property
    def maximum_calibration_error(self) -> float:
        """Largest gap of a bin that is not empty (Guo et al. 2017, equation 5)."""
        return max(found.gap for found in self.bins)

    @property
    def brier(self) -> float:
        """Brier score (Brier 1950, of two outcomes): mean squared distance of the confidence from 1 or 0."""
        return ratio(self.squared_error, self.predicted)


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of the sentences, by their maximum decision entropy.

    Attributes:
        lowest: Smallest maximum entropy among them, in nats.
        highest: Largest maximum entropy, in nats.
        sentences: Number of sentences.
        with_errors: Number of them whose entities are not the gold's.

    Raises:
        ValueError: More sentences have errors than there are, or the entropies are in the wrong order.
    """

    lowest: float
    highest: float
    sentences: int
    with_errors: int

    def __post_init__(self) -> None:
        if not 0 <= self.with_errors <= self.sentences or not 0 <= self.lowest <= self.highest:
            raise ValueError(f"not a quarter of sentences: {self!r}")

    @property
    def error_share(self) -> float:
        """Share of the sentences with errors."""
        return ratio(self.with_errors, self.sentences)


@dataclass(frozen=True, slots=True)
class UncertaintySummary:
    """Decision entropies of sentences, in nats, and how errors are spread over them.

    Attributes:
        sentences: Number of sentences with an uncertainty.
        mean_sum: Sum of their mean entropies.
        max_sum: Sum of their maximum entropies.
        quarters: Quarters of near-equal size, most certain first; empty for fewer than four sentences.
    """

    sentences: Count
    mean_sum: float
    max_sum: float
    quarters: tuple[Quarter, ...]

    @property
    def mean(self) -> float:
        """Mean over sentences of the mean entropy."""
        return ratio(self.mean_sum, self.sentences)

    @property
    def max(self) -> float:
        """Mean over sentences of the maximum entropy."""
        return ratio(self.max_sum, self.sentences)
