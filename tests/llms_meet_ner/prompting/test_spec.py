"""Prompt specs: their messages, their file, and how two of them differ."""

from __future__ import annotations

import json
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
    ("change", "damage"),
    [
        ({"format": 3}, "format: 3 is not a text"), ({"nested": "false"}, "nested: 'false' is not true or false"),
        ({"instruction_as": "assistant"}, "instruction_as: 'assistant' is not one of user, system"),
        ({"labels": 3}, "labels: 3 is not a list"), ({"labels": None}, "labels: None is not a list"),
        ({"labels": [{}]}, "labels.0: name is missing"), ({"label_origins": {"A": 1}}, "label_origins.A: 1 is not"),
        ({"label_origins": {"A": "B"}}, "label A counts as B"), ({"template": {"name": "t"}}, "template: prefix is missing"),
        ({"format": "yaml"}, "format: 'yaml' is not one of bracketed, xml"), ({"variant": ""}, "variant: '' is not one of full, short"),
        ({"instruction": "x" * 1_000_001}, "instruction: more than 1,000,000 characters"),
        ({"labels": [{"name": f"L{n}"} for n in range(10_001)]}, "labels: more than 10,000"),
    ],
)  # fmt: skip
def test_a_mapping_with_a_wrong_value_is_refused_with_its_place(change: dict[str, object], damage: str) -> None:
    with pytest.raises(LmnError) as raised:
        PromptSpec.from_dict({**SPEC.to_dict(), **change}, "a/dataset_info.json")
    assert raised.value.what.startswith(f"not as lmn-convert writes it ({damage}")
    assert raised.value.where == "a/dataset_info.json"
    assert "convert or copy it again" in str(raised.value.remedy)


@pytest.mark.parametrize(
    ("change", "damage"),
    [
        ({"name": ""}, "name: '' is not a name of 1 to 100 characters"), ({"name": "a\x1b"}, "name: 'a\\x1b' holds U+001B"),
        ({"prefix": ["a", 5]}, "prefix.1: 5 is not a text"), ({"prefix": ["{{content}}"]}, "prefix: holds {{content}} 1 times, and not never"),
        ({"prefix": [{"special": "__class__"}]}, "prefix.0: {'special': '__class__'} is not a text"),
        ({"prefix": [{"token": ""}]}, "prefix.0: {'token': ''} is not"), ({"prefix": [{"token": "a", "b": 1}]}, "prefix.0: {'token': 'a', 'b': 1}"),
        ({"prefix": ["a"] * 101}, "prefix: 101 pieces"), ({"prefix": ["a" * 10_001]}, "prefix.0: 'aaa"),
        ({"user": []}, "user: holds {{content}} 0 times, and not once"), ({"user": ["{{content}}", "{{content}}"]}, "user: holds {{content}} 2"),
        ({"system": ["a"]}, "system: holds {{content}} 0 times"), ({"assistant": [None]}, "assistant.0: None is not a text"),
        ({"system": ["a", "{{content}}"], "merge_system": True}, "system: with merge_system it is one text with {{content}}"),
        ({"default_system": 5}, "default_system: 5 is not a text"), ({"default_system": "x" * 1_000_001}, "default_system: more than 1,000,000"),
        ({"stop_words": [5]}, "stop_words.0: 5 is not a text"), ({"stop_words": [""]}, "stop_words: at most 100 words of 1 to 10,000"),
        ({"replace_eos": True}, "replace_eos: there is no stop word to take the place"),
    ],
)  # fmt: skip
def test_a_template_is_refused_as_llama_factory_would_refuse_it(change: dict[str, object], damage: str) -> None:
    row = replace(SPEC, template=PIECES).to_dict()
    row["template"] |= change
    with pytest.raises(LmnError) as raised:
        PromptSpec.from_dict(row, "here")
    assert raised.value.what.startswith("not as lmn-convert writes it (template")
    assert damage in raised.value.what


def test_special_tokens_of_a_template_are_listed_once() -> None:
    assert PIECES.tokens == ["<u>"]


def test_a_prompt_spec_survives_its_file_and_a_damaged_one_is_named(workdir: Path) -> None:
    spec = prompt_spec_of(load_card("germeval2014_nested"), "bracketed", "full", "system")
    path = workdir / "prompt_spec.json"
    spec.save(path)
    assert PromptSpec.load(path) == spec
    path.write_text('{"format": "bracketed"}')
    with pytest.raises(LmnError, match=r"prompt_spec\.json: not as lmn-convert writes it \(variant is missing\)"):
        PromptSpec.load(path)
    path.write_text('{"format": \n "br')
    with pytest.raises(LmnError, match=r"prompt_spec\.json:2: not JSON"):
        PromptSpec.load(path)


def test_what_earlier_versions_wrote_is_read() -> None:
    row = replace(SPEC, template=PIECES).to_dict()
    del row["template"]["assistant"], row["label_origins"], row["labels"][0]["long"], row["labels"][0]["definition"]
    assert PromptSpec.from_dict(row, "test") == replace(SPEC, template=replace(PIECES, assistant=None))


def test_tokens_join_by_a_space_unless_the_spec_says_otherwise(tmp_path: Path) -> None:
    assert "join" not in SPEC.to_dict()
    assert SPEC.source(("乙", "丁")) == "乙 丁"
    joined = replace(SPEC, join="")
    assert joined.to_dict()["join"] == ""
    assert joined.source(("乙", "丁")) == "乙丁"
    assert joined.output_format().join == ""
    assert joined.differences(SPEC) == ["join"]
    joined.save(tmp_path / "prompt_spec.json")
    assert PromptSpec.load(tmp_path / "prompt_spec.json") == joined
    with pytest.raises(LmnError, match="join: '-' is not one of"):
        PromptSpec.from_dict({**SPEC.to_dict(), "join": "-"}, "test")


def test_keys_stand_in_the_order_of_earlier_versions() -> None:
    labels = LabelSet.of("PER", "LOC").changed(drop=["LOC"])
    row = replace(SPEC, labels=labels, template=PIECES).to_dict()
    assert json.dumps(row) == json.dumps(
        {
            "format": "bracketed", "variant": "short", "instruction": "Mark",
            "labels": [{"name": "PER", "long": "", "definition": ""}], "label_origins": {"PER": "PER", "LOC": None},
            "nested": False, "instruction_as": "user",
            "template": {
                "name": "t", "prefix": [{"special": "bos_token"}], "system": ["{{content}}"],
                "user": [{"token": "<u>"}, "{{content}}"], "default_system": "", "stop_words": [],
                "replace_eos": False, "merge_system": False, "assistant": ["{{content}}"],
            },
        }
    )  # fmt: skip
