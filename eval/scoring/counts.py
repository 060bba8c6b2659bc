"""Scores of predictions: counts by seqeval and nervaluate."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from nervaluate.entities import Entity
    from nervaluate.strategies import EvaluationStrategy

_LABEL = 60
"""Characters of an unknown label that are kept."""
_LABELS = 20
"""Unknown labels that are kept by name."""
_PIECE = 200
"""Number of tags that seqeval reads at once; a piece is longer only where an entity goes on."""
_NO_SCENARIOS = (ScenarioCounts(0, 0, 0, 0, 0),) * len(SCENARIOS)


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
        seqeval = SeqevalScores(*_strict(_count_seqeval(gold_tags, predicted_tags), alignment))
        nervaluate = _count_nervaluate(sentences, predicted)
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
        unknown.update(_beginning(entity.label) for entity in alignment.unknown_labels)
        ungrounded += len(alignment.ungrounded)
        dropped += len(alignment.dropped)
    exact, repaired, failed = (statuses[status] for status in STATUSES)
    return AlignmentSummary(
        exact, repaired, failed, dict(sorted(reasons.items())), _most_frequent(unknown), ungrounded, dropped
    )


def _beginning(label: str) -> str:
    return label if len(label) <= _LABEL else f"{label[:_LABEL]}..."


def _most_frequent(labels: Counter[str]) -> dict[str, int]:
    """Return the most frequent labels by name, and the rest together: a model that ends no entity makes labels of its text."""
    kept = dict(sorted(labels.most_common(_LABELS)))
    rest = labels.total() - sum(kept.values())
    return kept | ({f"({len(labels) - len(kept):,} other labels)": rest} if rest else {})


def _count_seqeval(gold: list[list[str]], predicted: list[list[str]]) -> dict[str, Counts]:
    """Count with seqeval's own reading of IOB2, the one that its `mode="strict", scheme=IOB2` uses."""
    in_gold, in_predicted = _seqeval_entities(gold), _seqeval_entities(predicted)
    return {
        label: Counts(len(in_gold[label] & in_predicted[label]), len(in_predicted[label]), len(in_gold[label]))
        for label in sorted(in_gold.keys() | in_predicted.keys())
    }


def _seqeval_entities(tags: list[list[str]]) -> defaultdict[str, set[tuple[int, int, int]]]:
    """Return the entities that seqeval reads, by label: number of the sentence, first token, end."""
    from seqeval.scheme import IOB2, Tokens

    by_label: defaultdict[str, set[tuple[int, int, int]]] = defaultdict(set)
    for number, of_sentence in enumerate(tags):
        for start, piece in _pieces(of_sentence):
            for entity in Tokens(piece, IOB2).entities:
                by_label[entity.tag].add((number, start + entity.start, start + entity.end))
    return by_label


def _pieces(tags: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Cut valid IOB2 tags where no entity goes on, and yield each piece with its first token.

    For each entity, seqeval copies all the tags that follow it.
    """
    start = 0
    for place, tag in enumerate(tags):
        if place - start >= _PIECE and not tag.startswith("I-"):
            yield start, tags[start:place]
            start = place
    yield start, tags[start:]


def _count_nervaluate(sentences: Sequence[Sentence], predicted: Sequence[tuple[Span, ...]]) -> Nervaluate:
    """Count with nervaluate's strategies as its evaluator does: over all labels together, and over each label alone."""
    overall = _NO_SCENARIOS
    by_label: dict[str, tuple[ScenarioCounts, ...]] = {}
    for sentence, spans in zip(sentences, predicted):
        found = scenario_counts(sentence.spans, spans)
        overall = _added(overall, found)
        sides = _by_label(sentence.spans), _by_label(spans)
        labels = sides[0].keys() | sides[1].keys()
        for label in labels:
            alone = found if len(labels) == 1 else scenario_counts(*(side.get(label, ()) for side in sides))
            by_label[label] = _added(by_label.get(label, _NO_SCENARIOS), alone)
    return Nervaluate(Scenarios(*overall), {label: Scenarios(*by_label[label]) for label in sorted(by_label)})


def _by_label(spans: Sequence[Span]) -> dict[str, tuple[Span, ...]]:
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(span.label, []).append(span)
    return {label: tuple(of_label) for label, of_label in found.items()}


def _added(one: Sequence[ScenarioCounts], other: Sequence[ScenarioCounts]) -> tuple[ScenarioCounts, ...]:
    return tuple(first + second for first, second in zip(one, other))


def strict_counts(gold: Sequence[Span], predicted: Sequence[Span]) -> Counts:
    """Count one sentence strictly, spans as sets."""
    return Counts(len(set(gold) & set(predicted)), len(predicted), len(gold))


def scenario_counts(gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[ScenarioCounts, ...]:
    """Count one sentence with nervaluate's strategies; sentences add up to what its evaluator gives.

    Args:
        gold: Gold spans, sorted; no two may overlap.
        predicted: Predicted spans, sorted; no two may overlap.

    Returns:
        Counts in the order of `SCENARIOS`.
    """
    if gold == predicted:
        return (ScenarioCounts(len(gold), 0, 0, 0, 0),) * len(SCENARIOS)
    true, pred = _entities(gold), _entities(predicted)
    return tuple(_evaluated(_strategies()[name], true, pred) for name in SCENARIOS)


@cache
def _strategies() -> Mapping[str, EvaluationStrategy]:
    """Return the strategies of nervaluate by the names of scenarios."""
    from nervaluate.strategies import EntityTypeEvaluation, ExactEvaluation, PartialEvaluation, StrictEvaluation

    return {
        "strict": StrictEvaluation(), "exact": ExactEvaluation(), "partial": PartialEvaluation(), "ent_type": EntityTypeEvaluation(),
    }  # fmt: skip


def _evaluated(strategy: EvaluationStrategy, gold: list[Entity], predicted: list[Entity]) -> ScenarioCounts:
    """Count as a strategy does that is given the whole sentence, in time linear in its entities.

    A strategy takes the predicted entities in turn, and looks for the gold entity of each among all that none has taken; it takes
    only one that overlaps. So it gives the same if it is asked for one predicted entity at a time, and shown only those that overlap.
    """
    ends = [entity.end for entity in gold]
    taken = [False] * len(gold)
    correct = incorrect = partial = spurious = 0
    for entity in predicted:
        near = []
        for place in range(bisect_left(ends, entity.start), len(gold)):
            if gold[place].start > entity.end:
                break
            if not taken[place]:
                near.append(place)
        result, indices = strategy.evaluate([gold[place] for place in near], [entity], [])
        correct, incorrect = correct + result.correct, incorrect + result.incorrect
        partial, spurious = partial + result.partial, spurious + result.spurious
        left = {number for _, number in indices.missed_indices}
        for number, place in enumerate(near):
            taken[place] = number not in left
    return ScenarioCounts(correct, incorrect, partial, taken.count(False), spurious)


def _entities(spans: Sequence[Span]) -> list[Entity]:
    from nervaluate.entities import Entity

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
