"""Systems that read a prompt: how their texts are read, and which prompt a run had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from standins import SPEC, CapitalsSystem

from llms_meet_ner import Sentence, Span
from llms_meet_ner.records import Answer, Uncertainty
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.prompted import changed, prompt_differences

SENTENCE = Sentence("c/s/0", ("Ada", "left"), (Span(0, 1, "PER"),))


def test_a_text_is_read_in_the_format_of_the_prompt() -> None:
    system = CapitalsSystem()
    assert system.read(Answer("[Ada | LOC] left"), SENTENCE).spans == (Span(0, 1, "LOC"),)
    assert system.read(Answer("Ada [left | SHIP]"), SENTENCE).unknown_labels[0].label == "SHIP"


def test_the_text_without_entities_is_sure_where_texts_have_confidences() -> None:
    system = CapitalsSystem()
    assert system.nothing(SENTENCE) == Answer("Ada left", (), Uncertainty(0.0, 0.0))
    system.options = SystemOptions("free")
    assert system.nothing(SENTENCE) == Answer("Ada left")


def test_what_has_changed_is_named() -> None:
    assert changed({"model": "a", "adapter_sha256": None, "shots": 1}, {"model": "a", "shots": 2}) == ["shots"]


@pytest.mark.parametrize(
    ("stamp", "template", "differing"),
    [
        ({"prompt": SPEC.to_dict()}, "plain", []),
        ({"prompt": SPEC.to_dict()}, "qwen", ["template"]),
        ({"prompt": SPEC.without_template().to_dict()}, "plain", ["template"]),
        ({"prompt": SPEC.without_template().to_dict()}, None, []),
        ({"prompt": replace(SPEC, instruction="Find").to_dict()}, "plain", ["instruction"]),
        ({"prompt": {}}, "plain", ["prompt"]),
        ({}, "plain", ["prompt"]),
    ],
)
def test_another_prompt_is_named(stamp: dict[str, Any], template: str | None, differing: list[str]) -> None:
    assert prompt_differences(stamp, SPEC, template) == differing
