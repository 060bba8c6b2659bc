"""Judgements: what a student says of a sentence, as it is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llms_meet_ner import Sentence, Span
from llms_meet_ner.annotation.doubts.judging import Judgement, judge
from llms_meet_ner.students.beliefs import Beliefs
from llms_meet_ner.students.marking import marks_of
from llms_meet_ner.students.subwords import ReadSentence
from llms_meet_ner.students.viterbi import tag_names
from llms_meet_ner.typed_json import from_json, to_json

LABELS = ("PER", "LOC")
SURE = {"O": [0.9, 0.04, 0.02, 0.02, 0.02], "B-PER": [0.1, 0.8, 0.05, 0.03, 0.02], "I-PER": [0.1, 0.1, 0.05, 0.7, 0.05]}


def judged(tags: list[str], gold: tuple[Span, ...]) -> Judgement:
    """Return a judgement by an encoder that is so sure of tags; the last token of the sentence has no subword."""
    scores = np.log([SURE[tag] for tag in tags])
    read = ReadSentence(tuple(range(len(tags))), ())
    beliefs = Beliefs(read, scores, LABELS, marks_of([read], [scores], LABELS)[0])
    return judge(Sentence("c/train/0", (*map(str, range(len(tags))), "."), gold), beliefs)


def test_the_gold_has_a_probability_beside_what_the_student_says() -> None:
    found = judged(["O", "B-PER", "I-PER"], (Span(0, 1, "LOC"), Span(1, 3, "PER")))
    assert found.spans == (Span(1, 3, "PER"),)
    assert found.gold[1] == found.confidences[0] > 0.5
    assert found.gold[0] < 0.05 < found.gold_without[0]
    assert found.without[0] == found.gold_without[1] < 0.1
    assert [len(row) for row in found.tags] == [len(tag_names(LABELS))] * 4
    assert found.tags[3] == (1, 0, 0, 0, 0)
    assert all(sum(row) == pytest.approx(1, abs=1e-5) for row in found.tags)


def test_a_judgement_is_the_same_after_it_was_kept() -> None:
    found = judged(["B-PER", "O"], (Span(0, 2, "LOC"),))
    assert from_json(Judgement, to_json(found), "f", writer="w") == found


def test_an_entity_without_a_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="not as many probabilities as entities"):
        replace(judged(["B-PER"], ()), without=())
