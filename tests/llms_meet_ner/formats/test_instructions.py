"""The wordings of an instruction."""

from __future__ import annotations

import pytest

from llms_meet_ner import Label, LabelSet, LmnError, get_format
from llms_meet_ner.formats import format_names
from llms_meet_ner.formats.instructions import VARIANTS, instruction_text

LABELS = LabelSet((Label("PER", "Person", "people by name"), Label("LOC")))


@pytest.mark.parametrize(
    ("variant", "text"),
    [
        ("full", "Do it.\nLabel Set:\nPER(Person): people by name\nLOC\nNow process the input sentence:"),
        ("short", "Do: PER, LOC"),
    ],
)
def test_a_wording_lists_the_labels_in_their_order(variant: str, text: str) -> None:
    assert instruction_text(get_format(), LABELS, variant, "Do it.", "Do") == text


@pytest.mark.parametrize("name", format_names())
def test_lettered_wordings_are_the_same_for_every_format_and_never_speak_of_entities(name: str) -> None:
    for variant in VARIANTS[2:]:
        text = get_format(name).instruction(LABELS, variant)
        assert "entit" not in text
        assert text == get_format().instruction(LABELS, variant)


def test_an_unknown_variant_is_refused_with_those_there_are() -> None:
    with pytest.raises(LmnError) as raised:
        instruction_text(get_format(), LABELS, "long", "", "")
    assert raised.value.what == "format bracketed has no instruction variant 'long'"
    assert raised.value.remedy == "it has: full, short, letters, letters-bare"
