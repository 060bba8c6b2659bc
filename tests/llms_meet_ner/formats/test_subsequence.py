"""Common subsequences of two lists: the longest, or in bounded time a shorter one that says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import LCSseq

from llms_meet_ner.formats import subsequence
from llms_meet_ner.formats.subsequence import equal_blocks

words = st.lists(st.sampled_from("abcdefgh"), max_size=14)


@given(words, words, st.sampled_from([0, 3, 10, 40, 1000]), st.sampled_from([2, 3, 4, 1000]))
def test_blocks_are_equal_and_in_order_and_the_longest_where_it_says_so(
    one: list[str], other: list[str], most: int, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subsequence, "_MAX_PAIRS", most)
        patch.setattr(subsequence, "_PIECE", piece)
        blocks, is_longest = equal_blocks(one, other)
    at = other_at = 0
    for start, other_start, size in blocks:
        assert size > 0
        assert (start >= at, other_start >= other_at) == (True, True)
        assert one[start : start + size] == other[other_start : other_start + size]
        at, other_at = start + size, other_start + size
    assert at <= len(one)
    assert other_at <= len(other)
    if is_longest:
        assert sum(size for *_, size in blocks) == LCSseq.similarity(one, other)


def test_long_lists_are_cut_at_items_that_each_has_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subsequence, "_MAX_PAIRS", 4)
    monkeypatch.setattr(subsequence, "_PIECE", 2)
    blocks, is_longest = equal_blocks([*"xaxBaaaaCx"], [*"ayyyBabbbCzx"])
    assert not is_longest
    assert blocks == [(3, 4, 1), (4, 5, 1), (8, 9, 1), (9, 11, 1)]


def test_a_sentence_again_and_again_is_found_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subsequence, "_MAX_PAIRS", 1_000)
    one = [str(number) for number in range(3_000)]
    other = [item for number in one for item in (number, "[")] * 3
    blocks, is_longest = equal_blocks(one, other)
    assert not is_longest
    assert sum(size for *_, size in blocks) == len(one)


def test_pairs_that_are_compared_grow_linearly(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    opcodes = LCSseq.opcodes

    def counted(one: list[str], other: list[str]) -> object:
        compared.append(len(one) * len(other))
        return opcodes(one, other)

    monkeypatch.setattr(subsequence, "_MAX_PAIRS", 10_000)
    monkeypatch.setattr(subsequence, "_PIECE", 10)
    monkeypatch.setattr(LCSseq, "opcodes", counted)
    for size in (1_000, 2_000, 4_000):
        for other in ([*"ba"] * size, ["x"] * size, [str(number) for number in range(size)] * 5):
            compared.clear()
            one = [*["a", "b", "c"] * 7, *map(str, range(size))]
            equal_blocks(one, other)
            assert sum(compared) <= 10_000 + 20 * (len(one) + len(other))
