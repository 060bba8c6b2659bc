"""Two scored runs over the same sentences: the differences of their scores, and whether chance explains them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...counts import Counts
from ...errors import LmnError
from ...labels import describe_origins
from ...typed_json import written_as
from ..scored_run.run import Evaluation, ScoredRun, ShownExamples
from .resampling import SEED, Difference, differences

EXAMPLES, RECIPE, WEIGHTS = "examples", "recipe", "the hash of the weights"
"""Names of conditions in which runs that differ only in a seed may differ, too."""
HOW_COMPARED = "interval: paired bootstrap over sentences; p-value: approximate randomisation, two-sided"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in which two runs differ.

    Attributes:
        condition: Name of the condition.
        first: Value of the condition in the first run, in words.
        second: Value in the second run.
    """

    condition: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Strict counts of two runs over all labels.

    Attributes:
        first: Counts of the first run.
        second: Counts of the second run.
    """

    first: Counts
    second: Counts


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the same gold.

    Attributes:
        first: Scores file of one run.
        second: Scores file of the other run.
        sentences: Number of sentences.
        differing: Conditions that are not the same.
        micro: Strict counts of both.
        only_first: Number of gold entities that only the first run found.
        only_second: Number of gold entities that only the second run found.
        scores: Differences of the ratios, second less first.
        seed: Seed of all draws.
    """

    first: str
    second: str
    sentences: int
    differing: tuple[Condition, ...]
    micro: Totals
    only_first: int
    only_second: int
    scores: tuple[Difference, ...]
    seed: int

    @classmethod
    def of(cls, first: Evaluation, second: Evaluation, seed: int = SEED) -> Comparison:
        """Compare two runs.

        Raises:
            LmnError: Their sentences or their gold are not the same, so that no pairs can be made.
        """
        differing = tuple(_differing(first.run, second.run))
        _check_gold(first, second, differing)
        sides = (first.sentences, second.sentences)
        found = [
            [{pair.gold for pair in sentence.pairs if pair.kind == "correct"} for sentence in side] for side in sides
        ]
        counts = [[sentence.counts for sentence in side] for side in sides]
        return cls(
            str(first.run.path), str(second.run.path), len(first.sentences), differing,
            Totals(*(sum(side, Counts()) for side in counts)),
            sum(len(one - other) for one, other in zip(*found)), sum(len(other - one) for one, other in zip(*found)),
            tuple(differences(*counts, seed=seed)), seed,
        )  # fmt: skip

    @property
    def differences(self) -> dict[str, Difference]:
        """Differences by the names of the ratios."""
        return {score.name: score for score in self.scores}

    def lines(self) -> Iterator[str]:
        """Yield what is printed."""
        yield f"A  {self.first}"
        yield f"B  {self.second}"
        for row in self.differing:
            yield f"they differ in {row.condition}: {row.first} (A); {row.second} (B)"
        yield ""
        yield f"{'':<10}       A       B    B - A   95% interval      p-value"
        for score in self.scores:
            one, other = (getattr(counts, score.name) for counts in (self.micro.first, self.micro.second))
            low, high = score.interval
            yield f"{score.name:<10}  {one:.4f}  {other:.4f}  {score.value:+.4f}  {low:+.4f} {high:+.4f}  {score.p_value:.4f}"
        yield ""
        yield (
            f"gold entities that only A found: {self.only_first:,}; only B: {self.only_second:,}; "
            f"of {self.micro.first.gold:,}"
        )
        yield f"{self.sentences:,} sentences; {HOW_COMPARED}; seed {self.seed}"


written_as(Difference, "value interval p_value")
written_as(Comparison, "first second differing micro only_first only_second differences seed")


def _differing(first: ScoredRun, second: ScoredRun) -> Iterator[Condition]:
    for (name, one), other in zip(conditions_of(first).items(), conditions_of(second).values()):
        if one != other:
            yield Condition(name, one, other)


def conditions_of(run: ScoredRun) -> dict[str, str]:
    """Return in words what a reader has to know before two scores are compared, by the name of the condition."""
    hashes = run.provenance.sha256
    return {
        "corpus": run.corpus,
        "split": run.split,
        "decoding": run.decoding,
        "format": run.format,
        "reading": run.reading,
        "data type": run.dtype or "not known",
        "base model": run.model or "none",
        EXAMPLES: _examples(run.shots),
        "smallest confidence": "none" if run.min_confidence is None else str(run.min_confidence),
        "policy for invalid tags": run.repair or "not known",
        "labels": describe_origins(run.label_origins) or "as the corpus has them",
        RECIPE: run.recipe or "none",
        "the corpus's hash": (hashes.corpus or "none")[:12],
        WEIGHTS: (hashes.adapter or "none")[:12],
    }


def _examples(shots: ShownExamples | None) -> str:
    if not shots:
        return "none"
    return f"{shots} (SHA-256 {shots.sha256[:12]})" if shots.sha256 else str(shots)


def _check_gold(first: Evaluation, second: Evaluation, differing: Sequence[Condition]) -> None:
    conditions = "; ".join(f"{row.condition}: {row.first} and {row.second}" for row in differing)
    where = f"{first.run.path} and {second.run.path}"
    remedy = f"compare runs over the same sentences and gold ({conditions})"
    numbers = len(first.sentences), len(second.sentences)
    if numbers[0] != numbers[1]:
        raise LmnError(f"{numbers[0]:,} and {numbers[1]:,} sentences, so no pairs can be made", where, remedy)
    for one, other in zip(first.sentences, second.sentences):
        if one.tokens != other.tokens or set(one.gold) != set(other.gold):
            what = "the tokens differ" if one.tokens != other.tokens else "the gold differs"
            place = one.id if one.id == other.id else f"{one.id} and {other.id}"
            raise LmnError(f"{what} at {place}, so no pairs can be made", where, remedy)
