"""Baselines that need no model: what a score is worth is seen beside them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from ..alignment import Alignment
from ..generation.guesses import capitalised_runs, longest_matches
from ..sentence import Sentence, Span


def gazetteer(train: Sequence[Sentence], test: Sequence[Sentence]) -> list[Alignment]:
    """Mark every mention of the training data where it stands in the test data, the longest first, with its most frequent label."""
    seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for sentence in train:
        for span in sentence.spans:
            seen[sentence.tokens[span.start : span.end]][span.label] += 1
    longest = max(map(len, seen), default=0)
    label_of = {mention: labels.most_common(1)[0][0] for mention, labels in seen.items()}.get
    return [Alignment(tuple(longest_matches(sentence.tokens, longest, label_of)), "exact") for sentence in test]


def capitalised(train: Sequence[Sentence], test: Sequence[Sentence]) -> list[Alignment]:
    """Mark every longest run of capitalised tokens, with the training data's most frequent label.

    A single capitalised token at the start of a sentence is left out: most are ordinary words.
    """
    labels = Counter(span.label for sentence in train for span in sentence.spans)
    if not labels:
        return [Alignment((), "exact") for _ in test]
    label = labels.most_common(1)[0][0]
    return [
        Alignment(tuple(Span(start, end, label) for start, end in capitalised_runs(sentence.tokens)), "exact")
        for sentence in test
    ]
