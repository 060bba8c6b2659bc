"""Vectors of sentences by a student's encoder and by their words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from llms_meet_ner import Sentence
from llms_meet_ner.annotation.selection.vectors import vectors_by

SENTENCES = [
    Sentence(f"x/{number}", tuple(text.split()))
    for number, text in enumerate(["Essex beat Surrey", "Surrey beat Essex", "rates rose again", "rates rose", "Eve"])
]


def test_words_stand_in_where_there_is_no_encoder() -> None:
    system: Any = object()
    vectors = vectors_by(system, SENTENCES)()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    assert vectors[0] @ vectors[1] == pytest.approx(1)
    assert vectors[2] @ vectors[3] > 0.5 > abs(vectors[0] @ vectors[2])
    assert vectors_by(system, SENTENCES[:1])().shape == (1, 3)
