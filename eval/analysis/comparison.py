"""Two scored runs over the same sentences: the differences of their scores, and whether chance explains them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import LmnError
from ...labels import describe_origins
from ...sentence import Span
from ..report.terminal import told_shots
from ..scoring.counts import Counts
from .document import Examined
from .resampling import SEED, Difference, differences
from .run import Run

_CONDITIONS = {
    "corpus": "corpus", "split": "split", "decoding": "decoding", "format": "format", "model": "base model", "shots": "examples",
    "min_confidence": "smallest confidence", "label_origins": "labels", "recipe": "recipe",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the same gold.

    Attributes:
        first: one run.
        second: the other one.
        totals: strict counts of the first and of the second.
        differing: conditions that are not the same: name, of the first, of the second.
        scores: differences, second less first.
        only_first: gold entities that only the first run found.
        only_second: gold entities that only the second run found.
        seed: of all draws.
    """

    first: Run
    second: Run
    totals: tuple[Counts, Counts]
    differing: list[tuple[str, str, str]]
    scores: list[Difference]
    only_first: int
    only_second: int
    seed: int

    @classmethod
    def of(cls, first: Run, second: Run, seed: int = SEED) -> Comparison:
        """Compare two runs.

        Raises:
            LmnError: their sentences or their gold are not the same, so that no pairs can be made.
        """
        differing = list(_differing(first.document, second.document))
        _check_gold(first, second, differing)
        found = [
            ({pair.gold for pair in one.pairs if pair.kind == "correct"}, {pair.gold for pair in other.pairs if pair.kind == "correct"})
            for one, other in zip(first.sentences, second.sentences)
        ]  # fmt: skip
        counts = (first.counts, second.counts)
        return cls(
            first, second, (sum(counts[0], Counts()), sum(counts[1], Counts())), differing, differences(*counts, seed=seed),
            sum(len(one - other) for one, other in found), sum(len(other - one) for one, other in found), seed,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        return {
            "first": str(self.first.path), "second": str(self.second.path),
            "differing": [dict(zip(("condition", "first", "second"), row)) for row in self.differing],
            "micro": dict(zip(("first", "second"), (counts.to_dict() for counts in self.totals))),
            "only_first": self.only_first, "only_second": self.only_second,
            "differences": {
                score.name: {"value": score.value, "interval": list(score.interval), "p_value": score.p_value}
                for score in self.scores
            },
            "seed": self.seed,
        }  # fmt: skip

    def lines(self) -> Iterator[str]:
        """Yield what is printed."""
        yield f"A  {self.first.path}"
        yield f"B  {self.second.path}"
        for name, one, other in self.differing:
            yield f"they differ in {name}: {one} (A); {other} (B)"
        yield ""
        yield f"{'':<10}       A       B    B - A   95% interval      p-value"
        for score in self.scores:
            one, other = (getattr(counts, score.name) for counts in self.totals)
            low, high = score.interval
            yield f"{score.name:<10}  {one:.4f}  {other:.4f}  {score.value:+.4f}  {low:+.4f} {high:+.4f}  {score.p_value:.4f}"
        yield ""
        yield f"gold entities that only A found: {self.only_first:,}; only B: {self.only_second:,}; of {self.totals[0].gold:,}"
        yield (
            f"{len(self.first.sentences):,} sentences; interval: paired bootstrap over sentences; p-value: approximate randomisation, "
            f"two-sided; seed {self.seed}"
        )


def _differing(first: dict[str, Any], second: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key, name in _CONDITIONS.items():
        one, other = first.get(key), second.get(key)
        if one != other:
            told = _TELLERS.get(key, _told)
            yield name, told(one), told(other)
    hashes = [document.get("sha256") or {} for document in (first, second)]
    for key in ("corpus", "adapter"):
        one, other = hashes[0].get(key), hashes[1].get(key)
        if one != other:
            yield f"the {key}'s hash", _told(one and one[:12]), _told(other and other[:12])


def _told(value: Any) -> str:
    return "none" if value is None else str(value)


def _examples(shots: dict[str, Any] | None) -> str:
    if not shots:
        return "none"
    return f"{told_shots(shots)} (SHA-256 {shots['sha256'][:12]})" if shots.get("sha256") else told_shots(shots)


def _labels(origins: dict[str, str | None] | None) -> str:
    return describe_origins(origins or {}) or "as the corpus has them"


_TELLERS: dict[str, Callable[[Any], str]] = {"shots": _examples, "label_origins": _labels}


def _check_gold(first: Run, second: Run, differing: list[tuple[str, str, str]]) -> None:
    told = "; ".join(f"{name}: {one} and {other}" for name, one, other in differing)
    where = f"{first.path} and {second.path}"
    numbers = len(first.sentences), len(second.sentences)
    if numbers[0] != numbers[1]:
        raise LmnError(f"{where}: {numbers[0]:,} and {numbers[1]:,} sentences, so no pairs can be made ({told})")
    for one, other in zip(first.sentences, second.sentences):
        if one.tokens != other.tokens or _gold(one) != _gold(other):
            what = "tokens" if one.tokens != other.tokens else "gold entities"
            raise LmnError(f"{where}: other {what} in {one.id} and {other.id}, so no pairs can be made ({told})")


def _gold(sentence: Examined) -> set[Span | None]:
    return {pair.gold for pair in sentence.pairs} - {None}
