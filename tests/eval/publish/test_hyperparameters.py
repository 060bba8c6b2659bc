"""The part of a recipe that is published: nothing of the machine, nothing secret, and still a recipe."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from llms_meet_ner import LmnError
from llms_meet_ner.eval.publish.hyperparameters import Hyperparameters, hyperparameters, training_keys, write_recipe
from llms_meet_ner.secret_shapes import is_secret_name
from llms_meet_ner.students.settings import StudentKeys
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


def test_keys_that_do_not_describe_the_training_are_named_without_their_values(workdir: Path) -> None:
    found = hyperparameters(
        recipe_with(
            report_to="wandb", hf_hub_token="abc", deepspeed="/home/me/ds.json", plot_loss=True, adapter="~/a", x="C:\\x", y="a/b",
            swanlab_lark_webhook_url="https://example.org/x", ray_init_kwargs={"runtime_env": {"env_vars": {"WANDB_API_KEY": "x"}}},
            packing=True,
        )
    )  # fmt: skip
    assert found.left_out == (
        "report_to", "hf_hub_token", "deepspeed", "plot_loss", "adapter", "x", "y", "swanlab_lark_webhook_url", "ray_init_kwargs",
    )  # fmt: skip
    assert found.values == {"template": "qwen", "dataset": "d", "packing": True}


@pytest.mark.parametrize(
    "value",
    ["a,/home/me/b", "file:///home/me/b", "~/x", {"a": ["C:\\x"]}, ["x", "/mnt/y"], {"hub_token": "x"}, {"a": {"b": "http://u:p@proxy"}},
     "beta=1,token=abc", ["hf_ABCDEFGHIJKLMNOPQR1"], {"hf_ABCDEFGHIJKLMNOPQR1": 1}],
)  # fmt: skip
def test_a_key_whose_value_is_of_the_machine_or_secret_is_left_out(workdir: Path, value: object) -> None:
    found = hyperparameters(recipe_with(optim_args=value))
    assert (found.left_out, "optim_args" in found.values) == (("optim_args",), False)


@pytest.mark.parametrize(
    "value", ["a,b", "q_proj,v_proj", {"num_cycles": 3}, ["a/b"], "(?:a|b)_proj", "recipes/deepspeed/zero2.json", 1e-4]
)
def test_other_values_stay(workdir: Path, value: object) -> None:
    assert hyperparameters(recipe_with(optim_args=value)).values["optim_args"] == value


def test_a_key_can_be_allowed_but_not_a_secret(workdir: Path) -> None:
    recipe = recipe_with(vllm_maxlen=4096, deepspeed="/opt/ds.json", hub_token="abc", note="sk-abcdefgh12345678")
    assert hyperparameters(recipe, ["vllm_maxlen", "deepspeed"]).values["deepspeed"] == "/opt/ds.json"
    assert hyperparameters(recipe, ["vllm_maxlen"]).left_out == ("deepspeed", "hub_token", "note")
    for key in ("hub_token", "note"):
        with pytest.raises(LmnError, match=f"^--allow {key}: its name or its value is that of a secret; leave it out$"):
            hyperparameters(recipe, [key])
    with pytest.raises(
        LmnError, match=r"^--allow nothing: the recipe has no such key; the keys of r.yaml can be allowed$"
    ):
        hyperparameters(recipe, ["nothing"])


def test_every_training_key_is_one_of_llamafactory() -> None:
    hparams = pytest.importorskip("llamafactory.hparams")
    known = {
        field.name
        for kind in ("ModelArguments", "DataArguments", "FinetuningArguments", "TrainingArguments")
        for field in fields(getattr(hparams, kind))
    }
    known |= {field.name for field in fields(StudentKeys)}
    assert training_keys() - known == {"group_by_length"}  # of earlier versions of transformers
    assert not [key for key in training_keys() if is_secret_name(key)]


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
