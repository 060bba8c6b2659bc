"""What a generator is asked for: decodings by name, and what prompts share."""

from __future__ import annotations

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.requests import DECODINGS, Decoding, resolve_decoding, shared_length


@pytest.mark.parametrize(
    ("asked", "name", "found"),
    [(None, "bracketed", "constrained"), (None, "grouped", "free"), ("free", "xml", "free"), ("constrained", "xml", "constrained")],
)  # fmt: skip
def test_no_decoding_is_the_constrained_one_where_the_format_allows_it(
    asked: Decoding | None, name: str, found: Decoding
) -> None:
    assert resolve_decoding(asked, name) == found


def test_what_there_is_no_decoding_for() -> None:
    assert DECODINGS == ("constrained", "free")
    with pytest.raises(LmnError, match="no decoding is called 'wild'; there are: constrained, free"):
        resolve_decoding("wild", "bracketed")
    with pytest.raises(LmnError, match="the format grouped does not; use --decoding free"):
        resolve_decoding("constrained", "grouped")
    with pytest.raises(LmnError, match="no output format is called 'yaml'"):
        resolve_decoding("free", "yaml")


@pytest.mark.parametrize(
    ("prompts", "length"),
    [
        ([], 0),
        ([[1, 2, 3]], 2),
        ([[1, 2, 3], [1, 2, 4]], 2),
        ([[1, 2], [1, 2, 3]], 1),
        ([[1], [2]], 0),
        ([[3, 1], [2, 1]], 0),
    ],
)
def test_a_token_of_each_prompt_is_left_over(prompts: list[list[int]], length: int) -> None:
    assert shared_length(prompts) == length
