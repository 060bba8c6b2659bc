"""Bootstrap intervals of micro scores, and the test of the difference of two runs; both over sentences, both seeded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...counts import RATIOS, Counts
from ..scored_run.analysis import MICRO, Interval, Intervals, RatioIntervals
from ..scored_run.scores import SCENARIOS, ScenarioCounts

RESAMPLES = 1000
TRIALS = 10_000
LEVEL = 0.95
SEED = 42
_IN_MEMORY = 1_000_000
"""Random numbers that are in memory at a time."""


def intervals(
    strict: Sequence[Counts], ungrounded: Sequence[int], scenarios: Sequence[Sequence[ScenarioCounts]],
    others: Mapping[str, Sequence[Counts]] | None = None, *, seed: int = SEED, resamples: int = RESAMPLES,
) -> Intervals:  # fmt: skip
    """Bootstrap every micro score.

    Drawing n of n sentences with replacement is the same as drawing how often each kind of sentence occurs from a multinomial
    distribution, where a kind is all sentences with the same counts. The latter takes almost no time.

    Args:
        strict: Strict counts of each sentence.
        ungrounded: Number of entities of each sentence that touch no token.
        scenarios: Counts of each sentence by scenario of nervaluate, in the order of `SCENARIOS`; empty if entities nest.
        others: Counts of each sentence by the name of what counted them, such as another scorer; each is resampled on its own.
        seed: Seed of the draws.
        resamples: Number of resamples.
    """
    rows = [
        (counts.correct, counts.predicted, counts.gold, loose, *_flat(by_scenario))
        for counts, loose, by_scenario in zip(strict, ungrounded, scenarios or [()] * len(strict), strict=True)
    ]
    sums = _resampled(rows, seed, resamples)
    by_name = {
        MICRO: _interval(Counts(*row[:3]) for row in sums),
        "micro_with_ungrounded": _interval(Counts(row[0], row[1] + row[3], row[2]) for row in sums),
    }
    if scenarios:
        for number, name in enumerate(SCENARIOS):
            at = 4 + 5 * number
            by_name[f"nervaluate {name}"] = _interval(ScenarioCounts(*row[at : at + 5]) for row in sums)
    for name, counted in (others or {}).items():
        drawn = _resampled([(counts.correct, counts.predicted, counts.gold) for counts in counted], seed, resamples)
        by_name[name] = _interval(Counts(*row) for row in drawn)
    return Intervals(LEVEL, resamples, seed, by_name)


def _flat(scenarios: Sequence[ScenarioCounts]) -> list[int]:
    return [
        number
        for counts in scenarios
        for number in (counts.correct, counts.incorrect, counts.partial, counts.missed, counts.spurious)
    ]


def _resampled(rows: Sequence[Sequence[int]], seed: int, resamples: int) -> list[list[int]]:
    """Return sums over each resample of the rows, shape (resamples, columns)."""
    import numpy as np

    kinds, numbers = np.unique(np.array(rows, dtype=np.int64), axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    sums: list[list[int]] = []
    for size in parts(resamples, len(kinds)):
        sums += (generator.multinomial(len(rows), numbers / len(rows), size=size) @ kinds).tolist()
    return sums


def parts(draws: int, kinds: int) -> Iterator[int]:
    """Cut draws, which take one number for each kind, into parts of at most `_IN_MEMORY` numbers; the numbers drawn stay the same."""
    most = max(1, _IN_MEMORY // kinds)
    for start in range(0, draws, most):
        yield min(most, draws - start)


def _interval(counts: Any) -> RatioIntervals:
    """Return the interval of each ratio over resamples of counts."""
    import numpy as np

    values = np.array([[getattr(one, name) for name in RATIOS] for one in counts])
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return RatioIntervals(*(Interval(float(low[at]), float(high[at])) for at in range(len(RATIOS))))


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of one ratio of two runs over the same sentences, the second less the first.

    Attributes:
        name: `precision`, `recall` or `f1`.
        value: Difference of the ratio.
        interval: Lower and upper end of the difference's interval, by paired bootstrap.
        p_value: Share of the trials in which runs that exchange outputs at random, by sentence, differ at least as much (approximate
            randomisation, two-sided; (r + 1) / (trials + 1), so never 0).
    """

    name: str
    value: float
    interval: tuple[float, float]
    p_value: float

    def turned(self) -> Difference:
        """Return the difference with the two runs exchanged, the first less the second."""
        low, high = self.interval
        return replace(self, value=0.0 - self.value, interval=(0.0 - high, 0.0 - low))


def differences(
    first: Sequence[Counts],
    second: Sequence[Counts],
    *,
    seed: int = SEED,
    resamples: int = RESAMPLES,
    trials: int = TRIALS,
) -> list[Difference]:
    """Compare two runs on their strict counts, sentence by sentence.

    The draws do not depend on which run is the first: with the two exchanged, the p-values are the same, and the differences and their
    intervals change their signs.

    Args:
        first: Strict counts of each sentence.
        second: Strict counts of the other run, in the same order, with the same gold.
        seed: Seed of the draws.
        resamples: Number of resamples of the bootstrap.
        trials: Number of trials of the randomisation.

    Raises:
        ValueError: The numbers of sentences differ.
    """
    import numpy as np

    if len(first) != len(second):
        raise ValueError(f"{len(first)} sentences and {len(second)}")
    rows = [(one.correct, one.predicted, other.correct, other.predicted, one.gold) for one, other in zip(first, second)]
    if rows > [(*row[2:4], *row[:2], row[4]) for row in rows]:
        turned = differences(second, first, seed=seed, resamples=resamples, trials=trials)
        return [one.turned() for one in turned]
    observed = _gaps([[sum(column) for column in zip(*rows)]])[0]
    low, high = np.quantile(_gaps(_resampled(rows, seed, resamples)), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    exchanged = _gaps(_exchanged(rows, seed, trials))
    reached = (np.abs(exchanged) >= np.abs(observed) - 1e-12).sum(axis=0)
    return [
        Difference(
            name, float(observed[at]), (float(low[at]), float(high[at])), float((reached[at] + 1) / (trials + 1))
        )
        for at, name in enumerate(RATIOS)
    ]


def _gaps(sums: Sequence[Sequence[int]]) -> Any:
    """Return second less first of each ratio, shape (len(sums), 3)."""
    import numpy as np

    pairs = [(Counts(row[0], row[1], row[4]), Counts(row[2], row[3], row[4])) for row in sums]
    return np.array([[getattr(other, name) - getattr(one, name) for name in RATIOS] for one, other in pairs])


def _exchanged(rows: Sequence[Sequence[int]], seed: int, trials: int) -> list[list[int]]:
    """Return sums over the rows, each with its two runs exchanged by the toss of a coin, shape (trials, 5).

    A binomial number of the sentences with the same counts is exchanged; only those with a difference matter.
    """
    import numpy as np

    table = np.array(rows, dtype=np.int64)
    kinds, numbers = np.unique(table, axis=0, return_counts=True)
    change = np.stack([kinds[:, 2] - kinds[:, 0], kinds[:, 3] - kinds[:, 1]], axis=1)
    generator = np.random.default_rng(seed)
    moved = np.concatenate(
        [generator.binomial(numbers, 0.5, size=(size, len(kinds))) @ change for size in parts(trials, len(kinds))]
    )
    sums = np.tile(table.sum(axis=0), (trials, 1))
    sums[:, 0] += moved[:, 0]
    sums[:, 1] += moved[:, 1]
    sums[:, 2] -= moved[:, 0]
    sums[:, 3] -= moved[:, 1]
    result: list[list[int]] = sums.tolist()
    return result
