"""Prompt specs: their messages, their file, and how two of them differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llms_meet_ner import LabelSet, LmnError, PromptSpec
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.prompting.spec import Example, TemplatePieces

SPEC = PromptSpec("bracketed", "short", "Mark", LabelSet.of("PER", "LOC"))
EXAMPLES = (Example("a", "Ada left .", "[Ada | PER] left ."), Example("b", "Oslo", "[Oslo | LOC]"))
PIECES = TemplatePieces(
    "t", ({"special": "bos_token"},), ("{{content}}",), ({"token": "<u>"}, "{{content}}"), assistant=("{{content}}",)
)


def test_the_instruction_is_part_of_the_first_turn_or_the_system_message() -> None:
    assert SPEC.messages("a b") == ("", "Mark\na b")
    assert replace(SPEC, instruction_as="system").messages("a b") == ("Mark", "a b")


def test_examples_are_earlier_turns_and_the_instruction_comes_once() -> None:
    turns = ("Mark\nAda left .", "[Ada | PER] left .", "Oslo", "[Oslo | LOC]", "Ida")
    assert SPEC.conversation("Ida", EXAMPLES) == ("", turns)
    system = replace(SPEC, instruction_as="system")
    assert system.conversation("Ida", EXAMPLES) == ("Mark", ("Ada left .", *turns[1:]))
    assert SPEC.conversation("Ida") == ("", ("Mark\nIda",))


def test_differences_are_the_names_of_fields_without_the_template() -> None:
    assert SPEC.differences(replace(SPEC, template=PIECES)) == []
    other = replace(SPEC, format="xml", nested=True, labels=LabelSet.of("LOC", "PER"))
    assert SPEC.differences(other) == ["format", "nested", "labels"]


@pytest.mark.parametrize("template", [None, PIECES, replace(PIECES, assistant=None, merge_system=True)])
def test_a_mapping_is_read_back(template: TemplatePieces | None) -> None:
    spec = replace(SPEC, template=template, nested=True, instruction_as="system")
    assert PromptSpec.from_dict(spec.to_dict(), "test") == spec
    assert spec.without_template() == replace(spec, template=None)


@pytest.mark.parametrize(
    "change", [{"format": 3}, {"nested": "false"}, {"instruction_as": "assistant"}, {"labels": 3}, {"template": {"name": "t"}}]
)  # fmt: skip
def test_a_mapping_with_a_wrong_value_is_refused_with_its_place(change: dict[str, object]) -> None:
    with pytest.raises(LmnError) as raised:
        PromptSpec.from_dict({**SPEC.to_dict(), **change}, "a/dataset_info.json")
    assert raised.value.what.startswith("not a prompt spec (")
    assert raised.value.where == "a/dataset_info.json"
    assert "convert or copy it again" in str(raised.value.remedy)


def test_a_prompt_spec_survives_its_file_and_a_damaged_one_is_named(workdir: Path) -> None:
    spec = prompt_spec_of(load_card("germeval2014_nested"), "bracketed", "full", "system")
    path = workdir / "prompt_spec.json"
    spec.save(path)
    assert PromptSpec.load(path) == spec
    path.write_text('{"format": "bracketed"}')
    with pytest.raises(LmnError, match=r"prompt_spec\.json: not a prompt spec \(KeyError: "):
        PromptSpec.load(path)
    path.write_text('{"format": \n "br')
    with pytest.raises(LmnError, match=r"prompt_spec\.json:2: not JSON"):
        PromptSpec.load(path)
