"""Rows hold every example whole, and a token sees what it sees in its example alone."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sharing_examples import drawn_examples

from llms_meet_ner.training.sharing.rows import (
    UNLABELLED,
    Example,
    Row,
    build_rows,
    group_examples,
    merge,
    shared_length,
    split_groups,
)


def path(row: Row, leaf: int) -> list[int]:
    """The indices of the tokens that the token at an index sees."""
    return [index for index in range(leaf + 1) if leaf < row.ends[index]]


def check(row: Row, given_examples: Sequence[Example]) -> None:
    for number, leaf in zip(row.examples, row.leaves, strict=True):
        example = given_examples[number]
        own = path(row, leaf)
        assert tuple(row.tokens[index] for index in own) == example.tokens
        assert [row.positions[index] for index in own] == list(range(len(example.tokens)))
        predicted = {(own.index(p.index), p.label) for p in row.predictions if p.example == number}
        assert predicted == {(at - 1, label) for at, label in enumerate(example.labels) if at and label != UNLABELLED}
        for place, index in enumerate(own):
            assert path(row, index) == own[: place + 1]
    assert len({prediction.index for prediction in row.predictions}) == len(row.predictions)


@settings(deadline=None)
@given(drawn_examples(), st.integers(1, 40), st.integers(1, 8))
def test_rows_hold_every_example_once_and_whole(some: list[Example], budget: int, at_least: int) -> None:
    rows = build_rows(some, budget, at_least)
    assert len(rows) >= at_least
    held = [number for row in rows for number in row.examples]
    assert set(held) == set(range(len(some)))
    extra = len(held) - len(some)  # rows that only make up the number
    assert all(len(row) == 1 and not row.predictions for row in rows[len(rows) - extra :])
    for row in rows[: len(rows) - extra]:
        check(row, some)
        assert len(row) <= budget or len(row.examples) == 1


@settings(deadline=None)
@given(drawn_examples())
def test_one_row_is_never_longer_than_the_examples_apart(some: list[Example]) -> None:
    (row,) = build_rows(some, 1000)
    assert max(len(example.tokens) for example in some) <= len(row) <= sum(len(example.tokens) for example in some)


def example(prompt: str, answer: str) -> Example:
    tokens = tuple(map(ord, prompt + answer))
    return Example(tokens, tuple([UNLABELLED] * len(prompt) + list(tokens[len(prompt) :])))


def test_the_last_token_of_a_prompt_is_not_shared_because_it_predicts_a_label() -> None:
    first, second = example("mark: ", "ab"), example("mark: ", "ac")
    assert shared_length(first, second) == len("mark:")
    row = merge([first, second], [0, 1])
    assert "".join(map(chr, row.tokens)) == "mark: ab ac"
    assert row.positions == (0, 1, 2, 3, 4, 5, 6, 7, 5, 6, 7)
    assert row.ends == (11, 11, 11, 11, 11, 8, 8, 8, 11, 11, 11)
    assert [(p.index, chr(p.label), p.example) for p in row.predictions] == [
        (5, "a", 0),
        (6, "b", 0),
        (8, "a", 1),
        (9, "c", 1),
    ]


def test_two_instructions_in_a_step_are_both_shared() -> None:
    some = [
        example("mark persons: Ada", "x"),
        example("name places: Rom", "y"),
        example("mark persons: Bob", "x"),
        example("name places: Ulm", "y"),
    ]
    (row,) = build_rows(some, 1000)
    assert "".join(map(chr, row.tokens)) == "mark persons: AdaxBobxname places: RomyUlmy"
    check(row, some)


def test_a_row_ends_before_the_example_that_would_make_it_too_long() -> None:
    some = [example("0123456789", f"{letter}") for letter in "abcd"]  # 11 tokens, of which 9 are shared
    assert group_examples(some, 13) == [[0, 1], [2, 3]]
    assert group_examples(some, 12) == [[0], [1], [2], [3]]
    assert group_examples(some, 1) == [[0], [1], [2], [3]]
    assert [len(row) for row in build_rows(some, 15)] == [15, 11]


def test_rows_are_halved_until_there_are_enough() -> None:
    assert split_groups([[0, 1, 2], [3]], 3) == [[0], [1, 2], [3]]
    assert split_groups([[0, 1], [2]], 9) == [[0], [1], [2]]
    rows = build_rows([example("ab", "c")], 100, 3)
    assert [len(row) for row in rows] == [3, 1, 1]
    assert [len(row.predictions) for row in rows] == [1, 0, 0]


def test_an_example_has_as_many_labels_as_tokens() -> None:
    with pytest.raises(ValueError, match="2 tokens and 1 labels"):
        Example((1, 2), (1,))
    with pytest.raises(ValueError, match="0 tokens"):
        Example((), ())
