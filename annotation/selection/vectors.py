"""Vectors of sentences, for clusters: the states of a student's encoder, or TF-IDF where a system has no encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...sentence import Sentence
from ...systems.student import Student
from ...systems.system import System
from ...terminal import echo

_SIZE = 64
"""Number of dimensions that TF-IDF vectors are brought down to (latent semantic analysis)."""


def vectors_by(system: System, sentences: Sequence[Sentence]) -> Callable[[], NDArray[np.float64]]:
    """Return what computes a vector of length 1 for each sentence (sentences, size), when it is called.

    Args:
        system: A student gives the mean states of its encoder; for any other system the words are counted. So they are for a student that
            was exported, which keeps no states; that is said.
        sentences: The sentences.
    """
    return lambda: _of_length_one(_states(system, sentences))


def _states(system: System, sentences: Sequence[Sentence]) -> NDArray[np.float64]:
    if isinstance(system, Student):
        if not system.is_exported:
            return system.states(sentences)
        echo(
            f"{system.name} is an exported student, which gives no states of its encoder: words are counted instead",
            err=True,
        )
    return _by_words(sentences)


def _by_words(sentences: Sequence[Sentence]) -> NDArray[np.float64]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    counted = TfidfVectorizer(analyzer=lambda tokens: [token.lower() for token in tokens], sublinear_tf=True)
    vectors = counted.fit_transform([sentence.tokens for sentence in sentences])
    size = min(_SIZE, min(vectors.shape) - 1)
    found: NDArray[np.float64] = (
        vectors.toarray() if size < 1 else TruncatedSVD(size, random_state=0).fit_transform(vectors)
    )
    return found


def _of_length_one(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return found
