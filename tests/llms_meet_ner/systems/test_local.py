"""Common parts of models in this process: the weights of a recipe, and first guesses from its data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from standins import CapitalsSystem

from llms_meet_ner import LabelSet, PromptSpec, Sentence
from llms_meet_ner.decoding.pretrained import FourBit, Weights
from llms_meet_ner.systems.local import recipe_precision, recipe_weights, training_guesser
from llms_meet_ner.training.recipe import Recipe


def recipe(**keys: Any) -> Recipe:
    return Recipe(
        Path("r.yaml"), {"model_name_or_path": "m", "template": "t", "dataset": "d", "output_dir": "o", **keys}
    )


@pytest.mark.parametrize(
    ("keys", "weights"),
    [
        ({}, Weights("m", cuda_dtype="float32")),
        ({"bf16": True}, Weights("m", cuda_dtype="bfloat16")),
        ({"fp16": True, "trust_remote_code": True}, Weights("m", cuda_dtype="float16")),
        ({"bf16": True, "quantization_bit": 4}, Weights("m", cuda_dtype="bfloat16", four_bit=FourBit("nf4", True))),
        (
            {"quantization_bit": 4, "quantization_type": "fp4", "double_quantization": False},
            Weights("m", cuda_dtype="float32", four_bit=FourBit("fp4", False)),
        ),
        ({"quantization_bit": 8}, Weights("m", cuda_dtype="float32")),
    ],
)
def test_a_recipes_weights_are_as_it_trains_them(keys: dict[str, Any], weights: Weights) -> None:
    assert recipe_weights(recipe(**keys), None) == weights
    unset = dict.fromkeys(("bf16", "fp16", "quantization_bit", "quantization_type", "double_quantization"))
    assert recipe_precision(recipe(**keys)) == {**unset, **{key: keys[key] for key in keys if key in unset}}


def test_weights_are_named_with_their_adapter() -> None:
    assert [str(recipe_weights(recipe(), adapter)) for adapter in (None, Path("o"))] == ["m", "m with o"]


def test_without_training_data_a_guesser_knows_the_labels_alone(workdir: Path) -> None:
    spec = PromptSpec("bracketed", "short", "Mark", LabelSet.of("PER", "LOC"))
    assert training_guesser(recipe(), spec).labels == ("PER", "LOC")


class Remarking(CapitalsSystem):
    """The stand-in of a model, with a remark."""

    def remarks(self) -> tuple[str, ...]:
        """Return one line."""
        return ("look here",)


def test_a_job_hands_on_the_remarks_and_asks_about_sentences_that_are_too_long(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    system = Remarking(window=40)
    monkeypatch.setattr("llms_meet_ner.systems.local.make_generator", lambda *_: system.generator)
    monkeypatch.setattr(system.generator, "prepare", lambda prompts: None, raising=False)
    monkeypatch.setattr("llms_meet_ner.systems.local.token_bound", lambda *_: 1)
    sentences = [Sentence("a", ("Ada", "left")), Sentence("b", ("Ada",) * 20)]
    job = system.prepare(sentences)
    assert job.remarks == ("look here",)
    assert [len(system.read(answer, one).spans) for answer, one in zip(job.answers(), sentences)] == [1, 1]
    assert caplog.text == ""
    assert [len(system.read(answer, one).spans) for answer, one in zip(system.answer(sentences), sentences)] == [1, 0]
    assert "is too long for the model" in caplog.text


def test_a_library_that_reads_standard_input_while_it_generates_finds_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO("the text of the user"))
    system = CapitalsSystem()
    generate, read = system.generator.generate, []

    def reading(requests: Any) -> Any:
        read.append(sys.stdin.read())
        return generate(requests)

    monkeypatch.setattr(system.generator, "generate", reading)
    system.answer([Sentence("a", ("Ada", "left"))])
    assert (read, sys.stdin.read()) == ([""], "the text of the user")
