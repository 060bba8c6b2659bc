"""Intervals of the mean F1 of several trainings, by a bootstrap: folds are drawn, trainings within each, and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...counts import Counts
from ...eval.analysis.resampling import LEVEL, RESAMPLES, SEED


class Ends(NamedTuple):
    """The ends of an interval, of a score or a difference."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Band:
    """The mean of a score over trainings.

    Attributes:
        mean: Mean.
        interval: Bootstrap interval of the mean.
        least: Lowest score of a training.
        most: Highest score of a training.
        trainings: Number of trainings.
    """

    mean: float
    interval: Ends
    least: float
    most: float
    trainings: int


def f1_band(
    trainings: Sequence[Sequence[Counts]], folds: Sequence[int] | None = None, *, seed: int = SEED, resamples: int = RESAMPLES
) -> Band:  # fmt: skip
    """Return the mean F1 of trainings.

    Args:
        trainings: For each training, the strict counts of each sentence; the sentences are the same for all.
        folds: Fold of each training; None where each has one of its own.
        seed: Seed of the draws.
        resamples: Number of resamples.
    """
    scores = [sum(counts, Counts()).f1 for counts in trainings]
    return _band(scores, _resampled([trainings], folds, seed, resamples)[0])


def difference_band(
    first: Sequence[Sequence[Counts]], second: Sequence[Sequence[Counts]], folds: Sequence[int] | None = None, *, share: float = 1.0,
    seed: int = SEED, resamples: int = RESAMPLES,
) -> Band:  # fmt: skip
    """Return the mean difference of F1, the second less a share of the first, of trainings that belong together in pairs.

    Both of a pair are scored on the same sentences, and a resample draws the pair, and the same sentences for both.

    Args:
        first: For each training, the strict counts of each sentence.
        second: The same of the other training of each pair, in the same order.
        folds: Fold of each pair; None where each has one of its own.
        share: Share of the first that is taken off, such as 0.99 to ask whether the second reaches 99 % of it.
        seed: Seed of the draws.
        resamples: Number of resamples.

    Raises:
        ValueError: The numbers of trainings differ.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} trainings and {len(second)}")
    scores = [
        sum(other, Counts()).f1 - share * sum(one, Counts()).f1 for one, other in zip(first, second, strict=True)
    ]  # fmt: skip
    drawn = _resampled([first, second], folds, seed, resamples)
    return _band(scores, drawn[1] - share * drawn[0])


def _band(scores: Sequence[float], drawn: Any) -> Band:
    import numpy as np

    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Band(
        sum(scores) / len(scores), Ends(float(low), float(high)), min(scores), max(scores), len(scores)
    )  # fmt: skip


def _resampled(
    sides: Sequence[Sequence[Sequence[Counts]]], folds: Sequence[int] | None, seed: int, resamples: int
) -> Any:
    """Return the mean F1 of each side in each resample, shape (sides, resamples)."""
    import numpy as np

    generator = np.random.default_rng(seed)
    counts = np.array(
        [[[(one.correct, one.predicted + one.gold) for one in of] for of in side] for side in sides], dtype=np.int64
    )
    _, trainings, sentences, _ = counts.shape
    times = generator.multinomial(sentences, np.full(sentences, 1 / sentences), size=resamples)
    correct, both = np.moveaxis(np.einsum("rn,stnk->strk", times, counts, optimize=True), -1, 0)
    f1 = np.where(both > 0, 2 * correct / np.maximum(both, 1), 0.0)
    weights = _weights(range(trainings) if folds is None else folds, generator, resamples)
    return np.einsum("str,rt->sr", f1, weights / weights.sum(axis=1, keepdims=True))


def _weights(folds: Sequence[int], generator: Any, resamples: int) -> Any:
    """Return how often each training is drawn in each resample, shape (resamples, trainings).

    Folds are drawn first. For each time that a fold is drawn, as many of its trainings are drawn as it has: trainings of one fold share
    what the expert has labelled, and say less than those of as many folds.
    """
    import numpy as np

    of = np.asarray(folds)
    names = np.unique(of)
    drawn = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    weights = np.zeros((resamples, len(of)), dtype=np.int64)
    for at, name in enumerate(names):
        members = np.flatnonzero(of == name)
        size = len(members)
        weights[:, members] = generator.multinomial(drawn[:, at] * size, np.full(size, 1 / size))
    return weights
