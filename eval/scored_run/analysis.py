"""Types for the differences between predictions and gold: pairs of entities, errors, confusion, single tags, groups, intervals."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Literal, get_args

from ...alignment import Status, WrittenEntity
from ...counts import Counts, ratio
from ...sentence import Span, outer_first
from ...typed_json import Count, Share

Kind = Literal["correct", "boundary", "type", "both", "missed", "spurious"]

MICRO = "micro"
"""Name of the average over all labels, where it is a key."""

KINDS: tuple[Kind, ...] = get_args(Kind)

ERRORS: dict[Kind, str] = {
    "boundary": "overlaps a gold entity of the same label, with another start or end",
    "type": "the tokens of a gold entity, with another label",
    "both": "overlaps a gold entity of another label, with another start or end",
    "missed": "a gold entity that no predicted one is paired with",
    "spurious": "a predicted entity that no gold one is paired with",
}
"""Description of each kind of error."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A gold entity and its predicted partner.

    Attributes:
        kind: `correct`, or the kind of error.
        gold: Gold entity; None for a spurious one.
        predicted: Predicted entity; None for a missed one.

    Raises:
        ValueError: An entity is there that the kind has not, or the other way round.
    """

    kind: Kind
    gold: Span | None
    predicted: Span | None

    def __post_init__(self) -> None:
        if (self.kind == "spurious") != (self.gold is None) or (self.kind == "missed") != (self.predicted is None):
            raise ValueError(f"not a pair: {self!r}")

    @property
    def label(self) -> str:
        """Label that the pair is counted with: the gold one, or the predicted one of a spurious entity."""
        span = self.gold or self.predicted
        assert span is not None  # checked when made
        return span.label


@dataclass(frozen=True, slots=True)
class KindCounts:
    """Number of pairs by kind; the attributes are the kinds.

    Raises:
        ValueError: A count is negative.
    """

    correct: int = 0
    boundary: int = 0
    type: int = 0
    both: int = 0
    missed: int = 0
    spurious: int = 0

    def __post_init__(self) -> None:
        if min(astuple(self)) < 0:
            raise ValueError(f"not valid counts: {self!r}")

    def __add__(self, other: KindCounts) -> KindCounts:
        return KindCounts(*(one + another for one, another in zip(astuple(self), astuple(other))))

    def of(self, kind: Kind) -> int:
        """Return the number of pairs of a kind."""
        count: int = getattr(self, kind)
        return count

    @property
    def counts(self) -> Counts:
        """Strict counts of the same entities."""
        paired = self.correct + self.boundary + self.type + self.both
        return Counts(self.correct, paired + self.spurious, paired + self.missed)


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """Pairs by label and kind.

    Attributes:
        labels: Counts by label, in the order of the tables: spurious entities by their predicted label, all others by the gold one.
    """

    labels: dict[str, KindCounts]

    @property
    def all(self) -> KindCounts:
        """Counts over all labels."""
        return sum(self.labels.values(), KindCounts())


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of pairs of a gold class and a predicted class.

    Attributes:
        names: Classes, in the order of rows and columns; `O` is the last.
        rows: Counts: a row for each gold class, a column for each predicted one.

    Raises:
        ValueError: Rows and columns are not as many as the classes.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[Count, ...], ...]

    def __post_init__(self) -> None:
        if [len(row) for row in self.rows] != [len(self.names)] * len(self.names):
            raise ValueError(f"not a square of {len(self.names)} classes")


@dataclass(frozen=True, slots=True)
class TagRatios:
    """Means over sentences of a tag's ratios.

    Attributes:
        accuracy: Share of tokens that are classified correctly as having or not having the tag.
        precision: Share of the predicted tags that are right.
        recall: Share of the gold tags that are predicted.
        f1: Harmonic mean of precision and recall.
    """

    accuracy: Share
    precision: Share
    recall: Share
    f1: Share


@dataclass(frozen=True, slots=True)
class TagAverages(TagRatios):
    """Means over all sentences.

    Attributes:
        support: Number of gold tags in a sentence.
    """

    support: float


@dataclass(frozen=True, slots=True)
class PooledTag:
    """One tag over all tokens.

    Attributes:
        accuracy: Share of tokens that are classified correctly as having or not having the tag.
        counts: Number of tokens with the tag.
    """

    accuracy: float
    counts: Counts


@dataclass(frozen=True, slots=True)
class TagTable:
    """Single BIO tags (IOB2), each as a class of its own.

    Attributes:
        pooled: Counts of each tag over all tokens, O among them.
        averaged_over_sentences: Means over all sentences, where a ratio with a zero denominator is 0: also in sentences without the tag.
            Supports add up to the mean length of a sentence.
        averaged_over_sentences_with_the_tag: Means over the sentences in which the tag is in the gold or predicted.
        confusion: Confusion of the tags, token by token.
    """

    pooled: dict[str, Counts]
    averaged_over_sentences: dict[str, TagAverages]
    averaged_over_sentences_with_the_tag: dict[str, TagRatios]
    confusion: Confusion

    @property
    def tokens(self) -> int:
        """Number of tokens; each has one gold tag."""
        return sum(counts.gold for counts in self.pooled.values())

    @property
    def accuracy(self) -> float:
        """Share of all tokens with the right tag."""
        return ratio(sum(counts.correct for counts in self.pooled.values()), self.tokens)

    @property
    def tags(self) -> dict[str, PooledTag]:
        """Each tag over all tokens."""
        tokens = self.tokens
        return {tag: PooledTag(tag_accuracy(counts, tokens), counts) for tag, counts in self.pooled.items()}


def tag_accuracy(counts: Counts, tokens: int) -> float:
    """Return the share of tokens that are classified correctly as having or not having a tag."""
    wrong = counts.predicted + counts.gold - 2 * counts.correct
    return ratio(tokens - wrong, tokens)


Groups = dict[str, Counts]
"""Counts by the name of a group, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of a ratio.

    Raises:
        ValueError: The ends are not between 0 and 1, or in the wrong order.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= 1:
            raise ValueError(f"{self.low} to {self.high} is not an interval of a ratio")


@dataclass(frozen=True, slots=True)
class RatioIntervals:
    """Intervals of the ratios of some counts, by the names of the ratios."""

    precision: Interval
    recall: Interval
    f1: Interval


@dataclass(frozen=True, slots=True)
class Intervals:
    """Percentile intervals of every micro score, by bootstrap over sentences.

    Attributes:
        level: Share of the resamples that lie in an interval.
        resamples: Number of resamples; each draws as many sentences as there are, with replacement.
        seed: Seed of the draws.
        scores: Intervals by the name of what was counted: `micro`, `nervaluate exact`, `baseline: majority`, ...
    """

    level: Share
    resamples: Count
    seed: Count
    scores: dict[str, RatioIntervals]

    @property
    def over(self) -> str:
        """Unit of the resampling."""
        return "sentences"

    @property
    def micro(self) -> RatioIntervals:
        """Intervals of the strict micro averages."""
        return self.scores[MICRO]

    @property
    def described(self) -> str:
        """Method of the intervals, in words."""
        return f"percentile bootstrap over sentences, {self.resamples:,} resamples, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Analysis:
    """Analysis of the differences between predictions and gold.

    Attributes:
        errors: Pairs of entities by label and kind.
        confusion: Confusion of labels; `O` means that the entity is missing.
        tags: Single BIO tags; None if entities nest, which tags cannot hold.
        groups: Strict counts by division and group.
        train_split: Training split that two divisions of the groups come from; None if it was not read.
        intervals: Intervals of every micro score.
        given_up: Number of sentences in which too many entities lie inside each other to pair those that differ; all of these count as
            missed and spurious.

    Raises:
        ValueError: The strict micro averages have no interval.
    """

    errors: ErrorCounts
    confusion: Confusion
    tags: TagTable | None
    groups: dict[str, Groups]
    train_split: str | None
    intervals: Intervals
    given_up: Count = 0

    def __post_init__(self) -> None:
        if MICRO not in self.intervals.scores:
            raise ValueError("the intervals of micro are missing")


@dataclass(frozen=True, slots=True)
class ExaminedSentence:
    """One line of `sentences.jsonl`.

    Attributes:
        id: Sentence id.
        where: Place in the corpus.
        tokens: Tokens of the sentence.
        pairs: Pairs of its entities.
        ungrounded: Predicted entities that touch no token.
        status: Status of the alignment.
        reasons: Reasons of the alignment.
        output: Output as it was generated.
        confidences: Confidences of the predicted entities, in the order of their pairs; None if the run has none.
        known: Labels that the words of each gold entity have in the training split, sorted, in the order of their pairs; empty for
            words that are not an entity there. None if that split was not read.

    Raises:
        ValueError: The number of confidences is not that of the predicted entities, or the number of `known` not that of the gold ones.
    """

    id: str
    where: str
    tokens: tuple[str, ...]
    pairs: tuple[Pair, ...]
    ungrounded: tuple[WrittenEntity, ...]
    status: Status
    reasons: tuple[str, ...]
    output: str
    confidences: tuple[float, ...] | None = None
    known: tuple[tuple[str, ...], ...] | None = None

    def __post_init__(self) -> None:
        for name, values, entities in (
            ("confidences", self.confidences, self.predicted),
            ("known", self.known, self.gold),
        ):
            if values is not None and len(values) != len(entities):
                raise ValueError(f"{name} holds {len(values)} for {len(entities)} entities")

    @property
    def predicted(self) -> tuple[Span, ...]:
        """Predicted spans, sorted by `outer_first`."""
        return tuple(sorted((pair.predicted for pair in self.pairs if pair.predicted), key=outer_first))

    @property
    def gold(self) -> tuple[Span, ...]:
        """Gold spans, in the order of the pairs."""
        return tuple(pair.gold for pair in self.pairs if pair.gold)

    @property
    def counts(self) -> Counts:
        """Strict counts."""
        return count_kinds(self.pairs).counts


def count_kinds(pairs: tuple[Pair, ...]) -> KindCounts:
    """Count pairs by kind."""
    found = dict.fromkeys(KINDS, 0)
    for pair in pairs:
        found[pair.kind] += 1
    return KindCounts(**found)
