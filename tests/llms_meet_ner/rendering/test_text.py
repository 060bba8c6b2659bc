"""Text as it may be shown: what is hidden, moves the cursor or turns the direction of writing shows as codes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.rendering.text import visible, visible_lines


def test_hidden_characters_show_as_codes() -> None:
    assert visible("a\u200b\x1b[0m\U000e0041\u200d") == "a\\u200b\\u001b[0m\\U000e0041\u200d"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("İstanbul 東京 👩‍💻 می‌خواهم", "İstanbul 東京 👩‍💻 می‌خواهم"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\nb\tc\r", "a\\u000ab\\u0009c\\u000d"),
        ("\ufeffx\x00\x7f\x85\u2028\u2029", "\\ufeffx\\u0000\\u007f\\u0085\\u2028\\u2029"),
        ("\ud800", "\\ud800"),
        ("\U0010ffff\ue000", "\\U0010ffff\\ue000"),
        ("a\u00a0b", "a\u00a0b"),
    ],
)
def test_letters_of_every_script_stay_and_what_cannot_be_seen_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_what_is_shown_hides_nothing_and_shows_the_same_again(text: str) -> None:
    shown = visible(text)
    hidden = {character for character in shown if unicodedata.category(character)[0] == "C"}
    assert hidden <= {"\u200c", "\u200d"}
    assert visible(shown) == shown
    assert len(shown) >= len(text)


def test_line_breaks_and_tabs_stay_in_a_text_of_lines() -> None:
    assert visible_lines("a\u200b\n\tb\r\n\n\x1bc\n") == "a\\u200b\n\tb\\u000d\n\n\\u001bc\n"
    assert visible_lines("") == ""
