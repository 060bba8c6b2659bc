"""Recipes: overrides, what is refused, which one is found, and the prompt of an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from converting import run
from paths import CONLL

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.prompting.spec import PROMPT_SPEC_FILE
from llms_meet_ner.training.dataset_info import names_of
from llms_meet_ner.training.recipe import ADAPTER_FILE, Recipe, choose_recipe, find_recipe, known_prompt, load_recipe

RECIPE = "model_name_or_path: m\ntemplate: qwen\ndataset: a_train, b_train\noutput_dir: outputs/{}\n"


def test_overrides_are_those_of_llamafactory(workdir: Path) -> None:
    (workdir / "r.yaml").write_text(RECIPE.format("r"))
    recipe = load_recipe(Path("r.yaml"), ["seed=7", "dataset_dir=d", "bf16=true"])
    assert (recipe.dataset, recipe.seed, str(recipe.dataset_dir), recipe.values["bf16"]) == ("a_train", 7, "d", True)


def test_a_learning_rate_with_an_exponent_is_a_number_in_the_file_and_on_the_command_line(workdir: Path) -> None:
    (workdir / "r.yaml").write_text(RECIPE.format("r") + "learning_rate: 1e-4\nweight_decay: '1e-2'\n")
    recipe = load_recipe(Path("r.yaml"), ["warmup_steps=1E-1"])
    values = [recipe.values[key] for key in ("learning_rate", "weight_decay", "warmup_steps")]
    assert values == [0.0001, "1e-2", 0.1], "text in quotes stays text"


def test_data_sets_are_named_by_words_between_commas_or_by_a_list(workdir: Path) -> None:
    assert names_of(["a", "b "]) == names_of("a, b,") == ("a", "b")
    assert names_of(None) == names_of(" , ") == ()
    run("demo")
    data = Path("data/alpaca/demo_testa.json")
    data.write_text(data.read_text().replace("PER", "LOC", 1))
    (workdir / "r.yaml").write_text(RECIPE.format("r") + "dataset_dir: data/alpaca\n")
    for word in ("eval_dataset=demo_train,demo_testa", "eval_dataset=[demo_train, demo_testa]"):
        with pytest.raises(LmnError, match=r"demo_testa\.json: not the file that dataset_info\.json describes"):
            load_recipe(Path("r.yaml"), [word]).check_data()
        assert load_recipe(Path("r.yaml"), [word]).eval_dataset == "demo_train"


@pytest.mark.parametrize(
    ("content", "overrides", "message"),
    [
        (None, [], r"^r\.yaml: no such file; name a YAML file, or a packaged recipe that lmn-recipes lists$"),
        ("a: [", [], r"r\.yaml:\d: not YAML"),
        ("- a", [], r"r\.yaml:1: a recipe is a mapping"),
        ("model_name_or_path: m", [], r"the recipe lacks template, dataset, output_dir"),
        (RECIPE, ["seed"], r"'seed' is not an override; write key=value"),
        (RECIPE, ["seed=[1"], r"seed=\[1:1: not YAML"),
        (RECIPE, ["seed=0x_"], r"seed=0x_: not YAML"),
        (RECIPE, ["seed=" + "[" * 5000], r"not YAML: nested too deep"),
        (RECIPE, ["seed=x"], r"r\.yaml: seed is 'x', and not a whole number"),
        (RECIPE, ["output_dir=7"], r"r\.yaml: output_dir is 7, and not a word"),
        (RECIPE, ["dataset_dir="], r"r\.yaml: dataset_dir is None, and not a word"),
        ("a: \x07", [], r"r\.yaml: not YAML"),
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
    with pytest.raises(
        LmnError, match=r"recipes: several recipes have an adapter; name one with --recipe FILE: .*recipes/a\.yaml"
    ):
        find_recipe()


def test_a_student_is_taken_without_its_name_only_where_no_adapter_is(workdir: Path) -> None:
    (workdir / "recipes/students").mkdir(parents=True)
    (workdir / "recipes/a.yaml").write_text(RECIPE.format("a"))
    student = "task: token-classification\nmodel_name_or_path: m\ndataset: d\noutput_dir: outputs/s\n"
    (workdir / "recipes/students/s.yaml").write_text(student)
    for name in ("s/model.safetensors", f"a/{ADAPTER_FILE}"):
        path = workdir / "outputs" / name
        path.parent.mkdir(parents=True)
        path.touch()
        assert find_recipe().output_dir == Path("outputs") / name[0]
    assert find_recipe().is_student is False
    with pytest.raises(LmnError, match="task is None; task: token-classification trains an encoder student"):
        load_recipe(Path("recipes/students/s.yaml"), ["task=null"])


def test_a_long_list_of_recipes_is_cut(workdir: Path) -> None:
    (workdir / "recipes").mkdir()
    for number in range(8):
        (workdir / f"recipes/{number}.yaml").write_text(RECIPE.format(number))
    names = ", ".join(f"recipes/{number}.yaml (outputs/{number})" for number in range(5))
    with pytest.raises(LmnError) as caught:
        find_recipe()
    assert caught.value.remedy == f"train one, or name one with --recipe FILE: {names} and 3 more"


def test_the_likely_recipe_comes_first(workdir: Path) -> None:
    (workdir / "recipes").mkdir()
    for number in range(20):
        text = RECIPE.format(number).replace("dataset: ", f"dataset_dir: data/{number}\ndataset: ")
        (workdir / f"recipes/{number:02}.yaml").write_text(text)

    def told() -> str:
        with pytest.raises(LmnError) as caught:
            choose_recipe(None, split="testb")
        return str(caught.value.remedy).removeprefix("train one, or name one with --recipe FILE: ")

    assert told().startswith("recipes/00.yaml (outputs/0), ")
    (workdir / "outputs/13").mkdir(parents=True)
    assert told().startswith(
        "most likely the first, for its output is the newest: recipes/13.yaml (outputs/13), recipes/00"
    )
    run("conll2003", "--source", CONLL, "--split", "train", "--out", "data/7")
    info = workdir / "data/7/dataset_info.json"
    info.write_text(
        info.read_text().replace('conll2003_train": {', f'{load_recipe(Path("recipes/07.yaml")).dataset}": {{')
    )
    assert told().startswith("most likely the first, for its data set was converted: recipes/07.yaml")
    run("conll2003", "--source", CONLL, "--split", "testb", "--out", "data/7")
    assert told().startswith("most likely the first, for its corpus was converted with that split: recipes/07.yaml")
    (workdir / "outputs/5/checkpoint-3").mkdir(parents=True)
    (workdir / "outputs/5/checkpoint-3" / ADAPTER_FILE).touch()
    assert told().startswith("most likely the first, for its output folder holds checkpoints: recipes/05.yaml")
    assert told().endswith(" and 15 more")


def test_a_folder_is_not_a_recipe(workdir: Path) -> None:
    (workdir / "recipes").mkdir()
    with pytest.raises(
        LmnError, match=r"^recipes: cannot be read \(Is a directory\); name a YAML file, or a packaged recipe"
    ):
        load_recipe(Path("recipes"))


def test_one_bad_file_among_the_recipes_hides_no_good_one_and_overrides_need_a_recipe(workdir: Path) -> None:
    (workdir / "recipes").mkdir()
    (workdir / "recipes/a.yaml").write_text(RECIPE.format("a"))
    (workdir / "recipes/b.yaml").write_bytes(b"\xff\xfe")
    (workdir / "recipes/c.yaml").write_text(RECIPE.replace("outputs/{}", "3"))
    (workdir / "outputs/a").mkdir(parents=True)
    (workdir / "outputs/a" / ADAPTER_FILE).touch()
    assert choose_recipe(None).path == Path("recipes/a.yaml")
    with pytest.raises(LmnError, match=r"seed=3: KEY=VALUE overrides a key of a recipe; name the recipe with --recipe"):
        choose_recipe(None, ["seed=3"])


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


def test_an_adapter_that_goes_on_alone_is_taken(recipe: Recipe) -> None:
    assert recipe.continued == Path("old")
    assert known_prompt(recipe, Path("new")) == recipe.train_entry().spec


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"create_new_adapter": True}, "comes with create_new_adapter"),
        ({"adapter_name_or_path": "old,older"}, "names several adapters"),
    ],
)
def test_an_adapter_on_top_of_merged_ones_is_refused(recipe: Recipe, changes: Mapping[str, object], what: str) -> None:
    changed = replace(recipe, values={**recipe.values, **changes})
    with pytest.raises(
        LmnError, match=f"recipe.yaml: adapter_name_or_path {what}: .* or merge with llamafactory-cli export first"
    ):
        known_prompt(changed, Path("new"))
    assert known_prompt(changed, None) == recipe.train_entry().spec  # without the adapter nothing is amiss


def test_before_training_the_old_adapter_refuses_another_prompt(recipe: Recipe) -> None:
    old = recipe.train_entry().spec
    replace(old, instruction="Another.").save(Path("old") / PROMPT_SPEC_FILE)
    with pytest.raises(LmnError, match=r"old/prompt_spec\.json: the adapter was trained with another instruction"):
        known_prompt(recipe, Path("old"))
