"""The folder that lmn-publish builds: nothing of the machine, and no file of others."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from publish_command import call, card_of
from publishing import BASE, Trained, trained

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
    for path in Path("outputs/tiny/hub").iterdir():
        content = path.read_bytes()
        assert not re.search(rb"/home/me|hf_ABC|x9y9z9", content), path
        assert str(workdir).encode() not in content, path
    _, text = card_of()
    left_out = "hf\\_hub\\_token, ms\\_hub\\_token, cache\\_dir, some\\_key, deepspeed"
    assert f"Left out because they concern one machine or account: {left_out}." in text
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
    assert "no adapter there; train it with llamafactory-cli train tiny.yaml" in call("--dry-run", code=1).output
