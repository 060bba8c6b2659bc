"""The part of a recipe that is published: nothing of the machine, nothing secret, and still a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from llms_meet_ner.eval.publish.hyperparameters import Hyperparameters, hyperparameters, is_secret, write_recipe
from llms_meet_ner.training.recipe import Recipe, load_recipe

KEYS = {"model_name_or_path": "/models/llama", "template": "qwen", "dataset": "d", "output_dir": "outputs/run 1"}


def recipe_with(**changes: Any) -> Recipe:
    Path("r.yaml").write_text(yaml.safe_dump({**KEYS, **changes}, sort_keys=False))
    return load_recipe(Path("r.yaml"))


def test_values_stay_in_order_and_folders_are_left_out_without_a_word(workdir: Path) -> None:
    found = hyperparameters(recipe_with(learning_rate=1e-4, dataset_dir="data/x", seed=3, bf16=True, lora_target="all"))
    assert found == Hyperparameters(
        {"template": "qwen", "dataset": "d", "learning_rate": 1e-4, "seed": 3, "bf16": True, "lora_target": "all"}, ()
    )
    assert list(found.values) == ["template", "dataset", "learning_rate", "seed", "bf16", "lora_target"]


def test_what_concerns_one_machine_or_account_is_named_without_its_value(workdir: Path) -> None:
    found = hyperparameters(
        recipe_with(report_to="wandb", hf_hub_token="abc", deepspeed="/home/me/ds.json", plot_loss=True, adapter="~/a", x="C:\\x", y="a/b")
    )  # fmt: skip
    assert found.left_out == ("report_to", "hf_hub_token", "plot_loss", "deepspeed", "adapter", "x")
    assert found.values == {"template": "qwen", "dataset": "d", "y": "a/b"}


@pytest.mark.parametrize(
    ("key", "value", "secret"),
    [
        ("hub_token", None, True), ("TOKEN", "x", True), ("my_secret", 1, True), ("api_key", "x", True), ("some_apikey", "x", True),
        ("credentials", "x", True), ("wandb_password", "x", True), ("note", "see hf_ABCDEFGHIJKLMNOPQR", True),
        ("max_new_tokens", 3, False), ("tokenizer", "x", False), ("note", "hf_short", False), ("secretary", "x", False), ("bostoken", "x", False),
        ("lora_target", ["q_proj"], False), ("notes", ["hf_ABCDEFGHIJKLMNOPQR"], True),
    ],
)  # fmt: skip
def test_secrets_are_known_by_their_key_or_their_value(key: str, value: object, secret: bool) -> None:
    assert is_secret(key, value) == secret


@pytest.mark.parametrize(
    ("data", "published"), [("my data", "my data"), ("/mnt/data", "data/alpaca"), ("~/data", "data/alpaca")]
)
def test_the_published_recipe_can_be_run_by_others(workdir: Path, data: str, published: str) -> None:
    recipe = recipe_with(dataset_dir=data, learning_rate=1e-5, hub_token="abc", lora_target="ü")
    write_recipe(Path("out/recipe.yaml"), recipe, "someone/llama")
    text = Path("out/recipe.yaml").read_text("utf-8")
    assert text.startswith("# ")
    assert "abc" not in text
    assert "lora_target: ü" in text
    found = load_recipe(Path("out/recipe.yaml"))
    assert found.values == {
        "model_name_or_path": "someone/llama", "template": "qwen", "dataset": "d", "learning_rate": 1e-5, "lora_target": "ü",
        "dataset_dir": published, "output_dir": "outputs/run 1",
    }  # fmt: skip
    assert next(iter(found.values)) == "model_name_or_path"
