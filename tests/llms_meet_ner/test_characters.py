"""Harmful characters are found, escaped and replaced; ordinary ones of any language are left alone."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.characters import escaped, harmful_in, is_harmful, shortened, without_surrogates


@pytest.mark.parametrize(
    ("text", "shown", "first"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb", "U+001B"),
        ("a\u202eb", "a\\u202eb", "U+202E"),
        ("a\ud800b", "a\\ud800b", "U+D800"),
        ("a\x9bb", "a\\x9bb", "U+009B"),
        ("a\u2028b", "a\\u2028b", "U+2028"),
        ("Türkçe 漢字 👩\u200d🚀 שָׁלוֹם\u200f नमस्ते", "Türkçe 漢字 👩\u200d🚀 שָׁלוֹם\u200f नमस्ते", None),
    ],
)
def test_harmful_characters_are_named_and_escaped(text: str, shown: str, first: str | None) -> None:
    assert escaped(text) == shown
    assert harmful_in(text) == first


def test_line_ends_and_tabs_stay_unless_told() -> None:
    assert escaped("a\n\tb") == "a\n\tb"
    assert escaped("a\n\tb", keep="") == "a\\n\\tb"


@given(st.text(alphabet=st.characters(codec=None)))
def test_what_is_escaped_holds_nothing_harmful_and_what_is_mended_is_utf8(text: str) -> None:
    assert not any(map(is_harmful, escaped(text, keep="")))
    kept, replaced = without_surrogates(text)
    assert len(kept) == len(text)
    assert replaced == sum("\ud800" <= character <= "\udfff" for character in text)
    kept.encode()


def test_the_characters_are_those_of_their_unicode_categories() -> None:
    reordering = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    for character in map(chr, range(sys.maxunicode + 1)):
        by_category = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in reordering
        assert is_harmful(character) == by_category, hex(ord(character))


def test_a_long_text_is_shortened_and_says_so() -> None:
    assert shortened("x" * 2000) == "x" * 2000
    assert shortened("x" * 50_000_000) == "x" * 2000 + " ... (50,000,000 characters)"
