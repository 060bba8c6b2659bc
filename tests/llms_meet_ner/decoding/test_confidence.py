"""The probability of a choice, of an entity and the uncertainty of a sentence."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from llms_meet_ner.decoding.confidence import Choice, confidences, uncertainty
from llms_meet_ner.decoding.constraint import AllowedTokens


def test_a_choice_sums_over_the_tokens_that_write_the_same_markup() -> None:
    allowed = AllowedTokens(np.array([3, 5, 8]), {3: 1, 5: 2, 8: 3}, np.array([0, 1, 0]), (b"", b"["))
    logits = np.log(np.array([0.2, 0.3, 0.1], dtype=np.float32))
    choice = Choice.of(allowed, logits)
    assert (choice.token, choice.mark) == (5, b"[")
    assert choice.probability == pytest.approx(0.5)
    assert choice.entropy == pytest.approx(np.log(2))
    one = AllowedTokens(np.array([3, 8]), {3: 1, 8: 3}, np.array([0, 0]), (b"",))
    assert Choice.of(one, logits[[0, 2]]) == Choice(3, b"", 1.0, 0.0, is_decision=False)


def test_confidence_is_the_product_of_an_entitys_own_choices() -> None:
    # "[a [b | X] | Y] c" in tokens: [ |a |_[ |b |_| X] |_| Y] |_c
    lengths = [1, 1, 2, 1, 5, 5, 2]
    odds = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
    choices = [Choice(0, b"", value, 0.1 * number, is_decision=number > 0) for number, value in enumerate(odds)]
    outer, inner = confidences(choices, lengths, [(0, 15), (3, 10)])
    assert inner == pytest.approx(0.7 * 0.6 * 0.5)
    assert outer == pytest.approx(0.9 * 0.8 * 0.7 * 0.4)  # the third token's space is its own
    # "<X><Y>a</Y> b</X> c" in tokens: <X |>< |Y> |a |</Y> |_b |</X> |_c
    lengths = [2, 2, 2, 1, 4, 2, 4, 2]
    choices_of_tags = [Choice(0, b"", value, 0.1, is_decision=True) for value in (*odds, 0.2)]
    outer_tag, inner_tag = confidences(choices_of_tags, lengths, [(0, 17), (3, 11)])
    assert inner_tag == pytest.approx(0.8 * 0.7 * 0.6 * 0.5)  # opening with this label, and closing there
    assert outer_tag == pytest.approx(0.9 * 0.8 * 0.4 * 0.3)  # the second token opens both
    log = np.log(odds[1:]).sum()  # the first step had no choice
    assert astuple(uncertainty(choices)) == pytest.approx((0.35, 0.6, log, 6), abs=1e-4)
    assert astuple(uncertainty([])) == (0.0, 0.0, 0.0, 0)
