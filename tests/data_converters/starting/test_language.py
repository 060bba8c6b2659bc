"""Guesses at a language."""

from __future__ import annotations

import pytest

from llms_meet_ner.data_converters.starting.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The cat is on the mat and the dog is in the garden of the house", "en"),
        ("Der Hund ist in dem Haus und die Katze ist auf der Matte mit dem Kind", "de"),
        ("Bu kitap ile bir defter ve kalem için çok para verdim ama en iyi kitap da bu", "tr"),
        ("東京に行きました。", "ja"),
        ("我去北京", "zh"),
        ("Иван живет в Москве", "ru"),
        ("Ann Rome", "und"),
        ("Ann left per Rome", "und"),
        ("", "und"),
    ],
)
def test_alphabets_and_small_words_tell_a_language(text: str, language: str) -> None:
    assert language_of([text])[0] == language
