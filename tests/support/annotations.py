"""Sentences with any entities, drawn by Hypothesis or listed completely."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

from llms_meet_ner import Sentence, Span
from llms_meet_ner.sentence import find_crossing, outer_first, without_nested

HOSTILE = [
    "[", "]", "|", "[[", "]]", "[sic]", "PER]", "LOC]", "X]", "[|", "|]", "| PER]", "[a | PER]", "PER", "a", "b[", "a]b",
    "İ", "ı", "😀", "👩‍👩‍👧", "e\u0301", "é", "שלום", "مرحبا", "\u200b", "\ufeff", "\u200dx", "ﬁ", "\u2028", "\x85", "\u00a0", "a b", " ", "\t",
    "-DOCSTART-", "<PER>", "&amp;", "{", "\\", "'s", ".", "1,2",
]  # fmt: skip
"""Tokens that are marks, look like marks, or are hard to count."""
tokens_strategy = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=4).filter(lambda t: not set("\n\r") & set(t))),
    min_size=1,
    max_size=9,
).map(tuple)
"""Tokens of a sentence; some are hostile."""


@st.composite
def sentences(draw: Any, tokens: Any, labels: tuple[str, ...], *, nested: bool, most: int = 4) -> Sentence:
    """Draw a sentence with at most `most` spans, none of which cross."""
    words = draw(tokens)
    kept: list[Span] = []
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, len(words) - 1))
        span = Span(start, draw(st.integers(start + 1, len(words))), draw(st.sampled_from(labels)))
        candidate = tuple(sorted({*kept, span}, key=outer_first))
        if find_crossing(candidate) is None and (nested or without_nested(candidate) == candidate):
            kept = list(candidate)
    return Sentence("h/test/0", words, tuple(kept))


def all_annotations(
    tokens: tuple[str, ...], labels: tuple[str, ...], nested: bool, most: int = 3
) -> list[tuple[Span, ...]]:
    """Return every annotation of some tokens, by brute force; nested ones with at most `most` spans."""
    spans = [Span(i, j, label) for i in range(len(tokens)) for j in range(i + 1, len(tokens) + 1) for label in labels]
    found = []
    for size in range(most + 1 if nested else len(tokens) + 1):
        for chosen in itertools.combinations(spans, size):
            ordered = tuple(sorted(chosen, key=outer_first))
            if find_crossing(ordered) is None and (nested or without_nested(ordered) == ordered):
                found.append(ordered)
    return found
