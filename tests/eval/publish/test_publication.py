"""What a publication is called in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from published import DATA, publication

from llms_meet_ner.data_converters import load_card


def test_the_name_is_that_of_the_repository() -> None:
    assert publication().name == "tiny-ner"


@pytest.mark.parametrize(
    ("values", "method"),
    [
        ({}, "LoRA"),
        ({"finetuning_type": "lora"}, "LoRA"),
        ({"finetuning_type": "oft"}, "OFT"),
        ({"finetuning_type": "freeze"}, "freeze"),
    ],
)
def test_the_kind_names_the_method_of_an_adapter_alone(values: dict[str, str], method: str) -> None:
    assert (publication(values).method, publication(values).kind) == (method, f"{method} adapter")
    merged = publication(values, merged=True)
    assert (merged.method, merged.kind) == (method, "fine-tuned model")


@pytest.mark.parametrize(
    ("language", "code"), [("en", "en"), ("en-GB", "en"), ("zh_Hant", "zh"), ("sr-Latn-RS", "sr"), ("fil", "fil")]
)
def test_the_language_has_no_region_or_script(language: str, code: str) -> None:
    card = replace(load_card("demo"), language=language)
    assert publication(data=replace(DATA, card=card)).language == code


def test_without_a_card_the_language_is_not_known() -> None:
    assert publication(data=replace(DATA, card=None)).language is None
