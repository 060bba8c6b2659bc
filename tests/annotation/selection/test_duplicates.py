"""Sentences that stand several times, and those that almost do."""

from __future__ import annotations

from llms_meet_ner import Sentence
from llms_meet_ner.annotation.selection.duplicates import first_ones, near_duplicates, normalised


def sentences(*texts: str) -> list[Sentence]:
    return [Sentence(f"x/{number}", tuple(text.split(" "))) for number, text in enumerate(texts)]


def test_the_first_of_equal_sentences_is_kept_and_the_others_are_counted() -> None:
    found = sentences("Ada left", "Bob left", "ADA Left", "Ada\u00a0 left", "Bob won", "Bob left")
    assert first_ones(found, {normalised(["bob", "WON"])}) == ([0, 1], 3, 1)
    assert normalised(["Ada\u00a0", "Straße"]) == ("ada", "strasse")


def test_sentences_that_differ_by_a_number_are_almost_the_same() -> None:
    long = "The annual general meeting of the company took place in the city hall of Trieste on May"
    found = sentences(f"{long} 12", f"{long} 13", "Eve won the match in Leeds", f"{long} 12 .")
    near = near_duplicates(found, 0.9)
    assert sorted(near(0)) == [0, 1, 3]
    assert list(near(2)) == [2]
    assert sorted(near_duplicates(found, 0.9999)(1)) == [1]
