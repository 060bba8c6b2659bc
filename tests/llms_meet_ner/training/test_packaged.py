"""Packaged recipes: found by name from anywhere, never instead of a file, with their DeepSpeed configurations."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from paths import ROOT

from llms_meet_ner import LmnError
from llms_meet_ner.launching.arguments import training_arguments
from llms_meet_ner.training.packaged import (
    FOLDER,
    copies_of,
    found_file,
    packaged_file,
    packaged_names,
    resolve_recipe,
    sentence_on_hardware,
)
from llms_meet_ner.training.recipe import ADAPTER_FILE, find_recipe, load_recipe, packaged_recipes

FILES = {path.relative_to(ROOT / "recipes").as_posix() for path in (ROOT / "recipes").rglob("*") if path.suffix in {".yaml", ".json"}}  # fmt: skip


def test_every_recipe_of_the_checkout_is_packaged() -> None:
    names = {name.removesuffix(".yaml") for name in FILES if name.endswith(".yaml")}
    assert set(packaged_names()) == names
    assert {recipe.path.as_posix() for recipe in packaged_recipes()} == {
        name for name in names if "search/" not in name
    }


@pytest.mark.parametrize("given", ["students/minilm_demo", "recipes/students/minilm_demo.yaml"])
def test_a_name_or_its_path_in_a_checkout_is_a_packaged_recipe_unless_it_is_a_file(given: str, workdir: Path) -> None:
    recipe = load_recipe(Path(given))
    assert (recipe.path, recipe.file) == (Path("students/minilm_demo"), FOLDER / "students/minilm_demo.yaml")
    Path(given).mkdir(parents=True)  # a folder is no recipe
    assert load_recipe(Path(given)).path == Path("students/minilm_demo")
    Path(given).rmdir()
    Path(given).write_text("model_name_or_path: m\ntemplate: t\ndataset: d\noutput_dir: mine\n")
    recipe = load_recipe(Path(given))
    assert (recipe.path, recipe.file, recipe.name) == (Path(given), Path(given), "mine")


def test_it_is_called_by_its_name_again(workdir: Path) -> None:
    name = load_recipe(Path("recipes/qwen25_conll.yaml")).path
    assert load_recipe(name).path == name == Path("qwen25_conll")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("qwen25_conl", r"did you mean qwen25_conll or .*\? lmn-recipes lists the packaged recipes"),
        ("recipes/qwen25_conl.yaml", "did you mean qwen25_conll or "),
        ("minilm_demo", r"did you mean students/minilm_demo\?"),
        ("../there/mine.yaml", "name a YAML file, or a packaged recipe that lmn-recipes lists$"),
        ("/recipes/qwen25_conll.yaml", ""),
        ("recipes/../recipes/qwen25_conll.yaml", ""),
        ("qwen25_conll.yaml", "did you mean qwen25_conll or"),
        ("a\0b", ""),
        ("x" * 300, ""),
    ],
)
def test_another_name_is_an_error_with_the_nearest_names(given: str, meant: str, workdir: Path) -> None:
    with pytest.raises(LmnError, match=meant):
        load_recipe(Path(given))


@pytest.mark.parametrize("name", ["qwen25_conll_zero2", "qwen25_conll_zero3"])
def test_llama_factory_gets_the_packaged_file_and_its_deepspeed_configuration(name: str, workdir: Path) -> None:
    stage = f"deepspeed/{name.rpartition('_')[2]}.json"
    assert training_arguments(Path(name), ["seed=7"]).values["deepspeed"] == str(FOLDER / stage)
    assert training_arguments(Path(name), ["seed=7"]).values["seed"] == 7
    mine = workdir / "recipes" / stage
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    assert training_arguments(Path(name), []).values["deepspeed"] == f"recipes/{stage}"


def test_only_what_lies_in_the_package_is_found_there(workdir: Path) -> None:
    for value in (
        "recipes/deepspeed/none.json",
        "deepspeed/zero2.json",
        "recipes/../recipes/deepspeed/zero2.json",
        "x",
        "",
    ):
        assert found_file(value) == value
    assert Path(found_file("recipes/deepspeed/zero2.json")).is_file()


def test_a_trained_packaged_recipe_is_found_without_its_name_unless_another_has_its_output(workdir: Path) -> None:
    with pytest.raises(LmnError, match="no recipe there"):
        find_recipe()
    adapter = Path("outputs/genia") / ADAPTER_FILE
    adapter.parent.mkdir(parents=True)
    adapter.touch()
    assert find_recipe().path == Path("genia")
    Path("recipes").mkdir()
    Path("recipes/mine.yaml").write_text("model_name_or_path: m\ntemplate: t\ndataset: d\noutput_dir: outputs/genia\n")
    assert find_recipe().path == Path("recipes/mine.yaml")


def test_a_copy_names_its_copies(workdir: Path) -> None:
    copies = copies_of("qwen25_conll_zero2", Path("mine"))
    assert list(copies) == [Path("mine/qwen25_conll_zero2.yaml"), Path("mine/deepspeed/zero2.json")]
    text = copies[Path("mine/qwen25_conll_zero2.yaml")]
    assert yaml.safe_load(text)["deepspeed"] == "mine/deepspeed/zero2.json"
    assert "lmn-train mine/qwen25_conll_zero2.yaml\n" in text
    assert "recipes/qwen25_conll_zero2" not in text
    search = copies_of("search/qwen25_conll", Path("recipes"))
    assert search == {Path("recipes") / name: (ROOT / "recipes" / name).read_text() for name in ("search/qwen25_conll.yaml", "qwen25_conll.yaml")}  # fmt: skip
    with pytest.raises(LmnError, match=r"^genja: no packaged recipe of this name; did you mean genia\?"):
        copies_of("genja", Path("recipes"))


def test_every_header_says_in_a_sentence_which_hardware_is_needed() -> None:
    told = {name: sentence_on_hardware(packaged_file(name).read_text(encoding="utf-8")) for name in packaged_names()}
    assert told["qwen25_conll"] == "One GPU with bfloat16 and 40 GB."
    assert told["continue_domain"] == "The same as for qwen25_conll."
    assert all(sentence.endswith(".") for sentence in told.values())
    assert sentence_on_hardware("# Hardware\n") == sentence_on_hardware("a: b\n") == ""


def test_a_search_is_found_by_name_with_its_recipe(workdir: Path) -> None:
    from llms_meet_ner.eval.studies.search_plan import load_plan

    plan = load_plan(Path("search/qwen25_conll"))
    assert (plan.path, plan.recipe.path) == (Path("search/qwen25_conll"), Path("qwen25_conll"))
    assert plan.out == Path("outputs/search_qwen25_conll")
    with pytest.raises(LmnError, match=r"^search/qwen: no such file; did you mean search/qwen25_conll\?"):
        load_plan(Path("search/qwen"))
    assert resolve_recipe(Path("search/qwen")) == (Path("search/qwen"), Path("search/qwen"))
