"""lmn-recipes: the list, the file, and copies that write over nothing."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result
from paths import ROOT

from llms_meet_ner.cli.recipes import main


def call(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def test_the_list_has_a_row_for_each_recipe(workdir: Path) -> None:
    lines = call().stdout.splitlines()
    assert lines == call("list").stdout.splitlines()
    assert lines[0].split() == ["recipe", "model", "data", "hardware"]
    rows = {line.split()[0]: line.rstrip().split(maxsplit=3)[1:] for line in lines[1:]}
    assert len(rows) == len(list((ROOT / "recipes").rglob("*.yaml")))
    assert rows["students/minilm_demo"] == ["models/minilm-l6-v2", "demo.short_train", "A CPU with two cores; 2 GB of memory."]  # fmt: skip
    assert rows["search/qwen25_conll"][:2] == rows["qwen25_conll"][:2] == ["Qwen/Qwen2.5-7B", "conll2003_train"]


def test_a_recipe_is_shown_as_it_is(workdir: Path) -> None:
    assert call("show", "turkish/run1").stdout == (ROOT / "recipes/turkish/run1.yaml").read_text(encoding="utf-8")
    assert call("show", "run1", code=1).stderr.startswith(
        "Error: run1: no packaged recipe of this name; did you mean turkish/run1"
    )


def test_a_copy_writes_over_nothing(workdir: Path) -> None:
    files = ["recipes/qwen25_conll_zero3.yaml", "recipes/deepspeed/zero3.json"]
    assert call("copy", "qwen25_conll_zero3").stdout.splitlines() == files
    assert all(Path(file).read_bytes() == (ROOT / file).read_bytes() for file in files)
    Path(files[0]).unlink()
    assert call("copy", "qwen25_conll_zero3").stdout.splitlines() == [files[0], f"{files[1]}: is there already"]
    Path(files[1]).write_text("mine")
    Path(files[0]).unlink()
    refused = call("copy", "qwen25_conll_zero3", code=1).stderr
    assert (
        refused
        == f"Error: {files[1]}: is there already, with other content; move it away, or name another folder with --out\n"
    )
    assert (Path(files[1]).read_text(), Path(files[0]).exists()) == ("mine", False)
    assert call("copy", "qwen25_conll_zero3", "--out", "mine").stdout.splitlines() == [file.replace("recipes", "mine") for file in files]  # fmt: skip
