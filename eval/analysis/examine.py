"""The analysis of one set of predictions, and the sentences behind every count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...alignment import Alignment
from ...counts import Counts
from ...sentence import Sentence, Span
from ...tags import encode
from ..scored_run.analysis import Analysis, ErrorCounts, ExaminedSentence, Pair, TagTable, count_kinds
from ..scoring.counts import scenario_counts
from .confusion import OUTSIDE, count_labels, count_tags
from .groups import Known, score_groups
from .pairs import is_given_up
from .resampling import intervals

Pairs = Sequence[tuple[Pair, ...]]
"""Pairs of entities, sentence by sentence."""


def analyse(
    sentences: Sequence[Sentence], alignments: Sequence[Alignment], pairs: Pairs, labels: Sequence[str], *,
    nested: bool = False, known: Known | None = None, others: Mapping[str, Sequence[Counts]] | None = None,
) -> Analysis:  # fmt: skip
    """Count where predictions differ from the gold.

    Args:
        sentences: Gold sentences, at least one.
        alignments: One alignment for each sentence, in the same order.
        pairs: Pairs of their entities, as `pair_up` makes them.
        labels: Labels in the order of the tables.
        nested: Whether entities may lie inside entities: then there are no tags and no scenarios of nervaluate.
        known: Mentions of the training split; None if it was not read.
        others: Counts of each sentence by the name of what counted them, which get intervals too.
    """
    predicted = [alignment.spans for alignment in alignments]
    counts = [count_kinds(row).counts for row in pairs]
    scenarios = (
        [] if nested else [scenario_counts(sentence.spans, spans) for sentence, spans in zip(sentences, predicted)]
    )
    ungrounded = [len(alignment.ungrounded) for alignment in alignments]
    return Analysis(
        errors=_count_errors(pairs, labels),
        confusion=count_labels((pair for row in pairs for pair in row), labels),
        tags=None if nested else _count_tags(sentences, predicted, labels),
        groups=score_groups(sentences, predicted, known),
        train_split=known.split if known else None,
        intervals=intervals(counts, ungrounded, scenarios, others),
        given_up=sum(map(is_given_up, pairs)),
    )


def _count_errors(pairs: Pairs, labels: Sequence[str]) -> ErrorCounts:
    by_label: dict[str, list[Pair]] = {label: [] for label in labels}
    for row in pairs:
        for pair in row:
            by_label[pair.label].append(pair)
    return ErrorCounts({label: count_kinds(tuple(found)) for label, found in by_label.items() if found})


def _count_tags(
    sentences: Sequence[Sentence], predicted: Sequence[tuple[Span, ...]], labels: Sequence[str]
) -> TagTable:
    order = [OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in "BI")]
    tagged = [
        (encode(sentence.spans, len(sentence.tokens)), encode(spans, len(sentence.tokens)))
        for sentence, spans in zip(sentences, predicted)
    ]
    return count_tags(tagged, order)


def examine(
    sentences: Sequence[Sentence], outputs: Sequence[str], alignments: Sequence[Alignment], pairs: Pairs,
    known: Known | None = None, confidences: Sequence[Mapping[Span, float]] | None = None,
) -> Iterator[ExaminedSentence]:  # fmt: skip
    """Yield what is kept of each sentence.

    Args:
        sentences: Gold sentences.
        outputs: Outputs as they were generated.
        alignments: Alignments of the outputs.
        pairs: Pairs of their entities.
        known: Mentions of the training split; None if it was not read.
        confidences: Confidence of each sentence's aligned spans at least; None if the run has none.
    """
    sure: Sequence[Mapping[Span, float] | None] = confidences or [None] * len(sentences)
    for sentence, output, alignment, row, values in zip(sentences, outputs, alignments, pairs, sure, strict=True):
        yield ExaminedSentence(
            sentence.id, str(sentence.where or ""), sentence.tokens, row, alignment.ungrounded, alignment.status, alignment.reasons,
            output, None if values is None else tuple(values[pair.predicted] for pair in row if pair.predicted),
            tuple(known.labels_of(sentence, pair.gold) for pair in row if pair.gold) if known else None,
        )  # fmt: skip
