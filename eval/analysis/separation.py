"""How well confidence tells right entities from wrong ones: the area under the ROC curve, with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..scored_run.analysis import Interval
from ..scored_run.trust import Separation
from .resampling import LEVEL, RESAMPLES, SEED, parts


def separate(
    judged: Sequence[Sequence[tuple[float, bool]]], *, seed: int = SEED, resamples: int = RESAMPLES
) -> Separation | None:
    """Return the probability that a right entity, drawn at random, has a higher confidence than a wrong one; equal ones count half.

    Args:
        judged: For each sentence, for each predicted entity, its confidence and whether it is right.
        seed: Seed of the draws.
        resamples: Number of resamples of the sentences. Those without a right or without a wrong entity have no area, and are left out.

    Returns:
        The area and its percentile interval; None if no entity is right, or none is wrong.
    """
    import numpy as np

    values = np.array([value for sentence in judged for value, _ in sentence])
    right = np.array([correct for sentence in judged for _, correct in sentence], dtype=bool)
    owners = np.repeat(np.arange(len(judged)), [len(sentence) for sentence in judged])
    if right.all() or not right.any():
        return None
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order], prepend=-1.0))  # each begins a run of equal confidences
    owners, right = owners[order], right[order]
    area = float(_areas(np.ones((1, len(order))), right, starts)[0])
    drawn = np.concatenate(
        [_areas(weights[:, owners], right, starts) for weights in _draws(len(judged), len(order), seed, resamples)]
    )
    drawn = drawn[~np.isnan(drawn)]
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(drawn) else (0.0, 1.0)
    return Separation(area, Interval(float(low), float(high)), LEVEL, resamples, seed)


def _draws(sentences: int, entities: int, seed: int, resamples: int) -> Iterator[Any]:
    """Yield how often each sentence is drawn in some resamples, shape (resamples of a part, sentences).

    A part is small enough to hold a number for each entity, too.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    for size in parts(resamples, max(sentences, entities)):
        places = generator.integers(sentences, size=(size, sentences)) + np.arange(size)[:, None] * sentences
        yield np.bincount(places.ravel(), minlength=size * sentences).reshape(size, sentences).astype(float)


def _areas(weights: Any, right: Any, starts: Any) -> Any:
    """Return the area for each row of weights of entities (rows, entities), sorted by confidence; NaN where a class weighs nothing.

    Args:
        weights: Weights of the entities.
        right: Whether each is right (entities,).
        starts: First positions of the runs of equal confidences.
    """
    import numpy as np

    good = np.add.reduceat(weights * right, starts, axis=1)
    bad = np.add.reduceat(weights * ~right, starts, axis=1)
    below = np.cumsum(bad, axis=1) - bad
    with np.errstate(invalid="ignore"):
        return (good * (below + bad / 2)).sum(1) / (good.sum(1) * bad.sum(1))
