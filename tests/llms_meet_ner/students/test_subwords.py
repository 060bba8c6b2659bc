"""Subwords of tokens: the first one of each is found whatever the tokenizer, and what is not read is counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tokenizers import byte_level
from tiny_encoders import metaspace, word_piece

from llms_meet_ner import LmnError
from llms_meet_ner.students.subwords import ReadingNotes, Subwords

TOKENIZERS = {"word-piece": word_piece, "byte-level": byte_level, "metaspace": metaspace}
TOKENS = st.one_of(
    st.sampled_from(
        ["New", "York", "New York", "'s", "1996-08-30", "[SEP]", "½", "\u200b", "\x00", "東京", "Şırnak", " a", "-"]
    ),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r"), min_size=1, max_size=6),
)


@pytest.mark.parametrize("name", TOKENIZERS)
@given(tokens=st.lists(TOKENS, min_size=1, max_size=25), window=st.integers(8, 24))
@settings(max_examples=80, deadline=None)
def test_each_token_is_answered_once_at_its_first_subword(name: str, tokens: list[str], window: int) -> None:
    tokenizer = TOKENIZERS[name]()
    subwords = Subwords.of(tokenizer, window)
    notes = ReadingNotes()
    (read,) = subwords.read([("a", tokens)], notes)
    alone = [
        tokenizer([subwords.space + token], is_split_into_words=True, add_special_tokens=False)["input_ids"]
        for token in tokens
    ]
    assert list(read.words) == [at for at, ids in enumerate(alone) if ids]
    assert notes.unread == [token for token, ids in zip(tokens, alone) if not ids]
    assert notes.trimmed == [token for token, ids in zip(tokens, alone) if len(ids) > subwords.room]
    firsts = [window.ids[first] for window in read.windows for first in window.firsts]
    assert firsts == [ids[0] for ids in alone if ids]
    for one in read.windows:
        assert len(one.ids) <= window
        assert one.ids[: len(subwords.before)] == subwords.before
        assert one.ids[len(one.ids) - len(subwords.after) :] == subwords.after
    if len(read.windows) == 1 and not notes.trimmed:
        assert list(read.windows[0].ids) == [*subwords.before, *(one for ids in alone for one in ids), *subwords.after]


def test_byte_level_words_get_the_space_that_they_are_known_by() -> None:
    subwords = Subwords.of(byte_level(), 16)
    (read,) = subwords.read([("a", ("in", "York"))])
    assert byte_level().convert_ids_to_tokens(read.windows[0].ids[read.windows[0].firsts[0]]).startswith("Ġ")
    assert Subwords.of(word_piece(), 16).space == Subwords.of(metaspace(), 16).space == ""


def test_what_is_not_read_as_it_stands_is_said() -> None:
    subwords, notes = Subwords.of(word_piece(), 10), ReadingNotes()
    subwords.read([("long", ("Essex",) * 30), ("odd", ("a", "\x00", "\x00", "x" * 40))], notes)
    assert notes.lines() == [
        "sentences longer than the encoder's window, read in windows that overlap and answered as a whole: 2: long (5 windows), "
        "odd (2 windows)",
        "tokens without a subword of the encoder, which are not read and can only lie inside an entity: 2: '\\x00'",
        "tokens longer than a whole window, read up to its end: 1: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ]
    assert ReadingNotes().lines() == []


def test_a_token_that_nobody_can_see_is_named_by_its_codes() -> None:
    notes = ReadingNotes(unread=["\ufe0f", "caf\u0301", "\u0301\u200d"])
    assert notes.lines()[0].endswith(" 3: '\\ufe0f', 'caf\u0301', '\\u0301\\u200d'")


def test_sentences_of_one_name_have_a_row_each() -> None:
    subwords, notes = Subwords.of(word_piece(), 10), ReadingNotes()
    for _ in range(2):
        subwords.read([("a", ("Essex",) * 30), ("a", ("Essex",)), ("a", ("a", "\x00", "x" * 40))], notes)
    first, third = ({"windows": windows, "unread": odd, "trimmed": odd} for windows, odd in ((5, 0), (2, 1)))
    assert notes.by_sentence == {"a": [first, third, first, third]}


@pytest.mark.parametrize(("window", "overlap"), [(3, None), (10, 5)])
def test_a_window_without_room_is_refused(window: int, overlap: int | None) -> None:
    with pytest.raises(LmnError, match=f"a window of {window} has room for"):
        Subwords.of(word_piece(), window, overlap)


def test_a_tokenizer_whose_special_tokens_cannot_be_told_apart_is_refused() -> None:
    class Odd:
        """A tokenizer that reads a word in another way where special tokens stand around it."""

        is_fast = True
        name_or_path = "odd"

        def __call__(self, words: list[str], *, add_special_tokens: bool = True, **_: Any) -> dict[str, list[int]]:
            return {"input_ids": [1, 7, 2] if add_special_tokens else [8]}

    odd: Any = Odd()
    with pytest.raises(LmnError, match="odd: its tokenizer reads a word otherwise with special tokens around it"):
        Subwords.of(odd, 64)


def test_a_tokenizer_that_does_not_say_its_subwords_is_refused() -> None:
    class Slow:
        """A tokenizer in Python alone."""

        is_fast = False
        name_or_path = "slow"

    slow: Any = Slow()
    with pytest.raises(LmnError, match="slow: has no fast tokenizer"):
        Subwords.of(slow, 64)
