"""The system that a recipe and its options choose, without loading anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.students.student_file import StudentFile
from llms_meet_ner.systems.base_model import BaseModel
from llms_meet_ner.systems.choosing import answer_kind, recipe_system
from llms_meet_ner.systems.examples import Shots
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.recipe_adapter import RecipeAdapter
from llms_meet_ner.systems.served_model import ServedModel
from llms_meet_ner.systems.server import ServerOptions
from llms_meet_ner.systems.student import Student, StudentPlace
from llms_meet_ner.training.recipe import Recipe, load_recipe

SERVER = ServerOptions(model="tuned")


@pytest.fixture
def recipe(workdir: Path) -> Recipe:
    """A recipe whose model is nowhere, with its data and an adapter."""
    assert CliRunner().invoke(lmn_convert, ["demo", "--variant", "short"]).exit_code == 0
    keys = {"model_name_or_path": "no/where", "template": "alpaca", "dataset": "demo.short_train", "seed": 5}
    Path("r.yaml").write_text(yaml.safe_dump({**keys, "dataset_dir": "data/alpaca", "output_dir": "outputs/r"}))
    Path("outputs/r/checkpoint-3").mkdir(parents=True)
    for folder in ("outputs/r", "outputs/r/checkpoint-3"):
        Path(folder, "adapter_model.safetensors").write_text(folder)
    return load_recipe(Path("r.yaml"))


@pytest.mark.parametrize(
    ("options", "kind", "name", "run_name"),
    [
        (SystemOptions(), RecipeAdapter, "r", "constrained"),
        (SystemOptions("free"), RecipeAdapter, "r", "free"),
        (SystemOptions(shots=Shots()), BaseModel, "no/where", "constrained-untrained"),
        (SystemOptions("free", shots=Shots(2, "covering", 7)), BaseModel, "no/where", "free-shots2-covering-seed7"),
        (SystemOptions(server=SERVER), ServedModel, "tuned", "free-openai"),
        (SystemOptions(server=SERVER, shots=Shots(1, "nearest")), ServedModel, "tuned", "free-openai-shots1-nearest"),
    ],
)  # fmt: skip
def test_the_options_choose_the_system(
    recipe: Recipe, options: SystemOptions, kind: type, name: str, run_name: str
) -> None:
    system = recipe_system(recipe, options)
    assert type(system) is kind
    assert (system.name, system.run_name, system.results_folder) == (name, run_name, Path("outputs/r"))
    assert system.prompt == recipe.train_entry().spec
    assert (system.facts.model, system.facts.recipe, system.facts.seed) == ("no/where", Path("r.yaml"), 5)
    assert (system.facts.adapter_sha256 is None) == (kind is not RecipeAdapter)


def test_a_checkpoint_has_the_results_folder_of_its_recipe(recipe: Recipe) -> None:
    final, checkpoint = (
        recipe_system(recipe, SystemOptions(), folder) for folder in (None, Path("outputs/r/checkpoint-3"))
    )
    assert checkpoint.results_folder == final.results_folder
    assert checkpoint.facts.adapter_sha256 != final.facts.adapter_sha256
    Path("outputs/r/adapter_model.safetensors").unlink()
    with pytest.raises(LmnError, match=r"^outputs/r/adapter_model\.safetensors: no adapter there; train it with"):
        final.stamp()
    with pytest.raises(
        LmnError, match="the adapter that made the predictions is gone; --predictions scores the file as it is"
    ):
        final.differences({}, [])


def test_nothing_is_loaded_or_asked_to_name_a_run(recipe: Recipe) -> None:
    code = (
        "import sys; from pathlib import Path; from llms_meet_ner.systems.choosing import recipe_system; "
        "from llms_meet_ner.systems.options import SystemOptions; from llms_meet_ner.systems.server import ServerOptions; "
        "from llms_meet_ner.training.recipe import load_recipe; recipe = load_recipe(Path('r.yaml')); "
        "names = [recipe_system(recipe, SystemOptions(server=server)).run_name for server in (None, ServerOptions('http://x/v1'))]; "
        "sys.exit(bool({'torch', 'transformers', 'openai', 'llamafactory'} & set(sys.modules)) or names != ['constrained', 'free-openai'])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_student_answers_flat_with_its_labels(tmp_path: Path) -> None:
    labels = LabelSet.of("A", "B")
    StudentFile(labels, "linear", 32, 8, "", True, "c", ("d",), "base", "r.yaml", 1).save(tmp_path)
    student = Student(StudentPlace("s", tmp_path, tmp_path), SystemOptions())
    assert answer_kind(student) == (labels, False, "")
