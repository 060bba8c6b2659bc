"""The adapter of a recipe: what is refused and remarked before a model is loaded, and when its prompt is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from llms_meet_ner import PromptSpec, Sentence
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.prompting.spec import PROMPT_SPEC_FILE
from llms_meet_ner.systems.local import LocalSystem
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.recipe_adapter import RecipeAdapter
from llms_meet_ner.systems.system import Job
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


def test_another_prompt_than_the_old_adapters_is_a_remark_of_the_run(recipe: Recipe) -> None:
    assert continued_differences(recipe) == []  # nothing known of the old adapter
    old = recipe.train_entry().spec
    old.save(Path("old") / PROMPT_SPEC_FILE)
    assert continued_differences(recipe) == []
    replace(old, instruction="Another.", variant="full").save(Path("old") / PROMPT_SPEC_FILE)
    assert continued_differences(recipe) == ["variant", "instruction"]
    assert RecipeAdapter(recipe, SystemOptions()).remarks() == (
        "old: training continued this adapter with another variant, instruction; the new prompt is taken",
    )


def test_only_a_run_leaves_the_prompt_next_to_the_adapter(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(recipe.train_entry().spec, instruction="Another.").save(Path("old") / PROMPT_SPEC_FILE)
    Path("new").mkdir()
    Path("new/adapter_model.safetensors").write_bytes(b"")
    capsys.readouterr()
    system = RecipeAdapter(recipe, SystemOptions())
    prompt = system.full_prompt()
    assert system.stamp()["prompt"] == prompt.to_dict()
    assert len(system.sha256) == 64
    assert capsys.readouterr() == ("", "")
    assert [path.name for path in Path("new").iterdir()] == ["adapter_model.safetensors"]

    def no_further(self: LocalSystem, sentences: Sequence[Sentence]) -> Job:
        return Job([], lambda batch: [])

    monkeypatch.setattr(LocalSystem, "prepare", no_further)
    system.prepare([])
    assert PromptSpec.load(Path("new") / PROMPT_SPEC_FILE) == prompt
