"""The filter of a model's labels, calibrated on what the expert labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from simulated import PERSON

from llms_meet_ner import Sentence
from llms_meet_ner.annotation.simulation.filtering import kept_by_confidence
from llms_meet_ner.annotation.simulation.llm_labels import LlmLabels

GOLD = [Sentence(str(number), ("Ada", str(number)), (PERSON,)) for number in range(40)]


def labels(right: range, missing: tuple[int, ...] = ()) -> LlmLabels:
    """Return labels that are right for some sentences; the certainty grows with the number of the sentence."""
    sentences = {
        one.id: Sentence(one.id, one.tokens, one.spans if int(one.id) in right else ()) for one in GOLD if int(one.id) not in missing
    }  # fmt: skip
    nothing: Any = None
    return LlmLabels(Path(), nothing, "", sentences, {name: float(name) / 40 - 1 for name in sentences}, 0, ())


def test_sentences_above_the_calibrated_threshold_are_kept() -> None:
    kept = kept_by_confidence(labels(range(20, 40)), GOLD[::2], GOLD[1::2], 0.5)
    assert (kept.calibrated_on, kept.right) == (20, 10)
    assert {int(one.id) for one in kept.sentences} - {19} == {21, 23, 25, 27, 29, 31, 33, 35, 37, 39}
    assert all(one.spans == (PERSON,) for one in kept.sentences if one.id != "19")
    fewer = kept_by_confidence(labels(range(20, 40)), GOLD[::2], GOLD[1::2], 0.9)
    assert 0 < len(fewer.sentences) < 10


def test_the_scale_of_certainties_does_not_matter_what_is_probably_right_does() -> None:
    often = kept_by_confidence(labels(range(4, 40)), GOLD[::2], GOLD[1::2], 0.5)
    assert len(often.sentences) > 15


@pytest.mark.parametrize(("right", "kept"), [(range(40), 10), (range(0), 0)])
def test_a_model_that_is_always_right_or_never_has_one_probability(right: range, kept: int) -> None:
    found = kept_by_confidence(labels(right), GOLD[:5], GOLD[30:], 0.8)
    assert len(found.sentences) == kept  # 6 of 7 and 1 of 7
    assert not kept_by_confidence(labels(range(40)), GOLD[:1], GOLD[30:], 0.8).sentences  # 2 of 3


def test_sentences_without_labels_of_the_model_are_left_out() -> None:
    found = kept_by_confidence(labels(range(40), missing=(0, 35)), GOLD[:10], GOLD[30:], 0.5)
    assert found.calibrated_on == 9
    assert "35" not in {one.id for one in found.sentences}
