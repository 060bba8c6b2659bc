"""Common parts of models in this process: the weights of a recipe, and first guesses from its data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from standins import CapitalsSystem, Characters, Loaded, spans_of

from llms_meet_ner import LabelSet, LmnError, PromptSpec, Sentence
from llms_meet_ner.decoding.pretrained import FourBit, Weights
from llms_meet_ner.systems.local import recipe_precision, recipe_weights, training_guesser
from llms_meet_ner.systems.pieces import PIECE_TOKENS, WHOLE_TOKENS
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


@pytest.fixture
def remarking(monkeypatch: pytest.MonkeyPatch) -> Remarking:
    system = Remarking(window=40)
    monkeypatch.setattr("llms_meet_ner.systems.local.make_generator", lambda *_: system.generator)
    monkeypatch.setattr(system.generator, "prepare", lambda prompts: None, raising=False)
    monkeypatch.setattr("llms_meet_ner.systems.local.token_bound", lambda *_: 1)
    return system


def test_a_job_hands_on_the_remarks_and_reads_long_sentences_in_pieces_as_tagging_does(
    remarking: Remarking, caplog: pytest.LogCaptureFixture
) -> None:
    sentences = [Sentence("a", ("Ada", "left")), Sentence("b", ("Ada", "left") * 4), Sentence("c", ("left",))]
    job = remarking.prepare(sentences)
    assert job.remarks[0] == "look here"
    assert (
        "1 of 3 sentences are read in pieces, and an entity across a cut is lost or torn: b (2 pieces)"
        in job.remarks[1]
    )
    answers = job.answers()
    assert [remarking.read(answer, one).spans for answer, one in zip(answers, sentences)] == [
        spans_of(one.tokens) for one in sentences
    ]
    assert answers[1].text == " ".join(["[Ada | LOC] left"] * 4)
    assert [piece.tokens for piece in answers[1].pieces] == [4, 4]
    assert caplog.text == ""
    assert remarking.answer(sentences) == answers
    assert "'Ada left Ada left Ada left'... has 8 tokens and is read in 2 pieces" in caplog.text


def test_a_run_notes_the_layout_of_linear_layers_where_it_was_chosen(
    remarking: Remarking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a CPU alone; a note, because a run may go on with the other layout."""
    layer = torch.nn.Linear(2, 2)
    sentences = [Sentence("a", ("Ada", "left"))]
    for device, notes in (("cuda", {}), ("cpu", {"linear_layers": "plain"})):
        remarking.__dict__["_loaded"] = Loaded(Characters(), None, device=device, model=layer)
        assert remarking.prepare(sentences).notes == notes


def test_a_run_reads_longer_sentences_whole_than_tagging_does(remarking: Remarking) -> None:
    remarking.__dict__["_loaded"] = Loaded(Characters(), None)
    sentences = [Sentence("a", ("a",) * WHOLE_TOKENS), Sentence("b", ("b",) * (WHOLE_TOKENS + 1))]
    assert [len(answer.pieces) for answer in remarking.prepare(sentences).answers()] == [0, 3]
    assert [len(answer.pieces) for answer in remarking.answer(sentences)] == [2, 3]
    assert {len(tokens) for batch in remarking.generator.batches for tokens in batch} == {
        WHOLE_TOKENS,
        PIECE_TOKENS,
        171,
    }


def test_a_token_that_the_model_has_no_room_for_is_refused_in_a_run_and_left_out_of_a_text(
    remarking: Remarking, caplog: pytest.LogCaptureFixture
) -> None:
    sentences = [Sentence("a", ("Ada", "x" * 20, "left"))]
    with pytest.raises(LmnError) as raised:
        remarking.prepare(sentences)
    assert str(raised.value).startswith(
        "a: 'xxxxxxxxxxxxxxxxxxxx' has 20 tokens for the model, its prompt 25, and the model has room for 40 in all; take a model"
    )
    (answer,) = remarking.answer(sentences)
    assert remarking.read(answer, sentences[0]).spans == spans_of(("Ada", "x", "left"))
    assert "'xxxxxxxxxxxxxxxxxxxx'... is too long for the model" in caplog.text


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
