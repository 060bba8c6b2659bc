"""Baselines that need no model: what a score is worth is seen beside them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from ..alignment import Alignment
from ..sentence import Sentence, Span


def gazetteer(train: Sequence[Sentence], test: Sequence[Sentence]) -> list[Alignment]:
    """Mark every mention of the training data where it stands in the test data, the longest first, with its most frequent label."""
    seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for sentence in train:
        for span in sentence.spans:
            seen[sentence.tokens[span.start : span.end]][span.label] += 1
    longest = max(map(len, seen), default=0)
    return [Alignment(_matches(sentence.tokens, seen, longest), "exact") for sentence in test]


def _matches(tokens: tuple[str, ...], seen: dict[tuple[str, ...], Counter[str]], longest: int) -> tuple[Span, ...]:
    spans: list[Span] = []
    start = 0
    while start < len(tokens):
        for end in range(min(len(tokens), start + longest), start, -1):
            labels = seen.get(tokens[start:end])
            if labels:
                spans.append(Span(start, end, labels.most_common(1)[0][0]))
                start = end
                break
        else:
            start += 1
    return tuple(spans)


def capitalised(train: Sequence[Sentence], test: Sequence[Sentence]) -> list[Alignment]:
    """Mark every longest run of capitalised tokens, with the training data's most frequent label.

    A single capitalised token at the start of a sentence is left out: most are ordinary words.
    """
    labels = Counter(span.label for sentence in train for span in sentence.spans)
    if not labels:
        return [Alignment((), "exact") for _ in test]
    label = labels.most_common(1)[0][0]
    return [
        Alignment(tuple(Span(start, end, label) for start, end in _runs(sentence.tokens)), "exact") for sentence in test
    ]


def _runs(tokens: tuple[str, ...]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = None
    for position, token in enumerate((*tokens, "")):
        upper = token[:1].isupper()
        if upper and start is None:
            start = position
        elif not upper and start is not None:
            if (start, position) != (0, 1):
                runs.append((start, position))
            start = None
    return runs
