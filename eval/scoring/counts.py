"""Scores of predictions: counts by seqeval and nervaluate, from which every ratio is derived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nervaluate import Evaluator
from nervaluate.entities import Entity
from nervaluate.strategies import EntityTypeEvaluation, ExactEvaluation, PartialEvaluation, StrictEvaluation
from seqeval.scheme import IOB2, Entities

from ...alignment import Alignment
from ...sentence import Sentence, Span
from ...tags import encode

SCENARIOS = ("strict", "exact", "partial", "ent_type")
_HALVES = ("partial", "ent_type")
_STRATEGIES = {
    "strict": StrictEvaluation(), "exact": ExactEvaluation(), "partial": PartialEvaluation(), "ent_type": EntityTypeEvaluation(),
}  # fmt: skip


def _whole_numbers(row: Mapping[str, Any], keys: Sequence[str]) -> list[int]:
    """Return the values of some keys.

    Raises:
        KeyError, TypeError: one of them is missing.
        ValueError: one is no integer, or negative.
    """
    numbers = [row[key] for key in keys]
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError(f"counts are {numbers}")
    return numbers


def ratio(part: float, whole: float) -> float:
    """Return a share; 0 of nothing."""
    return part / whole if whole else 0.0


def _f1(precision: float, recall: float) -> float:
    return ratio(2 * precision * recall, precision + recall)


@dataclass(frozen=True, slots=True)
class Counts:
    """Entity counts of strict matching: span and label right.

    Attributes:
        correct: predicted entities that are in the gold.
        predicted: all predicted entities.
        gold: all gold entities (the support).
    """

    correct: int = 0
    predicted: int = 0
    gold: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.correct + other.correct, self.predicted + other.predicted, self.gold + other.gold)

    @property
    def precision(self) -> float:
        """Share of the predicted entities that is correct; 0 where none is predicted."""
        return ratio(self.correct, self.predicted)

    @property
    def recall(self) -> float:
        """Share of the gold entities that was found; 0 where there is none."""
        return ratio(self.correct, self.gold)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _f1(self.precision, self.recall)

    def to_dict(self) -> dict[str, Any]:
        """Return counts, then ratios, for JSON."""
        return {
            "correct": self.correct, "predicted": self.predicted, "gold": self.gold,
            "precision": self.precision, "recall": self.recall, "f1": self.f1,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Counts:
        """Read the counts of what `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: they are none.
        """
        counts = cls(*_whole_numbers(row, ("correct", "predicted", "gold")))
        if counts.correct > min(counts.predicted, counts.gold):
            raise ValueError(f"{counts.correct} of {counts.predicted} and {counts.gold} are correct")
        return counts


@dataclass(frozen=True, slots=True)
class ScenarioCounts:
    """Counts of one nervaluate scenario (SemEval-2013 task 9), as nervaluate 1.2.1 names them.

    Attributes:
        scenario: `strict`, `exact`, `partial` or `ent_type`; the last two give half a point for a partial match.
        correct: matches.
        incorrect: overlaps that the scenario does not accept.
        partial: overlaps that it half accepts.
        missed: gold entities without any overlap.
        spurious: predicted ones without any.
    """

    scenario: str
    correct: int
    incorrect: int
    partial: int
    missed: int
    spurious: int

    @property
    def _points(self) -> float:
        return self.correct + 0.5 * self.partial if self.scenario in _HALVES else self.correct

    @property
    def gold(self) -> int:
        """All gold entities."""
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
        return _f1(self.precision, self.recall)

    def to_dict(self) -> dict[str, Any]:
        """Return counts, then ratios, for JSON."""
        return {
            "correct": self.correct, "incorrect": self.incorrect, "partial": self.partial, "missed": self.missed,
            "spurious": self.spurious, "precision": self.precision, "recall": self.recall, "f1": self.f1,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, scenario: str, row: Mapping[str, Any]) -> ScenarioCounts:
        """Read the counts of what `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: they are none.
        """
        return cls(scenario, *_whole_numbers(row, ("correct", "incorrect", "partial", "missed", "spurious")))


@dataclass(frozen=True, slots=True)
class AlignmentSummary:
    """What became of the outputs.

    Attributes:
        statuses: sentences by `exact`, `repaired`, `failed`.
        reasons: sentences by reason.
        unknown_labels: entities by label outside the label set.
        ungrounded: entities that touch no gold token.
        dropped: entities inside or across another.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unknown_labels: Counter[str] = field(default_factory=Counter)
    ungrounded: int = 0
    dropped: int = 0

    @classmethod
    def of(cls, alignments: Iterable[Alignment]) -> AlignmentSummary:
        """Count over alignments."""
        statuses: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        unknown: Counter[str] = Counter()
        ungrounded = dropped = 0
        for alignment in alignments:
            statuses[alignment.status] += 1
            reasons.update(alignment.reasons)
            unknown.update(mention.label for mention in alignment.unknown_labels)
            ungrounded += len(alignment.ungrounded)
            dropped += len(alignment.dropped)
        return cls(statuses, reasons, unknown, ungrounded, dropped)

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        return {
            **{status: self.statuses[status] for status in ("exact", "repaired", "failed")},
            "reasons": dict(sorted(self.reasons.items())),
            "unknown_labels": dict(sorted(self.unknown_labels.items())),
            "ungrounded": self.ungrounded,
            "dropped": self.dropped,
        }


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of one set of predictions.

    Attributes:
        sentences: number of them, `-DOCSTART-` sentences included.
        tokens: number of them, likewise.
        docstarts: how many of the sentences (and tokens) are `-DOCSTART-`.
        labels: strict counts by label, sorted by label.
        nervaluate: counts by scenario; empty where entities nest, which tags cannot hold.
        nervaluate_labels: the same by label, then scenario.
        alignment: what became of the outputs.
        nested: entities may nest: counted as sets of spans, without seqeval and nervaluate.
    """

    sentences: int
    tokens: int
    docstarts: int
    labels: dict[str, Counts]
    nervaluate: dict[str, ScenarioCounts]
    nervaluate_labels: dict[str, dict[str, ScenarioCounts]]
    alignment: AlignmentSummary
    nested: bool = False

    @property
    def micro(self) -> Counts:
        """Counts over all labels."""
        return sum(self.labels.values(), Counts())

    @property
    def micro_with_ungrounded(self) -> Counts:
        """The same with every ungrounded entity counted as a false positive: tags cannot hold those, so no scorer sees them."""
        return self.micro + Counts(predicted=self.alignment.ungrounded)

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for `scores.json`; eval/README.md describes it."""
        strict = {
            "labels": {label: counts.to_dict() for label, counts in self.labels.items()},
            "micro": self.micro.to_dict(),
            "micro_with_ungrounded": self.micro_with_ungrounded.to_dict(),
        }
        return {
            "sentences": {
                "all": self.sentences,
                "docstart": self.docstarts,
                "without_docstart": self.sentences - self.docstarts,
            },
            "tokens": {
                "all": self.tokens,
                "docstart": self.docstarts,
                "without_docstart": self.tokens - self.docstarts,
            },
            "seqeval": None if self.nested else {"scheme": "IOB2", "mode": "strict", **strict},
            "spans": strict if self.nested else None,
            "nervaluate": None
            if self.nested
            else {
                "overall": {name: counts.to_dict() for name, counts in self.nervaluate.items()},
                "labels": {
                    label: {name: counts.to_dict() for name, counts in by_name.items()}
                    for label, by_name in self.nervaluate_labels.items()
                },
            },
            "alignment": self.alignment.to_dict(),
        }


def score(sentences: Sequence[Sentence], alignments: Sequence[Alignment], *, nested: bool = False) -> Scores:
    """Score alignments against gold sentences.

    Args:
        sentences: the gold, in order.
        alignments: one a sentence, in the same order; those that `failed` have no spans and score as none.
        nested: entities may lie inside entities; then spans are compared as sets.

    Raises:
        ValueError: another number of alignments than of sentences; or spans overlap and `nested` is False.
    """
    if len(sentences) != len(alignments):
        raise ValueError(f"{len(sentences)} sentences and {len(alignments)} alignments")
    predicted = [alignment.spans for alignment in alignments]
    overall: dict[str, ScenarioCounts] = {}
    by_label: dict[str, dict[str, ScenarioCounts]] = {}
    if nested:
        labels = _count_sets(sentences, predicted)
    else:
        gold_tags = [encode(sentence.spans, len(sentence.tokens)) for sentence in sentences]
        predicted_tags = [encode(spans, len(sentence.tokens)) for sentence, spans in zip(sentences, predicted)]
        labels = _count_seqeval(gold_tags, predicted_tags)
        overall, by_label = _count_nervaluate(gold_tags, predicted_tags, sorted(labels))
    return Scores(
        sentences=len(sentences),
        tokens=sum(len(sentence.tokens) for sentence in sentences),
        docstarts=sum(sentence.is_docstart for sentence in sentences),
        labels=labels,
        nervaluate=overall,
        nervaluate_labels=by_label,
        alignment=AlignmentSummary.of(alignments),
        nested=nested,
    )


def _count_seqeval(gold: list[list[str]], predicted: list[list[str]]) -> dict[str, Counts]:
    """Count with seqeval's own reading of IOB2, the one that its `mode="strict", scheme=IOB2` uses."""
    gold_entities, predicted_entities = Entities(gold, IOB2, False), Entities(predicted, IOB2, False)
    labels = sorted(gold_entities.unique_tags | predicted_entities.unique_tags)
    counts: dict[str, Counts] = {}
    for label in labels:
        in_gold, in_predicted = gold_entities.filter(label), predicted_entities.filter(label)
        counts[label] = Counts(len(in_gold & in_predicted), len(in_predicted), len(in_gold))
    return counts


def _count_nervaluate(
    gold: list[list[str]], predicted: list[list[str]], labels: list[str]
) -> tuple[dict[str, ScenarioCounts], dict[str, dict[str, ScenarioCounts]]]:
    """Count with nervaluate. `labels` must hold every predicted label too: it drops others without counting them."""
    if not gold:
        return {}, {}
    results = Evaluator(gold, predicted, tags=labels, loader="list").evaluate()
    overall = {name: _scenario(name, results["overall"][name]) for name in SCENARIOS}
    by_label = {
        label: {name: _scenario(name, results["entities"][label][name]) for name in SCENARIOS}
        for label in sorted(results["entities"])
    }
    return overall, by_label


def strict_counts(gold: Sequence[Span], predicted: Sequence[Span]) -> Counts:
    """Count one sentence strictly, spans as sets."""
    return Counts(len(set(gold) & set(predicted)), len(predicted), len(gold))


def scenario_counts(gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[ScenarioCounts, ...]:
    """Count one sentence with nervaluate's strategies, in the order of `SCENARIOS`; sentences add up to what its evaluator gives."""
    if gold == predicted:
        return tuple(ScenarioCounts(name, len(gold), 0, 0, 0, 0) for name in SCENARIOS)
    true, pred = _entities(gold), _entities(predicted)
    tags = sorted({span.label for span in (*gold, *predicted)})
    return tuple(_scenario(name, _STRATEGIES[name].evaluate(true, pred, tags)[0]) for name in SCENARIOS)


def _entities(spans: Sequence[Span]) -> list[Entity]:
    return [Entity(span.label, span.start, span.end - 1) for span in spans]  # its ends are inclusive


def _scenario(name: str, result: Any) -> ScenarioCounts:
    return ScenarioCounts(name, result.correct, result.incorrect, result.partial, result.missed, result.spurious)


def _count_sets(sentences: Sequence[Sentence], predicted: Sequence[tuple[Span, ...]]) -> dict[str, Counts]:
    """Count spans as sets, sentence by sentence: for corpora in which entities nest."""
    counts: dict[str, Counts] = {}
    for sentence, spans in zip(sentences, predicted):
        gold = set(sentence.spans)
        for span in sentence.spans:
            counts[span.label] = counts.get(span.label, Counts()) + Counts(gold=1)
        for span in spans:
            counts[span.label] = counts.get(span.label, Counts()) + Counts(correct=span in gold, predicted=1)
    return dict(sorted(counts.items()))
