"""Baselines that need no model: what a score is worth is seen beside them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from ..alignment import EXACT, Alignment
from ..decoding.guesser import capitalised_runs, longest_matches
from ..sentence import Sentence, Span, without_nested
from ..tags import decode, encode


def gazetteer(train: Sequence[Sentence], test: Sequence[Sentence]) -> list[Alignment]:
    """Mark every mention of the training data where it stands in the test data, the longest first, with its most frequent label."""
    seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for sentence in train:
        for span in sentence.spans:
            seen[sentence.tokens[span.start : span.end]][span.label] += 1
    longest = max(map(len, seen), default=0)
    label_of = {mention: labels.most_common(1)[0][0] for mention, labels in seen.items()}.get
    return [Alignment(tuple(longest_matches(sentence.tokens, longest, label_of)), EXACT) for sentence in test]


def capitalised(train: Sequence[Sentence], test: Sequence[Sentence]) -> list[Alignment]:
    """Mark every longest run of capitalised tokens, with the training data's most frequent label.

    A single capitalised token at the start of a sentence is left out: most are ordinary words.
    """
    labels = Counter(span.label for sentence in train for span in sentence.spans)
    if not labels:
        return [Alignment((), EXACT) for _ in test]
    label = labels.most_common(1)[0][0]
    return [
        Alignment(tuple(Span(start, end, label) for start, end in capitalised_runs(sentence.tokens)), EXACT)
        for sentence in test
    ]


def majority(train: Sequence[Sentence], test: Sequence[Sentence]) -> list[Alignment]:
    """Give each token the IOB2 tag that it has most often in the training data, and read the tags as conlleval does.

    Of equally frequent tags the one seen first is taken; a token that was not seen gets O. Of nested entities the outermost count.
    """
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in train:
        tags = encode(without_nested(sentence.spans), len(sentence.tokens))
        for token, tag in zip(sentence.tokens, tags, strict=True):
            seen[token][tag] += 1
    usual = {token: tags.most_common(1)[0][0] for token, tags in seen.items()}
    return [
        Alignment(tuple(decode([usual.get(token, "O") for token in sentence.tokens], "IOB2", "conlleval")[0]), EXACT)
        for sentence in test
    ]


BASELINES: dict[str, Callable[[Sequence[Sentence], Sequence[Sentence]], list[Alignment]]] = {
    "gazetteer": gazetteer,
    "capitalised": capitalised,
    "majority": majority,
}
"""Each takes training and test sentences and returns what it marks in the latter."""


def run_baselines(train: Sequence[Sentence], test: Sequence[Sentence]) -> dict[str, list[Alignment]]:
    """Return what each baseline marks, by its name.

    Args:
        train: what they count in.
        test: the gold.
    """
    return {name: baseline(train, test) for name, baseline in BASELINES.items()}
