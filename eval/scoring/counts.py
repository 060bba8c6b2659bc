"""Scores of predictions: counts by seqeval and nervaluate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from nervaluate import Evaluator
from nervaluate.entities import Entity
from nervaluate.strategies import EntityTypeEvaluation, ExactEvaluation, PartialEvaluation, StrictEvaluation
from seqeval.scheme import IOB2, Entities

from ...alignment import STATUSES, Alignment
from ...counts import Counts
from ...sentence import Sentence, Span
from ...tags import encode
from ..scored_run.scores import (
    SCENARIOS,
    AlignmentSummary,
    Nervaluate,
    ScenarioCounts,
    Scenarios,
    Scores,
    SeqevalScores,
    Size,
    StrictScores,
)

_STRATEGIES = {
    "strict": StrictEvaluation(), "exact": ExactEvaluation(), "partial": PartialEvaluation(), "ent_type": EntityTypeEvaluation(),
}  # fmt: skip


def score(sentences: Sequence[Sentence], alignments: Sequence[Alignment], *, nested: bool = False) -> Scores:
    """Score alignments against gold sentences.

    Args:
        sentences: Gold sentences, in order; at least one.
        alignments: One alignment for each sentence, in the same order; alignments that `failed` have no spans.
        nested: Whether entities may lie inside entities; then spans are compared as sets.

    Raises:
        ValueError: There are not as many alignments as sentences; or spans overlap and `nested` is False.
    """
    if len(sentences) != len(alignments):
        raise ValueError(f"{len(sentences)} sentences and {len(alignments)} alignments")
    predicted = [alignment.spans for alignment in alignments]
    alignment = summarise_alignments(alignments)
    seqeval: SeqevalScores | None = None
    spans: StrictScores | None = None
    nervaluate: Nervaluate | None = None
    if nested:
        spans = StrictScores(*_strict(_count_sets(sentences, predicted), alignment))
    else:
        gold_tags = [encode(sentence.spans, len(sentence.tokens)) for sentence in sentences]
        predicted_tags = [encode(spans, len(sentence.tokens)) for sentence, spans in zip(sentences, predicted)]
        labels = _count_seqeval(gold_tags, predicted_tags)
        seqeval = SeqevalScores(*_strict(labels, alignment))
        nervaluate = _count_nervaluate(gold_tags, predicted_tags, sorted(labels))
    docstarts = sum(sentence.is_docstart for sentence in sentences)
    sizes = Size(len(sentences), docstarts), Size(sum(len(sentence.tokens) for sentence in sentences), docstarts)
    return Scores(*sizes, seqeval, spans, nervaluate, alignment)


def _strict(labels: dict[str, Counts], alignment: AlignmentSummary) -> tuple[dict[str, Counts], Counts]:
    """Return counts by label, and those over all labels with each ungrounded entity as a false positive."""
    return labels, sum(labels.values(), Counts(predicted=alignment.ungrounded))


def summarise_alignments(alignments: Iterable[Alignment]) -> AlignmentSummary:
    """Count the results of reading the outputs."""
    statuses: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    ungrounded = dropped = 0
    for alignment in alignments:
        statuses[alignment.status] += 1
        reasons.update(alignment.reasons)
        unknown.update(entity.label for entity in alignment.unknown_labels)
        ungrounded += len(alignment.ungrounded)
        dropped += len(alignment.dropped)
    exact, repaired, failed = (statuses[status] for status in STATUSES)
    return AlignmentSummary(
        exact, repaired, failed, dict(sorted(reasons.items())), dict(sorted(unknown.items())), ungrounded, dropped
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


def _count_nervaluate(gold: list[list[str]], predicted: list[list[str]], labels: list[str]) -> Nervaluate:
    """Count with nervaluate. `labels` must hold every predicted label too: it drops others without counting them."""
    results = Evaluator(gold, predicted, tags=labels, loader="list").evaluate()
    by_label = {label: _scenarios(results["entities"][label]) for label in sorted(results["entities"])}
    return Nervaluate(_scenarios(results["overall"]), by_label)


def _scenarios(results: Any) -> Scenarios:
    return Scenarios(*(_scenario(results[name]) for name in SCENARIOS))


def _scenario(result: Any) -> ScenarioCounts:
    return ScenarioCounts(result.correct, result.incorrect, result.partial, result.missed, result.spurious)


def strict_counts(gold: Sequence[Span], predicted: Sequence[Span]) -> Counts:
    """Count one sentence strictly, spans as sets."""
    return Counts(len(set(gold) & set(predicted)), len(predicted), len(gold))


def scenario_counts(gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[ScenarioCounts, ...]:
    """Count one sentence with nervaluate's strategies, in the order of `SCENARIOS`; sentences add up to what its evaluator gives."""
    if gold == predicted:
        return (ScenarioCounts(len(gold), 0, 0, 0, 0),) * len(SCENARIOS)
    true, pred = _entities(gold), _entities(predicted)
    tags = sorted({span.label for span in (*gold, *predicted)})
    return tuple(_scenario(_STRATEGIES[name].evaluate(true, pred, tags)[0]) for name in SCENARIOS)


def _entities(spans: Sequence[Span]) -> list[Entity]:
    return [Entity(span.label, span.start, span.end - 1) for span in spans]  # its ends are inclusive


def _count_sets(sentences: Sequence[Sentence], predicted: Sequence[tuple[Span, ...]]) -> dict[str, Counts]:
    """Count spans as sets, sentence by sentence: for corpora in which entities nest."""
    correct: Counter[str] = Counter()
    found: Counter[str] = Counter()
    gold: Counter[str] = Counter()
    for sentence, spans in zip(sentences, predicted):
        in_gold = set(sentence.spans)
        gold.update(span.label for span in sentence.spans)
        found.update(span.label for span in spans)
        correct.update(span.label for span in spans if span in in_gold)
    return {label: Counts(correct[label], found[label], gold[label]) for label in sorted(gold | found)}
