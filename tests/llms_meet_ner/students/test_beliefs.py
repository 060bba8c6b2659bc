"""Probabilities of annotations that a student did not choose: on its own entities they are its confidences."""

from __future__ import annotations

import numpy as np
import pytest

from llms_meet_ner.sentence import Span
from llms_meet_ner.students.beliefs import Beliefs
from llms_meet_ner.students.marking import marks_of
from llms_meet_ner.students.subwords import ReadSentence

LABELS = ("PER", "LOC")


def beliefs(words: tuple[int, ...], seed: int) -> Beliefs:
    scores = np.random.default_rng(seed).normal(size=(len(words), 5)) * 3
    scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
    read = ReadSentence(words, ())
    return Beliefs(read, scores, LABELS, marks_of([read], [scores], LABELS)[0])


@pytest.mark.parametrize("seed", range(8))
def test_entities_of_the_student_have_their_confidences(seed: int) -> None:
    found = beliefs((0, 1, 3, 4), seed)
    spans, confidences = found.answer.spans or (), found.answer.confidences or ()
    assert [found.of_entity(span) for span in spans] == pytest.approx(confidences)
    tags = found.tags(6)
    assert tags[2] == tags[5] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert found.of_none(3, 4) == pytest.approx(tags[3][0])
    begins = sum(found.of_entity(Span(0, end, "PER")) for end in (1, 2, 4, 5))
    assert begins == pytest.approx(tags[0][1])  # every entity that begins there


def test_what_no_subword_or_no_label_carries_is_no_entity() -> None:
    found = beliefs((1,), 1)
    assert found.of_entity(Span(0, 1, "PER")) == found.of_entity(Span(1, 2, "MISC")) == 0
    assert found.of_entity(Span(0, 3, "PER")) == pytest.approx(found.tags(3)[1][1])
    assert found.of_none(0, 1) == 1
    assert beliefs((), 1).tags(2) == [[1.0, 0.0, 0.0, 0.0, 0.0]] * 2
