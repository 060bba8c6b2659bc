"""The scores themselves: strict counts, nervaluate's scenarios, and the results of reading the outputs."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ...alignment import STATUSES, Status
from ...counts import Counts, harmonic_mean, ratio
from ...typed_json import Count

MICRO_ROW = "micro avg"
UNGROUNDED_ROW = "micro avg, ungrounded as false positives"


@dataclass(frozen=True, slots=True)
class ScenarioCounts:
    """Counts of one nervaluate scenario (SemEval-2013 task 9), as nervaluate 1.2.1 names them.

    A partial match is worth half a point. Only the scenario `partial` counts any.

    Attributes:
        correct: Number of matches.
        incorrect: Number of overlaps that the scenario does not accept.
        partial: Number of overlaps that it half accepts.
        missed: Number of gold entities without any overlap.
        spurious: Number of predicted entities without any overlap.

    Raises:
        ValueError: A count is negative.
    """

    correct: int
    incorrect: int
    partial: int
    missed: int
    spurious: int

    def __post_init__(self) -> None:
        if min(self.correct, self.incorrect, self.partial, self.missed, self.spurious) < 0:
            raise ValueError(f"not valid counts: {self!r}")

    def __add__(self, other: ScenarioCounts) -> ScenarioCounts:
        return ScenarioCounts(
            self.correct + other.correct, self.incorrect + other.incorrect, self.partial + other.partial,
            self.missed + other.missed, self.spurious + other.spurious,
        )  # fmt: skip

    @property
    def _points(self) -> float:
        return self.correct + 0.5 * self.partial

    @property
    def gold(self) -> int:
        """Number of gold entities."""
        return self.correct + self.incorrect + self.partial + self.missed

    @property
    def precision(self) -> float:
        """Points over all predicted entities."""
        return ratio(self._points, self.correct + self.incorrect + self.partial + self.spurious)

    @property
    def recall(self) -> float:
        """Points over all gold entities."""
        return ratio(self._points, self.gold)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return harmonic_mean(self.precision, self.recall)


@dataclass(frozen=True, slots=True)
class Scenarios:
    """Counts by scenario.

    Attributes:
        strict: Span and label are right.
        exact: The span is right.
        partial: Spans that overlap count half.
        ent_type: The label is right and the spans overlap.
    """

    strict: ScenarioCounts
    exact: ScenarioCounts
    partial: ScenarioCounts
    ent_type: ScenarioCounts

    @property
    def by_name(self) -> dict[str, ScenarioCounts]:
        """The scenarios by name, in the order of every table."""
        return {name: getattr(self, name) for name in SCENARIOS}


SCENARIOS = tuple(field.name for field in fields(Scenarios))


@dataclass(frozen=True, slots=True)
class Nervaluate:
    """Counts by nervaluate.

    Attributes:
        overall: Counts over all labels.
        labels: Counts by label, sorted.
    """

    overall: Scenarios
    labels: dict[str, Scenarios]


@dataclass(frozen=True, slots=True)
class Size:
    """Size of a split, in sentences or in tokens.

    Attributes:
        all: Number of sentences or tokens, `-DOCSTART-` lines included.
        docstart: Number of `-DOCSTART-` lines among them.

    Raises:
        ValueError: There are more such lines than there are sentences or tokens.
    """

    all: int
    docstart: int

    def __post_init__(self) -> None:
        if not 0 <= self.docstart <= self.all:
            raise ValueError(f"{self.docstart} -DOCSTART- lines of {self.all} cannot be")

    @property
    def without_docstart(self) -> int:
        """Number of sentences or tokens without the `-DOCSTART-` lines."""
        return self.all - self.docstart


@dataclass(frozen=True, slots=True)
class AlignmentSummary:
    """Results of reading the outputs.

    Attributes:
        exact: Number of outputs that are the sentence with well-formed markup.
        repaired: Number of outputs that differ from that and could be read.
        failed: Number of outputs that could not be read.
        reasons: Number of sentences by reason, sorted.
        unknown_labels: Number of entities by label outside the label set, sorted.
        ungrounded: Number of entities that touch no gold token.
        dropped: Number of entities inside or across another.
    """

    exact: Count
    repaired: Count
    failed: Count
    reasons: dict[str, Count]
    unknown_labels: dict[str, Count]
    ungrounded: Count
    dropped: Count

    @property
    def statuses(self) -> dict[Status, int]:
        """Number of sentences by status."""
        return {status: getattr(self, status) for status in STATUSES}

    @property
    def malformed(self) -> int:
        """Number of outputs that are not the sentence with well-formed markup."""
        return self.repaired + self.failed


@dataclass(frozen=True, slots=True)
class StrictScores:
    """Strict counts: an entity is right if its span and its label are.

    Attributes:
        labels: Counts by label, sorted.
        micro_with_ungrounded: Counts over all labels, with every ungrounded entity as a false positive. Tags cannot hold
            those entities, so no scorer sees them.
    """

    labels: dict[str, Counts]
    micro_with_ungrounded: Counts

    @property
    def micro(self) -> Counts:
        """Counts over all labels."""
        return sum(self.labels.values(), Counts())


@dataclass(frozen=True, slots=True)
class SeqevalScores(StrictScores):
    """Strict counts by seqeval."""

    @property
    def scheme(self) -> str:
        """Tagging scheme."""
        return "IOB2"

    @property
    def mode(self) -> str:
        """Mode of seqeval."""
        return "strict"


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of one set of predictions.

    Attributes:
        sentences: Number of sentences.
        tokens: Number of tokens.
        seqeval: Strict counts; None if entities nest, which tags cannot hold.
        spans: Strict counts over sets of spans, where entities nest; else None.
        nervaluate: Counts by nervaluate; None if entities nest.
        alignment: Results of reading the outputs.

    Raises:
        ValueError: Both or neither of `seqeval` and `spans` are there, or ungrounded entities are counted in two ways.
    """

    sentences: Size
    tokens: Size
    seqeval: SeqevalScores | None
    spans: StrictScores | None
    nervaluate: Nervaluate | None
    alignment: AlignmentSummary

    def __post_init__(self) -> None:
        if (self.seqeval is None) == (self.spans is None):
            raise ValueError("either seqeval or spans holds the strict scores, and the other one is null")
        if self.micro_with_ungrounded != self.micro + Counts(predicted=self.alignment.ungrounded):
            raise ValueError("micro_with_ungrounded is not micro with the ungrounded entities of alignment")

    @property
    def nested(self) -> bool:
        """Whether entities may nest, so that sets of spans were compared."""
        return self.seqeval is None

    @property
    def scorer(self) -> str:
        """Name of the scorer, in words."""
        return "sets of spans" if self.nested else "seqeval"

    @property
    def scorer_title(self) -> str:
        """Name of the scorer and its settings, in words."""
        return f"{self.scorer} ({'entities nest: seqeval cannot hold them' if self.nested else 'strict, IOB2'})"

    @property
    def strict(self) -> StrictScores:
        """The strict counts."""
        found = self.seqeval or self.spans
        assert found is not None  # checked when made
        return found

    @property
    def labels(self) -> dict[str, Counts]:
        """Strict counts by label, sorted."""
        return self.strict.labels

    @property
    def micro(self) -> Counts:
        """Strict counts over all labels."""
        return self.strict.micro

    @property
    def micro_with_ungrounded(self) -> Counts:
        """Strict counts over all labels, with every ungrounded entity as a false positive."""
        return self.strict.micro_with_ungrounded

    def rows(self) -> dict[str, Counts]:
        """Return the strict counts by the name of their row: labels, then averages."""
        rows = {**self.labels, MICRO_ROW: self.micro}
        return {**rows, UNGROUNDED_ROW: self.micro_with_ungrounded} if self.alignment.ungrounded else rows

    def _repr_html_(self) -> str:
        """Return the tables that a notebook shows."""
        from ...rendering.notebook import (
            drawn_tables,  # here, so that it is read only where it draws
        )
        from .tables import score_table

        tables = [score_table(self.scorer_title, self.rows())]
        if self.nervaluate:
            tables.append(score_table("nervaluate", self.nervaluate.overall.by_name))
        return drawn_tables(tables)
