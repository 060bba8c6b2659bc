"""Recipes, and the entries and files of data sets that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.files import write_json
from llms_meet_ner.training.dataset_info import DatasetEntry, load_entry, read_sentences
from llms_meet_ner.training.recipe import ADAPTER_FILE, choose_recipe, find_recipe, load_recipe

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
        (RECIPE, ["seed"], r"'seed' is not an override; write key=value"),
        (RECIPE, ["seed=[1"], r"seed=\[1:1: not YAML"),
        (RECIPE, ["seed=0x_"], r"seed=0x_: not YAML"),
        (RECIPE, ["seed=" + "[" * 5000], r"not YAML: nested too deep"),
        (RECIPE + "x: 2024-13-45\n", [], r"r\.yaml: not YAML: month must be"),
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
    with pytest.raises(LmnError, match=r"several recipes have an adapter; .*: recipes/a\.yaml, recipes/more/b\.yaml"):
        find_recipe()


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


@pytest.mark.parametrize(
    "change",
    [
        {"file_name": 3}, {"lmn": []}, {"lmn": {"card": 1}}, {"lmn": {"prompt": {"format": ["x"]}}},
        {"lmn": {"prompt": {"nested": "false"}}}, {"lmn": {"prompt": {"labels": "x"}}}, {"lmn": {"prompt": {"labels": [3]}}}, {"lmn": {"prompt": 3}},
    ],
)  # fmt: skip
def test_a_damaged_data_set_entry_is_one_error(workdir: Path, change: dict[str, Any]) -> None:
    card = load_card("demo")
    spec = prompt_spec_of(card, "bracketed")
    entry = DatasetEntry("demo_train", "demo_train.json", "demo", "demo", "train", "none", spec).to_dict()
    lmn = change.get("lmn")
    if isinstance(lmn, dict):
        prompt = lmn.get("prompt")
        merged = {**entry["lmn"]["prompt"], **prompt} if isinstance(prompt, dict) else prompt
        change = {"lmn": {**entry["lmn"], **lmn, **({"prompt": merged} if "prompt" in lmn else {})}}
    write_json(workdir / "dataset_info.json", {"demo_train": {**entry, **change}})
    with pytest.raises(LmnError, match=r"dataset_info\.json: demo_train: not "):
        load_entry(workdir, "demo_train")


@pytest.mark.parametrize(
    "content",
    [
        '{"a": 1}',
        '[{"id": 1, "tokens": ["a"]}]',
        '[{"id": "a", "tokens": "John Smith"}]',
        '[{"id": "a", "tokens": []}]',
        "[3]",
    ],
)
def test_a_damaged_data_file_is_one_error(workdir: Path, content: str) -> None:
    entry = DatasetEntry("d", "d.json", "demo", "demo", "train", "none", prompt_spec_of(load_card("demo"), "bracketed"))
    (workdir / "d.json").write_text(content)
    with pytest.raises(LmnError, match=r"d\.json: .*write it again with lmn-convert"):
        list(read_sentences(workdir, entry))
