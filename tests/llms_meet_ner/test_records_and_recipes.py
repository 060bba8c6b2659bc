"""Files that commands read: recipes, prompt specs, JSON; and that what is written is whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from llms_meet_ner.data_converters import load_card, prompt_spec_of

from llms_meet_ner import LmnError, PromptSpec
from llms_meet_ner.files import atomic_write
from llms_meet_ner.recipe import ADAPTER_FILE, find_recipe, load_recipe

RECIPE = "model_name_or_path: m\ntemplate: qwen\ndataset: a_train, b_train\noutput_dir: outputs/{}\n"


def test_overrides_are_those_of_llamafactory(workdir: Path) -> None:
    (workdir / "r.yaml").write_text(RECIPE.format("r"))
    recipe = load_recipe(Path("r.yaml"), ["seed=7", "dataset_dir=d", "bf16=true"])
    assert (recipe.dataset, recipe.seed, str(recipe.dataset_dir), recipe.values["bf16"]) == ("a_train", 7, "d", True)


@pytest.mark.parametrize(
    ("content", "overrides", "message"),
    [
        (None, [], r"r\.yaml: no such recipe"),
        ("a: [", [], r"r\.yaml:\d: not YAML"),
        ("- a", [], r"r\.yaml:1: a recipe is a mapping"),
        ("model_name_or_path: m", [], r"the recipe lacks template, dataset, output_dir"),
        (RECIPE, ["seed"], r"'seed' is no override; write key=value"),
    ],
)
def test_bad_recipes(workdir: Path, content: str | None, overrides: list[str], message: str) -> None:
    if content is not None:
        (workdir / "r.yaml").write_text(content)
    with pytest.raises(LmnError, match=message):
        load_recipe(Path("r.yaml"), overrides)


def test_the_only_trained_recipe_is_found_and_several_are_listed(workdir: Path) -> None:
    (workdir / "recipes/more").mkdir(parents=True)
    for name in ("a", "more/b"):
        (workdir / f"recipes/{name}.yaml").write_text(RECIPE.format(name))
    with pytest.raises(
        LmnError, match=r"no recipe has a trained adapter yet; .*: recipes/a\.yaml \(outputs/a\), recipes/more/b\.yaml"
    ):
        find_recipe()
    for number, name in enumerate(("a", "more/b")):
        adapter = workdir / "outputs" / name / ADAPTER_FILE
        adapter.parent.mkdir(parents=True)
        adapter.touch()
        if number == 0:
            assert find_recipe().path == Path("recipes/a.yaml")
    with pytest.raises(LmnError, match=r"several recipes have an adapter; .*: recipes/a\.yaml, recipes/more/b\.yaml"):
        find_recipe()


def test_a_prompt_spec_survives_its_file_and_a_damaged_one_is_named(workdir: Path) -> None:
    spec = prompt_spec_of(load_card("germeval2014_nested"), "bracketed", "full", "system")
    path = workdir / "prompt_spec.json"
    spec.save(path)
    assert PromptSpec.load(path) == spec
    path.write_text('{"format": "bracketed"}')
    with pytest.raises(LmnError, match=r"prompt_spec\.json: not a prompt spec \(KeyError: "):
        PromptSpec.load(path)
    path.write_text('{"format": \n "br')
    with pytest.raises(LmnError, match=r"prompt_spec\.json:2: not JSON"):
        PromptSpec.load(path)


def test_an_interrupted_write_leaves_what_was_there(workdir: Path) -> None:
    path = workdir / "out.txt"
    path.write_text("before")

    def write_half() -> None:
        with atomic_write(path) as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "before"
    assert [entry.name for entry in workdir.iterdir()] == ["out.txt"]
