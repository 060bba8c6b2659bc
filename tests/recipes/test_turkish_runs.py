"""The six Turkish runs have the published values, and their recipes are what the table generates."""

import csv
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from generate import generate, main
from paths import ROOT

from llms_meet_ner import LmnError

FOLDER = ROOT / "recipes" / "turkish"
PUBLISHED = {
    1: ("google/gemma-3-1b-pt", 16, 16, 100, 1, 5e-5),
    2: ("google/gemma-2b", 16, 16, 2000, 1, 2e-5),
    3: ("google/gemma-3-4b-pt", 16, 16, 100, 1, 2e-4),
    4: ("google/gemma-3-1b-pt", 16, 16, 100, 2, 1e-4),
    5: ("google/gemma-3-4b-pt", 16, 16, 200, 1, 2e-5),
    6: ("google/gemma-3-4b-pt", 32, 64, 200, 1, 3e-5),
}
KEYS = ("model_name_or_path", "lora_rank", "lora_alpha", "max_steps", "num_train_epochs", "learning_rate")


def test_the_files_are_what_the_table_generates() -> None:
    generated = generate(FOLDER / "runs.csv")
    assert {path.name: path.read_text() for path in FOLDER.glob("run*.yaml")} == generated


def test_the_recipes_hold_the_published_values_in_four_bits() -> None:
    for run, values in PUBLISHED.items():
        text = (FOLDER / f"run{run}.yaml").read_text()
        recipe = yaml.safe_load(text)
        assert tuple(recipe[key] for key in KEYS) == values
        assert (recipe["quantization_method"], recipe["quantization_bit"]) == ("bnb", 4)
        assert text.count("# use_unsloth: true") == 1
        assert "use_unsloth" not in recipe
        assert recipe["dataset"] == "turkish_train"


def test_nothing_else_differs_between_them() -> None:
    recipes = [yaml.safe_load((FOLDER / f"run{run}.yaml").read_text()) for run in PUBLISHED]
    differing = {key for recipe in recipes for key in recipe if recipe[key] != recipes[0].get(key)}
    assert differing <= {*KEYS, "output_dir", "save_steps"}


def test_the_command_writes_what_differs_and_its_check_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "recipes" / "turkish"
    folder.mkdir(parents=True)
    (folder / "runs.csv").write_bytes((FOLDER / "runs.csv").read_bytes())
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, [])
    assert (result.exit_code, result.stdout.split()) == (0, [f"recipes/turkish/run{run}.yaml" for run in PUBLISHED])
    assert CliRunner().invoke(main, ["--check"]).exit_code == 0
    (folder / "run3.yaml").write_text("changed")
    result = CliRunner().invoke(main, ["--check"])
    assert result.exit_code == 1
    assert (
        "recipes/turkish/run3.yaml: differs from recipes/turkish/runs.csv; run python recipes/turkish/generate.py"
        in result.stderr
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,google/gemma-2b,16,16,100,1.0", "runs.csv:2: not one value for each column; write 7 values"),
        (
            "1,google/gemma-2b,16,16,many,1.0,1e-4",
            r"runs.csv:2: unknown model, or max_steps is not a number; models are .*; max_steps is a whole number",
        ),
        ("1,gemma,16,16,100,1.0,1e-4", "runs.csv:2: unknown model, or max_steps is not a number; models are"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    table = tmp_path / "runs.csv"
    with (FOLDER / "runs.csv").open() as file:
        head = next(csv.reader(file))
    table.write_text(f"{','.join(head)}\n{row}\n")
    with pytest.raises(LmnError, match=message):
        generate(table)
    table.write_text("run\n1\n")
    with pytest.raises(LmnError, match=r"runs\.csv:1: the columns are run; they must be"):
        generate(table)
