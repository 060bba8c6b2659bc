"""Old beside new: every reader refuses a mixture, names the command that mends it, and that command mends it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from converting import run

from llms_meet_ner import LmnError
from llms_meet_ner.training.dataset_info import check_data_sets, load_entry, read_answers, read_sentences
from llms_meet_ner.training.launch import launch_training
from llms_meet_ner.training.recipe import load_recipe

DATA = Path("data/demo_train.json")
RECIPE = "{model_name_or_path: m, template: t, dataset: demo_train, eval_dataset: demo_testa, output_dir: o, dataset_dir: data}"


@pytest.fixture
def converted(workdir: Path) -> Path:
    run("demo", "--out", "data")
    Path("recipe.yaml").write_text(RECIPE)
    return workdir


READERS: dict[str, Callable[[], object]] = {
    "sentences": lambda: list(read_sentences(Path("data"), load_entry(Path("data"), "demo_train"))),
    "answers": lambda: list(read_answers(Path("data"), load_entry(Path("data"), "demo_train"))),
    "recipe": lambda: load_recipe(Path("recipe.yaml")).check_data(),
    "launch": lambda: launch_training(Path("recipe.yaml"), [], Path("o"), lambda number, loss: True),
}


@pytest.mark.parametrize("reader", READERS)
def test_data_that_are_not_those_of_their_entry_are_refused_and_the_remedy_mends_them(
    converted: Path, reader: str
) -> None:
    rows = json.loads(DATA.read_text())
    DATA.write_text(json.dumps(rows[1:]))
    with pytest.raises(LmnError, match=r"not the file that dataset_info\.json describes") as raised:
        READERS[reader]()
    assert raised.value.where == str(DATA)
    command = str(raised.value.remedy).removeprefix("write it again: ").partition("; or,")[0]
    name, *words = shlex.split(command)
    assert name == "lmn-convert"
    run(*words)
    check_data_sets(Path("data"), ["demo_train", "demo_testa"])
    assert json.loads(DATA.read_text()) == rows


def test_edited_data_are_read_once_their_hash_is_deleted_as_the_message_says(converted: Path) -> None:
    info = Path("data/dataset_info.json")
    DATA.write_text(json.dumps(json.loads(DATA.read_text())[1:]))
    entries = json.loads(info.read_text())
    del entries["demo_train"]["lmn"]["sha256"]
    info.write_text(json.dumps(entries))
    for reader in ("sentences", "answers", "recipe"):
        READERS[reader]()


def test_entries_of_earlier_versions_are_read_without_a_check(converted: Path) -> None:
    info = Path("data/dataset_info.json")
    entries = json.loads(info.read_text())
    for entry in entries.values():
        del entry["lmn"]["sha256"], entry["lmn"]["command"]
    info.write_text(json.dumps(entries))
    for reader in ("sentences", "answers", "recipe"):
        READERS[reader]()


def test_the_remedy_repeats_the_options_of_the_conversion(workdir: Path) -> None:
    words = [
        "demo",
        "--variant",
        "short",
        "--drop",
        "MISC",
        "--as",
        "three",
        "--augment",
        "0.5",
        "--seed",
        "3",
        "--out",
        "my data",
    ]
    run(*words)
    entry = load_entry(Path("my data"), "demo.three.short.aug50-seed3_train")
    assert entry.command is not None
    assert sorted(shlex.split(entry.command)[1:]) == sorted(words)


def test_a_link_to_dataset_info_stays_one_and_what_it_leads_to_is_locked(workdir: Path) -> None:
    Path("shared").mkdir()
    Path("data").mkdir()
    Path("data/dataset_info.json").symlink_to("../shared/info.json")
    Path("shared/info.json").write_text('{"mine": {"file_name": "mine.json"}}')
    run("demo", "--out", "data")
    assert Path("data/dataset_info.json").is_symlink()
    assert list(json.loads(Path("shared/info.json").read_text())) == ["mine", "demo_train", "demo_testa", "demo_testb"]
    assert sorted(path.name for path in Path("shared").iterdir()) == [".info.json.lmn-lock", "info.json"]
