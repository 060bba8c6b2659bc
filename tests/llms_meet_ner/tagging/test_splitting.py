"""Splitting raw text: no character is lost, whatever the language."""

from __future__ import annotations

import re

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from standins import tagger

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.splitting import make_splitter, split_at_spaces

NEWS = (
    "Hussain, considered surplus to England's one-day requirements, struck 158. Then Mr. Peter Müller left for Essex!"
)


SPLITTERS = {language: make_splitter(language) for language in ("en", "de", "fr", "tr", "zh", "xx")}
OWN = {language: make_splitter(language, as_library=True) for language in SPLITTERS}
BLANK = {language: spacy.blank(language) for language in SPLITTERS}


texts = st.text(
    st.one_of(
        st.sampled_from("aA. \t\n\r'-[]|,!?\"…/1:@#\u2028\u2029\x85\x1c\u00a0\u200b\ufeff\u0301東é🇫🇮。"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=80,
)


@given(texts, st.sampled_from(sorted(SPLITTERS)))
@settings(max_examples=300, deadline=None)
def test_no_character_is_lost_in_splitting(text: str, language: str) -> None:
    check_offsets(text, SPLITTERS[language](text), re.compile(r"\s"))
    check_offsets(text, split_at_spaces(text), re.compile(r"[ \t\n\r\v\f]"))


def check_offsets(text: str, sentences: list[list[tuple[int, int]]], space: re.Pattern[str]) -> None:
    assert all(sentences)
    at = 0
    for start, end in [offsets for sentence in sentences for offsets in sentence]:
        assert at <= start < end
        assert not space.sub("", text[at:start])
        assert not space.search(text, start, end)
        at = end
    assert not space.sub("", text[at:])


def test_sentences_and_tokens() -> None:
    (tagged,) = tagger().tag([NEWS + "\n\nA title\n\nEnd"])
    assert [" ".join(sentence.tokens) for sentence in tagged.sentences] == [
        "Hussain , considered surplus to England 's one-day requirements , struck 158 .",
        "Then Mr. Peter Müller left for Essex !",
        "A title",
        "End",
    ]
    (german,) = tagger("de").tag(["Der CDU-Politiker Dr. Müller kam z.B. am 3. Mai. Er ging."])
    assert [len(sentence.tokens) for sentence in german.sentences] == [10, 3]


@pytest.mark.parametrize("language", ["klingon", "char_classes", "../en", ""])
def test_unknown_languages(language: str) -> None:
    with pytest.raises(LmnError, match=r"language .*'xx' splits any language"):
        make_splitter(language)


@given(texts, st.sampled_from(["en", "de", "fr", "tr", "zh", "xx"]))
@settings(max_examples=150, deadline=None)
def test_a_card_s_tokens_are_spacy_s_own(text: str, language: str) -> None:
    tokens = [
        (token.idx + word.start(), token.idx + word.end())
        for token in BLANK[language](text)
        for word in re.finditer(r"\S+", token.text)
    ]
    assert [token for sentence in OWN[language](text) for token in sentence] == tokens
