"""An adapter as what learns: trained by lmn-train, and unsure by its copy decoding."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from paths import DEMO
from tiny_training import TinyTraining

from llms_meet_ner.annotation.simulation.active import answers_of
from llms_meet_ner.annotation.simulation.active_data import Prompt, write_data
from llms_meet_ner.annotation.simulation.active_learners import AdapterRounds, learner_of
from llms_meet_ner.data_converters import load_card, read_corpus


@pytest.fixture
def recipe(workdir: Path, tiny: TinyTraining) -> Path:
    path = workdir / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny.recipe(Path("outputs/tiny"), cutoff_len=2048)))
    return path


def test_a_recipe_says_what_learns(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learner = learner_of(recipe, ["gradient_accumulation_steps=3"], load_card("demo"))
    assert isinstance(learner, AdapterRounds)
    assert (learner.is_student, learner.batch_size) == (False, 3)
    assert learner.described == {**learner.settings, "format": learner.prompt.format, "variant": learner.prompt.variant}
    assert learner.prompt == Prompt()
    assert "the prompt is the default, format" in capsys.readouterr().err
    card = load_card("demo")
    name = write_data(card, list(read_corpus(card, "testa"))[1:3], Path("data"), "two", Prompt("xml"))
    found = learner_of(recipe, [f"dataset={name}", "dataset_dir=data/alpaca"], card)
    assert found.prompt.format == found.described["format"] == "xml"
    assert capsys.readouterr().err == ""
    assert not {"dataset", "output_dir", "seed", "num_train_epochs"} & learner.settings.keys()


@pytest.mark.verify
def test_an_adapter_is_trained_and_goes_on_and_says_how_unsure_it_is(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llamafactory")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(DEMO.parents[2]), os.environ.get("PYTHONPATH", "")]))
    card = load_card("demo")
    sentences = [replace(one, id=f"x/{at}") for at, one in enumerate(read_corpus(card, "testa"))][:6]
    learner = learner_of(recipe, [], card)
    system = learner.train(sentences, Path("rounds/one"), steps=2, seed=1)
    found = [answer.uncertainty for answer in answers_of(system, sentences[:2])]
    assert all(one and one.choices and one.mean > 0 and (one.log_probability or 0) < 0 for one in found)
    learner.train(sentences, Path("rounds/two"), steps=1, seed=2, start=Path("rounds/one"))
    assert Path("rounds/two/adapter_model.safetensors").is_file()
