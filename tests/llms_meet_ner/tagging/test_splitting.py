"""Splitting raw text: no character is lost, whatever the language."""

from __future__ import annotations

import re
from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from standins import tagger

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.splitting import doc_sentences, make_splitter, split_at_spaces

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


@pytest.mark.parametrize(
    ("language", "package", "other", "text", "tokens"),
    [
        ("ja", "pip install sudachipy sudachidict_core", "zh", "東京に行く", ["東", "京", "に", "行", "く"]),
        ("th", "pip install pythainlp", "zh", "ไป", ["ไ", "ป"]),
        ("vi", "pip install pyvi", "xx", "đi Hà Nội.", ["đi", "Hà", "Nội", "."]),
        ("ko", "mecab-ko", "xx", "서울에 갔다.", ["서울에", "갔다", "."]),
    ],
)
def test_a_language_that_needs_a_package_names_it_and_what_works_without(
    monkeypatch: pytest.MonkeyPatch, language: str, package: str, other: str, text: str, tokens: list[str]
) -> None:
    blank = spacy.blank

    def without_packages(name: str) -> Any:
        if name == language:
            raise RuntimeError("libmecab.so could not be found")
        return blank(name)

    monkeypatch.setattr(spacy, "blank", without_packages)
    with pytest.raises(LmnError, match=f"language '{language}': .* be found; .*{package}") as error:
        make_splitter(language, as_library=True)
    assert f"take '{other}'" in str(error.value)
    (sentence,) = make_splitter(other, as_library=True)(text)
    assert [text[start:end] for start, end in sentence] == tokens


@pytest.mark.parametrize(
    ("tag", "code"), [("pt-BR", "pt"), ("zh-Hans", "zh"), ("no", "nb"), ("en-US", "en"), ("mul", "xx")]
)
def test_language_tags_lead_to_spacy_s_codes(tag: str, code: str) -> None:
    text = "東京 d'eau, l'an 3rd one-day."
    assert make_splitter(tag)(text) == make_splitter(code)(text)


def test_a_doc_without_sentences_is_split_as_raw_text_is() -> None:
    text = "Anna came. Bob left!\n\nThen  nothing\nmore."
    doc = spacy.blank("en")(text)
    assert doc_sentences(doc) == make_splitter("en", as_library=True)(text)
    assert not doc.has_annotation("SENT_START")
    for token in doc:
        token.is_sent_start = token.text == "left"
    assert [text[sentence[0][0] : sentence[-1][1]] for sentence in doc_sentences(doc)] == [
        "Anna came. Bob",
        "left!\n\nThen  nothing\nmore.",
    ]
    assert doc_sentences(spacy.blank("en")("")) == []
