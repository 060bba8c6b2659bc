"""The command `lmn-convert init`: from an export to data, recipe and scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from converting import run

from llms_meet_ner.training.recipe import load_recipe

NAMES = ("Ann Lee", "Bo", "Cy", "Dee")


def export(path: Path, count: int = 40) -> None:
    """Write an export of Prodigy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        name = NAMES[number % 4]
        text = f"{name} wrote the letter {number} and it is on the table of the house."
        span = {"start": 0, "end": len(name), "label": "PER", "token_start": 0, "token_end": len(name.split()) - 1}
        rows.append({"text": text, "spans": [span], "_input_hash": number, "_task_hash": number, "answer": "accept"})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_from_an_export_to_a_training_in_four_commands(workdir: Path) -> None:
    parser = pytest.importorskip("llamafactory.hparams.parser")
    export(workdir / "exports/letters.jsonl")
    done = run("init", "exports/letters.jsonl", "--recipe", "--cpu")
    assert done.stdout.endswith(
        "next:\n  lmn-convert exports\n  lmn-train recipes/letters.yaml\n"
        "  lmn-eval --recipe recipes/letters.yaml --split test\n"
    )
    run("exports")
    recipe = load_recipe(Path("recipes/letters.yaml"))
    recipe.check_data()
    assert recipe.train_entry().corpus == "letters"
    assert recipe.dev_entry().split == "dev"
    _, data, training, _, _ = parser.get_train_args(dict(recipe.values))
    assert data.dataset == ["letters_train"]
    assert training.use_cpu
    sizes = {
        split: len(json.loads(Path(f"data/alpaca/letters_{split}.json").read_text()))
        for split in ("train", "dev", "test")
    }
    assert sizes == {"train": 32, "dev": 4, "test": 4}
    assert recipe.values["save_steps"] == recipe.values["eval_steps"] == 4


def test_every_guess_is_printed_with_how_sure_it_is(workdir: Path) -> None:
    export(workdir / "a.jsonl")
    lines = run("init", "a.jsonl").stdout.splitlines()
    table = {line.split()[0]: line for line in lines[1:4]}
    assert " prodigy " in table["layout"]
    assert " sure " in table["layout"]
    assert " guess " in table["language"]
    assert "drawn at random with seed 42" in table["splits"]
    assert any(line.split() == ["PER", "40"] for line in lines)
    assert "card: card.yaml (fill in the definitions of the labels, which a model reads)" in lines
    assert not Path("recipes").exists()
    card = Path("card.yaml").read_text()
    assert "# - layout: prodigy (sure: " in card
    assert 'definition: "" # say in one line what counts as PER' in card


def test_a_recipe_for_a_small_gpu_is_read_by_the_trainer(workdir: Path) -> None:
    parser = pytest.importorskip("llamafactory.hparams.parser")
    export(workdir / "exports/letters.jsonl")
    run("init", "exports/letters.jsonl", "--recipe", "--qlora")
    text = Path("recipes/letters.yaml").read_text()
    assert "pip install -e '.[train,qlora]'" in text
    assert "\n#   For a GPU without bfloat16 (T4, V100), train with the keys bf16=false fp16=true.\n" in text
    values = dict(load_recipe(Path("recipes/letters.yaml")).values)
    model, _, _, tuning, _ = parser.get_train_args({**values, "bf16": False, "use_cpu": True})
    assert (model.quantization_bit, tuning.lora_rank) == (4, 64)
    assert "--qlora needs a GPU" in run("init", "exports", "--recipe", "--qlora", "--cpu", code=2).stderr


@pytest.mark.parametrize("words", [["--qlora"], ["--cpu"], ["--model", "Qwen/Qwen2.5-7B"], ["--template", "qwen"]])
def test_what_a_recipe_says_is_refused_without_one(workdir: Path, words: list[str]) -> None:
    export(workdir / "a.jsonl")
    refused = run("init", "a.jsonl", *words, code=2).stderr
    assert f"{words[0]} is about a recipe: add --recipe to write one" in " ".join(refused.split())
    assert not Path("card.yaml").exists()
    run("init", "a.jsonl", "--recipe-file", "r.yaml", *words)
    assert Path("r.yaml").exists()


def test_a_card_that_is_there_is_not_written_over(workdir: Path) -> None:
    export(workdir / "a.jsonl")
    (workdir / "card.yaml").write_text("mine")
    error = run("init", "a.jsonl", code=1).stderr
    assert (
        error
        == "Error: card.yaml: it is there already; --restart writes over it, --card and --recipe-file name other files\n"
    )
    assert (workdir / "card.yaml").read_text() == "mine"
    done = run("init", "a.jsonl", "--card", "cards/b.yaml")
    assert "\nnext:\n  lmn-convert cards/b.yaml --source .\n" in done.stdout
    run("cards/b.yaml", "--source", ".")
    run("init", "a.jsonl", "--restart")
    assert (workdir / "card.yaml").read_text().startswith("# Written by lmn-convert init")
    run(".")


def test_a_recipe_that_is_there_is_not_written_over(workdir: Path) -> None:
    export(workdir / "a.jsonl")
    (workdir / "r.yaml").write_text("mine")
    assert "r.yaml: it is there already" in run("init", "a.jsonl", "--recipe-file", "r.yaml", code=1).stderr
    assert not (workdir / "card.yaml").exists()


def test_what_is_wrong_in_the_files_is_said(workdir: Path) -> None:
    (workdir / "a.conll").write_text("Ann\tB-PER\nleft\tO\n\nBo\tI-PER\nleft\tO\n\nnobody\nleft\tO\n")
    (workdir / "notes.txt").write_text("Only words.\n")
    done = run("init", ".", "--name", "x")
    assert "problem: 1 x a tag that its scheme does not allow at its place (first at a.conll:4)" in done.stderr
    assert "problem: 1 x a line without a tag (first at a.conll:7)" in done.stderr
    assert "left out: notes.txt looks like no annotated text" in done.stderr
    run(".")


def test_nothing_annotated_is_one_error(workdir: Path) -> None:
    (workdir / "a.txt").write_text("Only words.\n")
    error = run("init", "a.txt", code=1).stderr
    assert error.startswith(
        "Error: a.txt: nothing here looks like annotated text of a known layout; data_converters/README.md"
    )
    assert len(error.splitlines()) == 1
    assert list(workdir.iterdir()) == [workdir / "a.txt"]
