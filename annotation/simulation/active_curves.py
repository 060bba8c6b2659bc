"""Curves of a simulation of active learning: F1 by tokens, the area below, tokens saved against chance, and where a run would stop.

Counts have the shape (sentences, 3): correct, predicted and gold entities of each sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .active_plan import StopRule

Floats = NDArray[np.float64]
RESAMPLES = 1000
LEVEL = 0.95
_SEED = 42


def f1_of(counts: Any) -> Any:
    """Return micro F1 of counts whose last axis is correct, predicted, gold; 0 without entities."""
    counts = np.asarray(counts, dtype=np.float64)
    both = counts[..., 1] + counts[..., 2]
    return np.where(both > 0, 2 * counts[..., 0] / np.maximum(both, 1), 0.0)


def gain_of(before: NDArray[np.int64], after: NDArray[np.int64], resamples: int = RESAMPLES) -> tuple[float, float]:
    """Return how much F1 has gained, and the standard error of that by paired bootstrap over sentences."""
    weights = _draws(len(before), resamples)
    gains = f1_of(weights @ after) - f1_of(weights @ before)
    return float(f1_of(after.sum(0)) - f1_of(before.sum(0))), float(gains.std())


def stops(rule: StopRule, dev: Sequence[NDArray[np.int64]]) -> bool:
    """Return whether a run stops, given the counts on dev after the start and after each round so far."""
    rounds = len(dev) - 1
    if rule.name == "published":
        return rounds >= max(1, rule.after) and bool(f1_of(dev[-1].sum(0)) - f1_of(dev[-2].sum(0)) < rule.least)
    if rule.name == "noise" and rounds >= rule.window:
        gain, error = gain_of(dev[-1 - rule.window], dev[-1])
        return gain <= error
    return False


def stop_of(rule: StopRule, dev: Sequence[NDArray[np.int64]]) -> int | None:
    """Return the number of the round after which a run stops; None if it does not."""
    return next((end - 1 for end in range(2, len(dev) + 1) if stops(rule, dev[:end])), None)


@dataclass(frozen=True, slots=True)
class Curve:
    """The rounds of one strategy with one seed.

    Attributes:
        tokens: Number of tokens labelled after the start and after each round (rounds + 1,), rising.
        counts: Counts on the test sentences (rounds + 1, sentences, 3).
    """

    tokens: Floats
    counts: NDArray[np.int64]

    @property
    def f1(self) -> Floats:
        """F1 after the start and after each round (rounds + 1,)."""
        found: Floats = f1_of(self.counts.sum(1))
        return found


def area(tokens: Floats, f1: Floats, end: float) -> float:
    """Return the mean of F1 over the tokens from the first point to `end`, points joined by lines: the normalised area."""
    grid = np.append(tokens[tokens < end], end)
    values = np.interp(grid, tokens, f1)
    below = float(np.diff(grid) @ (values[1:] + values[:-1])) / 2
    return below / float(end - grid[0]) if end > grid[0] else float(values[0])


def rising(f1: Floats) -> Floats:
    """Return the nearest curve, by squares, that never falls (isotonic regression): more labels do no harm but by noise."""
    from sklearn.isotonic import isotonic_regression

    found: Floats = isotonic_regression(f1)
    return found


def tokens_at(tokens: Floats, f1: Floats, wanted: float) -> float:
    """Return the smallest number of tokens at which a rising curve reaches an F1; infinity if it does not."""
    reached = np.flatnonzero(f1 >= wanted - 1e-12)
    if not len(reached):
        return float("inf")
    at = int(reached[0])
    if at == 0:
        return float(tokens[0])
    low, high = f1[at - 1], f1[at]
    return float(tokens[at - 1] + (tokens[at] - tokens[at - 1]) * (wanted - low) / (high - low))


def mean_curve(curves: Sequence[tuple[Floats, Floats]], grid: Floats) -> Floats:
    """Return the mean over seeds of curves (tokens, F1) at numbers of tokens, points joined by lines."""
    found: Floats = np.mean([np.interp(grid, tokens, f1) for tokens, f1 in curves], axis=0)
    return found


def end_of(curves: Sequence[Curve]) -> float:
    """Return the number of tokens that all curves reach, at which comparisons end."""
    return min(float(curve.tokens[-1]) for curve in curves)


def grid_of(curves: Sequence[Curve], end: float) -> Floats:
    """Return the numbers of tokens at which strategies are compared: the points of the first curve up to an end that all reach."""
    start = max(float(curve.tokens[0]) for curve in curves)
    points = curves[0].tokens
    found: Floats = np.unique(np.concatenate([[start], points[(points > start) & (points < end)], [end]]))
    return found


def saved(strategy: Sequence[tuple[Floats, Floats]], chance: Sequence[tuple[Floats, Floats]], grid: Floats) -> float:
    """Return the share of the tokens that a strategy saves at the F1 that chance reaches at the end of the grid.

    Both curves are means over seeds, made to rise. Minus infinity stands for a strategy that does not reach it.
    """
    by_chance = rising(mean_curve(chance, grid))
    wanted = float(by_chance[-1])
    theirs = tokens_at(grid, by_chance, wanted)
    ours = tokens_at(grid, rising(mean_curve(strategy, grid)), wanted)
    return 1 - ours / theirs


@dataclass(frozen=True, slots=True)
class Comparison:
    """A strategy against chance.

    Attributes:
        area: Normalised area of the strategy, mean over seeds.
        area_gain: By how much it is larger than that of chance.
        area_interval: Interval of that.
        saved: Share of the tokens saved at the F1 that chance reaches at the common end; None if that is not reached.
        saved_interval: Interval of that; an end that is None is not reached.
    """

    area: float
    area_gain: float
    area_interval: tuple[float, float]
    saved: float | None
    saved_interval: tuple[float | None, float | None]


def compare(
    strategy: Mapping[int, Curve], chance: Mapping[int, Curve], end: float, *, resamples: int = RESAMPLES, seed: int = _SEED
) -> Comparison:  # fmt: skip
    """Compare a strategy with chance on the same seeds.

    The interval is a paired bootstrap that draws seeds and test sentences anew, the same ones for both. With three seeds it says little
    about other seeds: only ten different draws of them exist.

    Args:
        strategy: Curves by seed.
        chance: Curves of `random` by seed.
        end: Number of tokens up to which they are compared, the same for all strategies of a simulation; all curves reach it.
        resamples: Number of resamples.
        seed: Seed of the draws.
    """
    seeds = sorted(strategy.keys() & chance.keys())
    grid = grid_of([curves[one] for curves in (chance, strategy) for one in seeds], end)

    def judged(drawn: Sequence[int], weights: Floats) -> tuple[float, float, float]:
        pairs = [
            [(curves[one].tokens, f1_of(np.einsum("s,rsc->rc", weights, curves[one].counts))) for one in drawn]
            for curves in (strategy, chance)
        ]
        ours, theirs = (float(np.mean([area(tokens, f1, end) for tokens, f1 in curves])) for curves in pairs)
        return ours, ours - theirs, saved(pairs[0], pairs[1], grid)

    count = next(iter(strategy.values())).counts.shape[1]
    mean, gain, share = judged(seeds, np.ones(count))
    generator = np.random.default_rng(seed)
    drawn = [generator.choice(seeds, len(seeds)).tolist() for _ in range(resamples)]
    rows = [judged(one, weights) for one, weights in zip(drawn, _draws(count, resamples), strict=True)]
    areas, shares = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    low, high = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    ends = [float(np.quantile(shares, share, method="nearest")) for share in (low, high)]
    return Comparison(
        mean, gain, (float(np.quantile(areas, low)), float(np.quantile(areas, high))), _finite(share),
        (_finite(ends[0]), _finite(ends[1])),
    )  # fmt: skip


def _draws(count: int, resamples: int) -> Floats:
    """Return how often each of `count` sentences is drawn in each resample (resamples, count)."""
    drawn: Floats = (
        np.random.default_rng(_SEED).multinomial(count, np.full(count, 1 / count), size=resamples).astype(np.float64)
    )
    return drawn


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
