"""Several scored runs over the same sentences: every pair of them, with the p-values corrected for their number."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from ...counts import RATIOS, Counts
from ...errors import LmnError
from ...rendering.tables import Table, aligned
from ...typed_json import written_as
from ..scored_run.run import Evaluation
from ..scored_run.tables import score_table
from .comparison import HOW_COMPARED, Comparison, conditions_of
from .resampling import SEED, Difference
from .seeds import SeedGroup, seed_groups

NAMES = string.ascii_uppercase
"""Names of runs, in their order."""


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A run of a comparison.

    Attributes:
        name: Name in the tables: `A`, `B`, ...
        path: Scores file.
        micro: Strict counts over all labels.
    """

    name: str
    path: str
    micro: Counts


@dataclass(frozen=True, slots=True)
class DifferingCondition:
    """A condition that is not the same in all runs.

    Attributes:
        condition: Name of the condition.
        values: Value of each run, in words, by the name of the run.
    """

    condition: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class CorrectedDifference:
    """The difference of one ratio of a pair of runs, the second less the first.

    Attributes:
        difference: Difference, its interval and its own p-value.
        holm_p_value: P-value by Holm's correction over all pairs, for this ratio.
    """

    difference: Difference
    holm_p_value: float


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two of the runs.

    Attributes:
        first: Name of one run.
        second: Name of the other run.
        only_first: Number of gold entities that only the first run found.
        only_second: Number of gold entities that only the second run found.
        scores: Differences of the ratios.
    """

    first: str
    second: str
    only_first: int
    only_second: int
    scores: tuple[CorrectedDifference, ...]

    @property
    def differences(self) -> dict[str, CorrectedDifference]:
        """Differences by the names of the ratios."""
        return {score.difference.name: score for score in self.scores}


@dataclass(frozen=True, slots=True)
class SeveralRuns:
    """Three or more runs over the same gold.

    Attributes:
        runs: The runs.
        sentences: Number of sentences.
        differing: Conditions that are not the same in all runs.
        pairs: All pairs of runs.
        seed_groups: Groups of runs that differ only in a seed.
        seed: Seed of all draws.
    """

    runs: tuple[NamedRun, ...]
    sentences: int
    differing: tuple[DifferingCondition, ...]
    pairs: tuple[Pairing, ...]
    seed_groups: tuple[SeedGroup, ...]
    seed: int

    @classmethod
    def of(cls, evaluations: Sequence[Evaluation], seed: int = SEED) -> SeveralRuns:
        """Compare runs, pair by pair.

        Raises:
            LmnError: Their sentences or their gold are not the same, so that no pairs can be made; or there are more than 26 runs.
        """
        if len(evaluations) > len(NAMES):
            raise LmnError(f"{len(evaluations)} runs, and at most {len(NAMES)} are compared", remedy="name fewer runs")
        named = dict(zip(NAMES, evaluations))
        runs = {name: evaluation.run for name, evaluation in named.items()}
        compared = {
            (one, other): Comparison.of(named[one], named[other], seed) for one, other in combinations(named, 2)
        }
        conditions = {name: conditions_of(run) for name, run in runs.items()}
        values = {key: {name: found[key] for name, found in conditions.items()} for key in conditions[NAMES[0]]}
        return cls(
            tuple(NamedRun(name, str(run.path), run.scores.micro) for name, run in runs.items()),
            len(evaluations[0].sentences),
            tuple(DifferingCondition(key, row) for key, row in values.items() if len(set(row.values())) > 1),
            tuple(_pairings(compared)), seed_groups(runs), seed,
        )  # fmt: skip

    def lines(self) -> Iterator[str]:
        """Yield what is printed."""
        yield from (f"{run.name}  {run.path}" for run in self.runs)
        for row in self.differing:
            yield f"they differ in {row.condition}: {_by_value(row.values)}"
        yield ""
        yield from aligned(score_table("", {run.name: run.micro for run in self.runs}))
        yield ""
        yield from aligned(_pair_table(self.pairs))
        for group in self.seed_groups:
            yield ""
            yield from aligned(_seed_table(group))
        yield ""
        yield f"{self.sentences:,} sentences; {HOW_COMPARED}; seed {self.seed}"
        yield f"Holm: p-value corrected for the number of pairs, {len(self.pairs)}"


written_as(CorrectedDifference, "*difference holm_p_value")
written_as(Pairing, "first second only_first only_second differences")
written_as(SeedGroup, "runs seeds what spreads")


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number by Holm (1979): below a level, all together are wrong with at most that probability."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[at]))
        corrected[at] = largest
    return corrected


def _pairings(compared: dict[tuple[str, str], Comparison]) -> Iterator[Pairing]:
    """Yield the pairs with their corrected p-values; each ratio is corrected by itself."""
    by_ratio = zip(*(holm([found.scores[at].p_value for found in compared.values()]) for at in range(len(RATIOS))))
    for ((one, other), found), corrected in zip(compared.items(), by_ratio):
        scores = tuple(map(CorrectedDifference, found.scores, corrected))
        yield Pairing(one, other, found.only_first, found.only_second, scores)


def _by_value(values: dict[str, str]) -> str:
    """Return the values of a condition in words, each with the runs that have it."""
    runs: dict[str, list[str]] = {}
    for name, value in values.items():
        runs.setdefault(value, []).append(name)
    return "; ".join(f"{value} ({', '.join(names)})" for value, names in runs.items())


def _pair_table(pairs: Sequence[Pairing]) -> Table:
    """Return the differences of F1."""
    rows = []
    for pair in pairs:
        found = pair.differences["f1"]
        (low, high), value = found.difference.interval, found.difference.value
        p_values = (f"{found.difference.p_value:.4f}", f"{found.holm_p_value:.4f}")
        rows.append((f"{pair.second} - {pair.first}", f"{value:+.4f}", f"{low:+.4f} {high:+.4f}", *p_values))
    return Table(("f1", "difference", "95% interval", "p-value", "Holm"), rows)


def _seed_table(group: SeedGroup) -> Table:
    """Return mean and spread of a group of runs."""
    rows = [
        (score.name, *(f"{value:.4f}" for value in (score.mean, score.deviation, score.smallest, score.largest)))
        for score in group.scores
    ]
    seeds = ", ".join(f"{name} ({seed})" for name, seed in zip(group.runs, group.seeds))
    title = f"runs that differ only in the seed of the {group.what}: {seeds}"
    return Table(("", "mean", "std dev", "min", "max"), rows, title=title)
