"""Runs that differ only in a seed: which ones they are, and the mean and spread of their scores."""

from __future__ import annotations

import json
import statistics
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace

from ...counts import RATIOS
from ...files import read_json
from ...launching.earlier import SETTINGS_FILE
from ..scored_run.run import ScoredRun
from .comparison import EXAMPLES, RECIPE, WEIGHTS, conditions_of

_SEED_KEY = "seed"
"""Key of a recipe for the seed of its training."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and spread of one ratio over runs.

    Attributes:
        name: `precision`, `recall` or `f1`.
        mean: Mean of the ratio.
        deviation: Standard deviation of the sample (divided by the number of runs less one).
        smallest: Smallest ratio.
        largest: Largest ratio.
    """

    name: str
    mean: float
    deviation: float
    smallest: float
    largest: float


@dataclass(frozen=True, slots=True)
class SeedGroup:
    """Runs that differ only in a seed.

    Attributes:
        runs: Names of the runs.
        seeds: Seed of each, all different.
        what: What the seed is of: `training`, or `examples` that a model without training was shown.
        scores: Mean and spread of each ratio.
    """

    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    what: str
    scores: tuple[Spread, ...]

    @property
    def spreads(self) -> dict[str, Spread]:
        """Means and spreads by the names of the ratios."""
        return {score.name: score for score in self.scores}


def seed_groups(runs: Mapping[str, ScoredRun]) -> tuple[SeedGroup, ...]:
    """Return the groups of at least two runs that differ only in a seed.

    Trained runs belong together if every condition that a comparison names is the same, except recipe and weights, and if `lmn_train.json`
    of both trainings holds the same settings and data, except the seed. Runs without training belong together if they differ in nothing but
    the draw of their examples. Runs of which two have the same seed form no group.

    Args:
        runs: Scored runs by name.
    """
    alike: dict[Hashable, list[str]] = {}
    seeds = {}
    for name, run in runs.items():
        if found := _without_seed(run):
            key, seeds[name] = found
            alike.setdefault(key, []).append(name)
    return tuple(
        _group({name: runs[name] for name in names}, tuple(seeds[name] for name in names))
        for names in alike.values()
        if len(names) > 1 and len({seeds[name] for name in names}) == len(names)
    )


def _without_seed(run: ScoredRun) -> tuple[Hashable, int] | None:
    """Return what a run follows from except its seed, and the seed; None if either is not known."""
    conditions = conditions_of(run)
    if run.shots:
        if run.shots.seed is None:
            return None
        conditions[EXAMPLES] = str(replace(run.shots, seed=None, ids=None, sha256=None))
        return tuple(conditions.items()), run.shots.seed
    settings = _training_settings(run)
    if settings is None or run.provenance.seed is None or run.provenance.sha256.adapter is None:
        return None
    known = {name: value for name, value in conditions.items() if name not in (RECIPE, WEIGHTS)}
    return (tuple(known.items()), settings), run.provenance.seed


def _training_settings(run: ScoredRun) -> str | None:
    """Return what `lmn_train.json` says of the training apart from its seed, as JSON; None without such a file.

    Raises:
        LmnError: The file is damaged.
    """
    if run.path is None:
        return None
    path = run.path.absolute().parent.parent.parent / SETTINGS_FILE
    if not path.is_file():
        return None
    read = read_json(path, "remove it; the runs are then compared without their seeds")
    if not isinstance(read, dict) or not isinstance(read.get("keys"), dict):
        return None
    keys = {key: value for key, value in read["keys"].items() if key != _SEED_KEY}
    return json.dumps({**read, "keys": keys}, sort_keys=True)


def _group(runs: Mapping[str, ScoredRun], seeds: tuple[int, ...]) -> SeedGroup:
    what = EXAMPLES if any(run.shots for run in runs.values()) else "training"
    return SeedGroup(tuple(runs), seeds, what, tuple(_spreads(runs)))


def _spreads(runs: Mapping[str, ScoredRun]) -> Iterator[Spread]:
    for name in RATIOS:
        values = [getattr(run.scores.micro, name) for run in runs.values()]
        yield Spread(name, statistics.fmean(values), statistics.stdev(values), min(values), max(values))
