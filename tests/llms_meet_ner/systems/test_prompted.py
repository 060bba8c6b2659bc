"""Systems that read a prompt: how their texts are read, and which prompt a run had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from standins import SPEC, CapitalsSystem

from llms_meet_ner import LabelSet, LmnError, PromptSpec, Sentence, Span
from llms_meet_ner.decoding.requests import Decoding
from llms_meet_ner.prompting.templates import pieces_of
from llms_meet_ner.records import Answer, Uncertainty
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.prompted import PromptedSystem, changed, continuation_remarks, prompt_differences
from llms_meet_ner.training.recipe import load_recipe

SENTENCE = Sentence("c/s/0", ("Ada", "left"), (Span(0, 1, "PER"),))


def test_a_text_is_read_in_the_format_of_the_prompt() -> None:
    system = CapitalsSystem()
    assert system.read(Answer("[Ada | LOC] left"), SENTENCE).spans == (Span(0, 1, "LOC"),)
    assert system.read(Answer("Ada [left | SHIP]"), SENTENCE).unknown_labels[0].label == "SHIP"


def test_the_text_without_entities_is_sure_where_texts_have_confidences() -> None:
    system = CapitalsSystem()
    assert system.nothing(SENTENCE) == Answer("Ada left", (), Uncertainty(0.0, 0.0, 0.0, 0))
    system.options = SystemOptions("free")
    assert system.nothing(SENTENCE) == Answer("Ada left")


@pytest.mark.parametrize(
    ("options", "stamp", "differing"),
    [
        (SystemOptions(), {"dtype": "bfloat16", "max_new_tokens": 9}, []),
        (SystemOptions(dtype="float32"), {"dtype": "float32", "resolved_dtype": "float32"}, []),
        (SystemOptions(dtype="float32"), {"dtype": "auto", "resolved_dtype": "float32"}, []),
        (SystemOptions(dtype="float32"), {"dtype": "auto"}, []),
        (SystemOptions(dtype="float32"), {"dtype": "auto", "resolved_dtype": "bfloat16"}, ["dtype"]),
        (SystemOptions(dtype="float32"), {"dtype": "bfloat16"}, ["dtype"]),
        (SystemOptions("free", max_new_tokens=9), {"dtype": "auto", "max_new_tokens": 9}, []),
        (SystemOptions("free", max_new_tokens=9), {"dtype": "auto", "max_new_tokens": None}, ["max_new_tokens"]),
    ],
)
def test_options_that_a_run_was_not_made_with_are_named(
    options: SystemOptions, stamp: dict[str, Any], differing: list[str]
) -> None:
    """Where they are asked for: scoring takes what is there otherwise."""
    system = CapitalsSystem()
    system._asked_options = options
    noted = {**system.identity(), "prompt": SPEC.to_dict(), **stamp} | {"model": "nothing", "adapter_sha256": None}
    assert system._option_differences(noted) == differing
    assert [name for name in system.differences(noted, []) if name in ("dtype", "max_new_tokens")] == differing


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
        (
            {"prompt": replace(SPEC, instruction="Find", labels=LabelSet.of("PER")).to_dict()},
            "qwen",
            ["instruction", "labels", "template"],
        ),
        ({"prompt": {"format": 3}}, "plain", ["prompt"]),
        ({"prompt": {}}, "plain", ["prompt"]),
        ({}, "plain", ["prompt"]),
    ],
)
def test_another_prompt_is_named(stamp: dict[str, Any], template: str | None, differing: list[str]) -> None:
    assert prompt_differences(stamp, SPEC, template) == differing


ADA = Sentence("x/y/0", ("Ada", "saw", "Oslo"))


class Prompted(PromptedSystem):
    """A system with a prompt, and nothing that could answer it."""

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return the prompt."""
        return {"prompt": self._spec.to_dict()}

    def __init__(self, decoding: Decoding | None = None, spec: PromptSpec = SPEC) -> None:
        super().__init__(SystemOptions(decoding))
        self._spec = spec

    @property
    def prompt(self) -> PromptSpec:
        """The prompt that was given."""
        return self._spec


def test_a_text_is_read_in_the_format_and_with_the_labels_of_the_prompt() -> None:
    system = Prompted()
    found = system.read(Answer("[Ada | PER] saw [Oslo | LOC]"), ADA)
    assert (found.spans, found.status) == ((Span(0, 1, "PER"), Span(2, 3, "LOC")), "exact")
    assert system.read(Answer("[Ada | SHIP] saw Oslo"), ADA).spans == ()
    assert system.read(Answer(""), ADA).status == "failed"
    other = Prompted(spec=replace(SPEC, format="xml"))
    assert other.read(Answer("<PER>Ada</PER> saw Oslo"), ADA).spans == (Span(0, 1, "PER"),)
    nested = "[[Ada | PER] saw | PER] Oslo"
    assert system.read(Answer(nested), ADA).spans == (Span(0, 2, "PER"),)
    inside = Prompted(spec=replace(SPEC, nested=True)).read(Answer(nested), ADA)
    assert inside.spans == (Span(0, 2, "PER"), Span(0, 1, "PER"))


def test_the_format_of_the_prompt_decides_a_decoding_that_was_not_asked_for(listing: None) -> None:
    assert [Prompted().decoding, Prompted("free").decoding] == ["constrained", "free"]
    assert [Prompted().gives_confidences, Prompted("free").gives_confidences] == [True, False]
    assert Prompted(spec=replace(SPEC, format="listing")).decoding == "free"
    assert not Prompted(spec=replace(SPEC, format="listing")).gives_confidences
    with pytest.raises(LmnError, match="the format listing does not"):
        _ = Prompted("constrained", replace(SPEC, format="listing")).options


def test_a_key_that_a_stamp_lacks_has_changed() -> None:
    now = {"model": "m", "limit": None, "seed": 1}
    assert changed(now, {"model": "m", "seed": 2, "other": 3}) == ["seed"]
    assert changed(now, {}) == ["model", "seed"]
    assert changed({}, {"model": "m"}) == []


def test_a_training_that_continued_with_another_prompt_is_a_remark(project: Path) -> None:
    recipe = load_recipe(Path("recipe.yaml"), ["adapter_name_or_path=old"])
    spec = replace(recipe.train_entry().spec, template=pieces_of("default"))
    Path("old").mkdir()
    spec.save(Path("old/prompt_spec.json"))
    assert continuation_remarks(recipe) == ()
    replace(spec, variant="full", template=pieces_of("qwen")).save(Path("old/prompt_spec.json"))
    assert continuation_remarks(recipe) == (
        "old: training continued this adapter with another variant, template; the new prompt is taken",
    )
    assert continuation_remarks(load_recipe(Path("recipe.yaml"))) == ()
