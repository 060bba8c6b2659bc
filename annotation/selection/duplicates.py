"""Sentences that stand several times, or almost: each is labelled once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...sentence import Sentence
from .batch import Near

DEFAULT_NEAR = 0.95
"""Cosine from which two sentences count as almost the same."""
Normalised = tuple[str, ...]


def normalised(tokens: Sequence[str]) -> Normalised:
    """Return tokens in small letters and without white space; sentences are the same if theirs are equal."""
    return tuple("".join(token.split()).casefold() for token in tokens)


def first_ones(sentences: Sequence[Sentence], known: Iterable[Normalised] = ()) -> tuple[list[int], int, int]:
    """Return the positions of the sentences to keep: the first of each, and none that is known already.

    Args:
        sentences: The sentences, in order.
        known: Normalised sentences that have labels.

    Returns:
        The positions, the number of repeated sentences, and the number of known ones.
    """
    labelled, seen = set(known), set[Normalised]()
    kept: list[int] = []
    repeated = known_ones = 0
    for at, sentence in enumerate(sentences):
        key = normalised(sentence.tokens)
        if key in labelled:
            known_ones += 1
        elif key in seen:
            repeated += 1
        else:
            seen.add(key)
            kept.append(at)
    return kept, repeated, known_ones


def near_duplicates(sentences: Sequence[Sentence], cosine: float = DEFAULT_NEAR) -> Near:
    """Return what finds the sentences that are almost the same as one: by TF-IDF vectors of three to five characters within words.

    Args:
        sentences: The candidates.
        cosine: Cosine from which two sentences are almost the same.
    """
    vectors: Any = None

    def near(at: int) -> list[int]:
        nonlocal vectors
        if vectors is None:
            from sklearn.feature_extraction.text import TfidfVectorizer

            vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5))
            vectors = vectorizer.fit_transform(" ".join(sentence.tokens).casefold() for sentence in sentences)
        similar = (vectors @ vectors[at].T).tocoo()
        return [int(row) for row, value in zip(similar.row, similar.data, strict=True) if value >= cosine]

    return near
