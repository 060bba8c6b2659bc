"""The adapter of a recipe: what is refused and told before a model is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from llms_meet_ner import LmnError
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.prompting.spec import PROMPT_SPEC_FILE
from llms_meet_ner.training.recipe import Recipe, continued_differences, load_recipe


@pytest.fixture
def recipe(workdir: Path) -> Recipe:
    """A recipe that goes on with the adapter in old/, with its data."""
    result = CliRunner().invoke(lmn_convert, ["demo", "--variant", "short"])
    assert result.exit_code == 0, result.output
    keys = {
        "model_name_or_path": "base", "template": "alpaca", "adapter_name_or_path": "old", "dataset": "demo.short_train",
        "dataset_dir": "data/alpaca", "output_dir": "new",
    }  # fmt: skip
    Path("recipe.yaml").write_text(yaml.safe_dump(keys))
    return load_recipe(Path("recipe.yaml"))


def test_lmn_predict_refuses_it_before_it_loads_a_model(recipe: Recipe) -> None:
    Path("new").mkdir()
    Path("new/adapter_model.safetensors").write_bytes(b"")
    words = ["--recipe", "recipe.yaml", "--split", "testb", "create_new_adapter=true"]
    result = CliRunner().invoke(lmn_predict, words)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: recipe.yaml: adapter_name_or_path comes with create_new_adapter")


def test_another_prompt_than_the_old_adapters_is_told(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_further(*_: object) -> None:
        raise LmnError("stop")

    monkeypatch.setattr("llms_meet_ner.systems.recipe_adapter.recipe_prompt", no_further)
    assert continued_differences(recipe) == []  # nothing known of the old adapter
    old = recipe.train_entry().spec
    old.save(Path("old") / PROMPT_SPEC_FILE)
    assert continued_differences(recipe) == []
    replace(old, instruction="Another.", variant="full").save(Path("old") / PROMPT_SPEC_FILE)
    assert continued_differences(recipe) == ["variant", "instruction"]
    Path("new").mkdir()
    Path("new/adapter_model.safetensors").write_bytes(b"")
    result = CliRunner().invoke(lmn_predict, ["--recipe", "recipe.yaml", "--split", "testb", "--restart"])
    assert (
        "old: training continued this adapter with another variant, instruction; the new prompt is taken"
        in result.stderr
    )
