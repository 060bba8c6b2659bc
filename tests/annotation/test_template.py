"""Annotation templates: the files of the package, additions, files of users, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.template import load_template, template_names
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.systems.examples import Shots

CARD = load_card("demo")


@pytest.mark.parametrize("name", template_names())
def test_every_template_of_the_package_asks_for_the_labels_of_a_card(name: str) -> None:
    bare, defined = (load_template(f"{name}{addition}").prompt(CARD) for addition in ("", "+definitions"))
    assert "PER(person)" in bare.instruction
    assert CARD.labels.labels[0].definition not in bare.instruction
    assert CARD.labels.labels[0].definition in defined.instruction
    assert bare.labels.names == defined.labels.names == CARD.labels.names
    assert bare.instruction_as == "user"
    assert load_template(name).shots is None


def test_additions_choose_definitions_and_examples() -> None:
    template = load_template("xml+nearest3+definitions")
    assert (template.name, template.format, template.definitions) == ("xml+nearest3+definitions", "xml", True)
    assert template.shots == Shots(3, "nearest")
    assert load_template("xml+random12").shots == Shots(12, "random")


@pytest.mark.parametrize("name", ["xml+nearest", "xml+nearest0", "xml+both", "xml+nearest3+random2", "xml+"])
def test_what_is_no_addition_is_an_error_that_lists_them(name: str) -> None:
    with pytest.raises(LmnError, match=r"after a \+ stand definitions, or nearestN, coveringN or randomN"):
        load_template(name)


def test_an_unknown_name_is_an_error_that_names_the_templates() -> None:
    with pytest.raises(LmnError, match=r"bracketd: neither .*; did you mean bracketed\? templates: bracketed, "):
        load_template("bracketd")


def test_a_file_of_ones_own_has_its_own_instruction(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("title: mine\nformat: xml\nquote: '`'\ninstruction: |\n  Mark:\n  {labels}\n  Go:\n")
    spec = load_template(f"{path}+definitions").prompt(CARD)
    first = CARD.labels.labels[0]
    assert spec.instruction.startswith(f"Mark:\n{first.name}({first.long}): {first.definition}\n")
    assert spec.instruction.endswith("\nGo:")
    assert spec.source(("A", "b")) == "`A` `b`"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "title: a\nformat: nothing\n",
            r"mine.yaml:2: format: no output format is called 'nothing'; there are: bracketed",
        ),
        ("title: a\nformat: xml\ninstruction: Mark.\n", r"mine.yaml:3: instruction: .*\{labels\}"),
        ("title: a\n", r"mine.yaml:1: .*format"),
        ("title: a\nformat: xml\nshots: 3\n", r"mine.yaml:3: "),
    ],
)
def test_a_wrong_file_is_an_error_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(LmnError, match=message):
        load_template(str(path))
