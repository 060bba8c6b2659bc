"""Batches within a budget, by Hypothesis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.selection.batch import Budget, take
from llms_meet_ner.annotation.selection.strategies import Candidate

POOLS = st.lists(st.tuples(st.integers(1, 30), st.sampled_from([0.0, 0.25, 0.5, 1.0])), max_size=20)


def pool_of(drawn: list[tuple[int, float]]) -> tuple[list[Candidate], list[float]]:
    return [Candidate(f"s{n:02}", tokens) for n, (tokens, _) in enumerate(drawn)], [score for _, score in drawn]


@given(POOLS, st.integers(1, 200))
def test_a_budget_in_tokens_is_never_exceeded_and_leaves_no_room_for_any_other(
    drawn: list[tuple[int, float]], most: int
) -> None:
    pool, scores = pool_of(drawn)
    batch = take(pool, scores, Budget(tokens=most))
    assert len(set(batch.chosen)) == len(batch.chosen)
    assert batch.tokens == sum(pool[at].tokens for at in batch.chosen) <= most
    rest = set(range(len(pool))) - set(batch.chosen)
    assert all(batch.tokens + pool[at].tokens > most for at in rest)


@given(POOLS, st.integers(1, 25))
def test_a_budget_in_sentences_takes_the_best_ones_and_ties_by_id(drawn: list[tuple[int, float]], number: int) -> None:
    pool, scores = pool_of(drawn)
    batch = take(pool, scores, Budget(sentences=number))
    assert list(batch.chosen) == sorted(range(len(pool)), key=lambda at: (-scores[at], at))[:number]


@given(POOLS, st.permutations(range(20)))
def test_the_order_of_the_candidates_changes_nothing(drawn: list[tuple[int, float]], order: list[int]) -> None:
    pool, scores = pool_of(drawn)
    mixed = [at for at in order if at < len(pool)]
    one = take(pool, scores, Budget(tokens=40))
    other = take([pool[at] for at in mixed], [scores[at] for at in mixed], Budget(tokens=40))
    assert [pool[at].id for at in one.chosen] == [pool[mixed[at]].id for at in other.chosen]


def test_sentences_that_are_almost_the_same_as_a_chosen_one_are_passed_over_and_counted() -> None:
    pool, scores = pool_of([(1, 1.0), (1, 0.9), (1, 0.8), (1, 0.7)])
    batch = take(pool, scores, Budget(sentences=2), near=lambda at: {0: [0, 1, 2]}.get(at, [at]))
    assert (batch.chosen, batch.near) == ((0, 3), 2)


@pytest.mark.parametrize("wrong", [{}, {"sentences": 1, "tokens": 1}])
def test_a_budget_is_in_sentences_or_in_tokens(wrong: dict[str, int]) -> None:
    with pytest.raises(LmnError, match="how much may be labelled"):
        Budget(**wrong)
    assert str(Budget(tokens=1000)) == "1,000 tokens"
