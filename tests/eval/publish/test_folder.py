"""The folder that lmn-publish builds: nothing of the machine, and no file of others."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from publish_command import call, card_of
from publishing import BASE, TEMPLATE, Trained, fake_adapter, trained
from safetensors.torch import load_file, save_file

from llms_meet_ner import LmnError
from llms_meet_ner.eval.publish.folder import BuildOptions, build
from llms_meet_ner.files import sha256_of
from llms_meet_ner.systems.base_model import BaseModel
from llms_meet_ner.systems.examples import Shots
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.recipe_adapter import RecipeAdapter
from llms_meet_ner.training.recipe import load_recipe


def test_nothing_of_the_machine_is_published(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    tiny = trained(
        workdir, base="/home/me/models/llama", dataset_dir="data/alpaca", hf_hub_token="hf_ABCDEFGHIJKLMNOPQRSTUVWX", ms_hub_token="x9y9z9",
        cache_dir="cache", deepspeed="/home/me/ds.json", some_key="hf_ABCDEFGHIJKLMNOPQRSTUVWX",
    )  # fmt: skip
    tiny.score()
    result = call("--dry-run", "--base-model", BASE, "output_dir=outputs/tiny")
    assert "Warning" not in result.output
    for path in (path for path in Path("outputs/tiny/hub").rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not re.search(rb"/home/me|hf_ABC|x9y9z9", content), path
        assert str(workdir).encode() not in content, path
    _, text = card_of()
    left_out = "hf\\_hub\\_token, ms\\_hub\\_token, cache\\_dir, deepspeed, some\\_key"
    assert f"left out, because they do not describe the training: {left_out}." in text
    assert f"left out: {left_out}; --allow KEY publishes one".replace("\\", "") in result.output
    published = load_recipe(Path("outputs/tiny/hub/recipe.yaml"))
    assert (published.model, published.output_dir, published.seed) == (BASE, Path("outputs/tiny"), 7)
    config = json.loads(Path("outputs/tiny/hub/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == BASE
    assert json.loads(Path("outputs/tiny/hub/tokenizer_config.json").read_text()) == {"eos_token": "</s>"}
    told = call("--dry-run", "hub_token=abc", code=1).output
    assert (
        told == "Error: hub_token=...: a token comes from HF_TOKEN or from `hf auth login`, and not from an argument\n"
    )


def test_a_folder_of_others_is_not_written_into(tiny: Trained) -> None:
    Path("mine").mkdir()
    Path("mine/README.md").write_text("mine")
    assert "mine: not empty, and not written by lmn-publish" in call("--dry-run", "--out", "mine", code=1).output
    assert Path("mine/README.md").read_text() == "mine"
    call("--dry-run", "--out", "ours")
    Path("ours/mine.txt").write_text("mine")
    (tiny.output / "trainer_log.jsonl").unlink()
    call("--dry-run", "--out", "ours")
    assert Path("ours/mine.txt").read_text() == "mine"
    assert not Path("ours/trainer_log.jsonl").exists()
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(".")) == []


def test_what_is_missing_is_told(tiny: Trained) -> None:
    assert call("learning_rate", code=1).output.startswith("Error: 'learning_rate' is not an override")
    assert "is no id" not in call("--dry-run", "--repo", "no-owner", code=1).output
    (tiny.output / "tokenizer_config.json").unlink()
    assert "training saves the tokenizer next to the adapter" in call("--dry-run", code=1).output
    (tiny.output / "adapter_model.safetensors").unlink()
    assert "no adapter there; train it with lmn-train tiny.yaml" in call("--dry-run", code=1).output


def test_weights_and_prompt_are_the_systems_and_the_log_is_the_trainings(tiny: Trained) -> None:
    checkpoint = tiny.output / "checkpoint-20"
    fake_adapter(checkpoint, BASE)
    other = replace(tiny.spec, template=replace(TEMPLATE, user=("# {{content}}\n",)))
    other.save(checkpoint / "prompt_spec.json")
    weights = checkpoint / "adapter_model.safetensors"
    data = load_file(weights)
    save_file({name: 2 * values for name, values in data.items()}, weights, metadata={"format": "pt"})
    training = load_recipe(tiny.recipe)
    system = RecipeAdapter(training, SystemOptions(), checkpoint)
    built = build(system, training, BuildOptions("me/tiny", keep_float32=True), Path("out"))
    assert built.published.spec == other
    assert built.published.weights.trained_sha256 == system.facts.adapter_sha256 == sha256_of(weights)
    assert Path("out/trainer_log.jsonl").read_bytes() == (tiny.output / "trainer_log.jsonl").read_bytes()


def test_only_an_adapter_is_published(tiny: Trained) -> None:
    training = load_recipe(tiny.recipe)
    untrained = BaseModel(training, SystemOptions(shots=Shots(0)), Shots(0))
    with pytest.raises(LmnError, match=f"^{BASE}: a model without an adapter, and only adapters are published$"):
        build(untrained, training, BuildOptions("me/tiny"), Path("out"))
