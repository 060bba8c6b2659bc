"""What looks like a tag."""

from __future__ import annotations

import pytest

from llms_meet_ner.data_converters.starting.candidate import are_bare_labels, are_tags, is_tag


@pytest.mark.parametrize("tag", ["O", "B-PER", "I_LOC", "S-Disease or Syndrome", "PER-B", "M-ORG"])
def test_tags(tag: str) -> None:
    assert is_tag(tag)


@pytest.mark.parametrize("word", ["", "o", "B-", "Berlin", "-", "T-shirt", 7, None])
def test_words_are_no_tags(word: object) -> None:
    assert not is_tag(word)


def test_a_few_odd_values_do_not_hide_tags() -> None:
    assert are_tags(["O", *["B-X"] * 19, "?"])
    assert not are_tags(["O", "word"])
    assert not are_tags([])


def test_bare_labels_are_few_and_mostly_o() -> None:
    assert are_bare_labels(["O"] * 20 + ["PER", "LOC"])
    assert not are_bare_labels([*"abcdefgh", "O"])
    assert not are_bare_labels(["O"] * 20)
