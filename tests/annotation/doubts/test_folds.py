"""Folds of a corpus: each sentence in one, documents whole, equal sentences never on both sides."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.annotation.doubts.folds import documents_of, fold
from llms_meet_ner.sentence import DOCSTART


def corpus(*numbers: int, words: str = "") -> list[Sentence]:
    return [Sentence(f"c/train/{number}", (words or f"w{number}", ".")) for number in numbers]


def test_a_gap_in_the_numbers_or_a_separator_begins_a_document() -> None:
    assert list(documents_of(corpus(1, 2, 3, 5, 6, 8), gaps=True).values()) == [0, 0, 0, 1, 1, 2]
    assert set(documents_of(corpus(1, 2, 3, 5, 6, 8), gaps=False).values()) == {0}, "sentences that somebody left out"
    unnumbered = [Sentence(f"c/train/{name}", ("w",)) for name in ("0", "x", "y", "3", "4")]
    assert set(documents_of(unnumbered, gaps=True).values()) == {0}
    separated = [Sentence("c/train/0", (DOCSTART,)), *corpus(1, 2), Sentence("c/train/3", (DOCSTART,)), *corpus(4)]
    found = documents_of(separated, gaps=False)
    assert list(found) == [1, 2, 4]
    assert found[1] == found[2] != found[4]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), min_size=4, max_size=40), st.integers(2, 4), st.integers(0, 9)
)  # fmt: skip
def test_every_sentence_is_judged_once_by_a_student_that_saw_neither_it_nor_its_document(
    rows: list[tuple[str, bool]], number: int, seed: int
) -> None:
    numbers, last = [], 0
    for _, gap in rows:
        last += 1 + gap
        numbers.append(last)
    sentences = [Sentence(f"c/train/{number}", (word,)) for number, (word, _) in zip(numbers, rows)]
    found = fold(sentences, number, seed, gaps=True)
    assert sorted(at for one in found.folds for at in one.held) == list(range(len(sentences)))
    documents = documents_of(sentences, gaps=True)
    for one in found.folds:
        assert one.held
        held = {sentences[at].tokens for at in one.held}
        assert not held & {sentences[at].tokens for at in one.train}
        assert len(one.held) + len(one.train) + one.left_out == len(sentences)
        if found.documents:
            assert not {documents[at] for at in one.held} & {documents[at] for at in one.train}
    assert fold(sentences, number, seed, gaps=True) == found


def test_parts_have_nearly_equal_sizes_and_what_is_left_out_is_said() -> None:
    found = fold([*corpus(*range(40)), *corpus(40, 41, words="W1")], 4, 1)
    assert {len(one.held) for one in found.folds} <= {10, 11}
    assert found.documents is None
    assert found.line.startswith("folds: 4, of single sentences: no documents are known; left out of trainings, equal")
    assert fold(corpus(1, 3, 5, 7), 2, 1, gaps=True).line == "folds: 2, of 4 whole documents"


@pytest.mark.parametrize("number", [1, 5])
def test_a_fold_needs_a_sentence(number: int) -> None:
    with pytest.raises(LmnError, match=f"{number} folds for 4 sentences"):
        fold(corpus(1, 2, 3, 4), number, 1)
