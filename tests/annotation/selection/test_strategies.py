"""Strategies as pure functions: what each of them prefers, by numbers that were computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.selection.strategies import STRATEGIES, Aids, Candidate, strategy_of
from llms_meet_ner.records import Uncertainty

LONG = Candidate("a", 20, Uncertainty(0.1, 0.3, math.log(0.25), 20))
SHORT = Candidate("b", 2, Uncertainty(0.5, 0.6, math.log(0.5), 2))
SURE = Candidate("c", 5, Uncertainty(0.0, 0.0, 0.0, 5))
POOL = [LONG, SHORT, SURE]
EXPECTED = {
    "mean-entropy": [0.1, 0.5, 0.0],
    "max-entropy": [0.3, 0.6, 0.0],
    "mnlp": [-math.log(0.25) / 20, -math.log(0.5) / 2, 0.0],
    "least-confidence": [0.75, 0.5, 0.0],
    "entropy-per-cost": [2 / 25, 1 / 7, 0.0],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_strategy_scores_by_its_definition(name: str) -> None:
    assert strategy_of(name).scores(POOL, Aids(overhead=5)) == pytest.approx(EXPECTED[name])


def test_a_larger_overhead_makes_short_sentences_dearer() -> None:
    scores = strategy_of("entropy-per-cost").scores(POOL, Aids(overhead=40))
    assert scores == pytest.approx([2 / 60, 1 / 42, 0.0])


def test_chance_follows_from_the_seed_and_the_id_alone() -> None:
    chance = strategy_of("random").scores
    first = chance(POOL, Aids(seed=1))
    assert chance(POOL[::-1], Aids(seed=1)) == first[::-1]
    assert chance(POOL, Aids(seed=2)) != first
    assert len(set(first)) == 3
    assert all(0 <= score < 1 for score in first)
    assert not STRATEGIES["random"].needs_answers
    assert chance([Candidate("a", 20)], Aids(seed=1)) == first[:1]


def test_every_cluster_has_its_first_sentence_before_any_has_its_second() -> None:
    places = [(0.0, 1.0), (0.0, 0.9), (0.1, 1.0), (0.1, 0.9), (5.0, 0.0), (5.0, 0.1), (5.1, 0.0), (5.1, 0.1)]
    unsure = [0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1]
    pool = [Candidate(f"s{n}", 10, Uncertainty(value, value, -value, 10)) for n, value in enumerate(unsure)]
    scores = strategy_of("clusters").scores(pool, Aids(embeddings=lambda: np.array(places)))  # sqrt(8 / 2) clusters
    order = sorted(range(8), key=lambda at: -scores[at])
    assert order == [0, 4, 1, 5, 2, 6, 3, 7]


def test_what_an_answer_does_not_say_is_an_error_that_names_the_sentence() -> None:
    with pytest.raises(LmnError, match=r"^x: the answer has no uncertainty; .*--strategy random"):
        strategy_of("mnlp").scores([Candidate("x", 3)], Aids())
    earlier = Candidate("x", 3, Uncertainty(0.1, 0.2))
    with pytest.raises(LmnError, match=r"^x: the answer has no log_probability: .*; answer again with --restart"):
        strategy_of("mnlp").scores([earlier], Aids())
    with pytest.raises(LmnError, match=r"no number of choices"):
        strategy_of("entropy-per-cost").scores([earlier], Aids())
    assert strategy_of("mean-entropy").scores([earlier], Aids()) == [0.1]
    with pytest.raises(LmnError, match=r"^entropy: no such strategy; name one of random, mean-entropy"):
        strategy_of("entropy")
    with pytest.raises(LmnError, match="needs vectors"):
        strategy_of("clusters").scores(POOL, Aids())
