"""Draws sentences with gold and predicted entities, by Hypothesis."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from llms_meet_ner import Alignment, Sentence, Span

LABELS = ("LOC", "ORG", "PER")


@st.composite
def span_sets(draw: st.DrawFn, length: int) -> tuple[Span, ...]:
    spans, at = [], 0
    while at < length and draw(st.booleans()):
        start = draw(st.integers(at, length - 1))
        at = draw(st.integers(start + 1, min(length, start + 3)))
        spans.append(Span(start, at, draw(st.sampled_from(LABELS))))
    return tuple(spans)


@st.composite
def dense_spans(draw: st.DrawFn, length: int) -> tuple[Span, ...]:
    """Cut a sentence in parts of any length, most of which are entities."""
    cuts = sorted({0, length, *draw(st.lists(st.integers(0, length), max_size=length))})
    labels = [*LABELS, None]
    named = [(start, end, draw(st.sampled_from(labels))) for start, end in pairwise(cuts)]
    return tuple(Span(start, end, label) for start, end, label in named if label)


@st.composite
def corpora_with_predictions(draw: st.DrawFn) -> tuple[list[Sentence], list[Alignment]]:
    sentences, alignments = [], []
    for number in range(draw(st.integers(1, 5))):
        length = draw(st.integers(1, 9))
        sentences.append(Sentence(f"r/test/{number}", tuple(f"t{i}" for i in range(length)), draw(span_sets(length))))
        alignments.append(Alignment(draw(span_sets(length)), "exact"))
    return sentences, alignments
