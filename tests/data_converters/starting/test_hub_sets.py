"""Data sets of the `datasets` library, on disk and on a Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dataset_hub import dataset_hub

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.starting.hub_sets import is_hub_name, look_at_dataset

datasets = pytest.importorskip("datasets")
STARTED = """
from click.testing import CliRunner
from llms_meet_ner.data_converters.cli.convert import main
for words in (["init", "owner/name"], ["name.yaml"]):
    done = CliRunner().invoke(main, words)
    print(done.output)
    assert done.exit_code == 0, done.output
"""

ROWS = {"id": ["1", "2"], "tokens": [["Ann", "left"], ["Rome"]], "pos_tags": [[1, 0], [1]], "ner_tags": [[1, 0], [2]]}


def made(names: list[str] | None) -> Any:
    text = datasets.Value("string")
    tag = datasets.ClassLabel(names=names) if names else datasets.Value("int64")
    features = {
        "id": text,
        "tokens": datasets.List(text),
        "pos_tags": datasets.List(datasets.Value("int64")),
        "ner_tags": datasets.List(tag),
    }
    return datasets.Dataset.from_dict(ROWS, features=datasets.Features(features))


def test_features_name_the_tags(tmp_path: Path) -> None:
    datasets.DatasetDict(train=made(["O", "B-PER", "B-LOC"]), test=made(["O", "B-PER", "B-LOC"])).save_to_disk(
        str(tmp_path / "set")
    )
    look = look_at_dataset(tmp_path, "set")
    assert look.splits == ["train", "test"]
    assert [candidate.reader for candidate in look.candidates] == [
        {"type": "datasets", "path": "set", "tokens": "tokens", "tags": "ner_tags"}
    ]
    assert look.texts == ["Ann left", "Rome"]


def test_bare_names_have_no_prefixes(tmp_path: Path) -> None:
    made(["O", "PER", "LOC"]).save_to_disk(str(tmp_path / "set"))
    assert look_at_dataset(tmp_path, "set").candidates[0].reader["scheme"] == "IO"


def test_numbers_without_names_are_an_error_that_lists_the_columns(tmp_path: Path) -> None:
    made(None).to_parquet(str(tmp_path / "a.parquet"))
    with pytest.raises(LmnError, match=r"numbers without names; it has id, tokens, pos_tags, ner_tags: write a card"):
        look_at_dataset(tmp_path, "a.parquet")


@pytest.mark.parametrize(
    ("word", "is_one"), [("owner/name", True), ("a/b/c", False), ("name", False), ("../x", False), ("/x", False)]
)
def test_names_of_the_hub(word: str, is_one: bool) -> None:
    assert is_hub_name(word) == is_one


def test_a_data_set_on_the_hub_gets_a_card_that_converts(workdir: Path) -> None:
    for split in ("train", "test"):
        made(["O", "B-PER", "B-LOC"]).to_parquet(str(workdir / f"{split}-0.parquet"))
    files = {f"data/{split}-0.parquet": (workdir / f"{split}-0.parquet").read_bytes() for split in ("train", "test")}
    with dataset_hub(files) as hub:
        environment = {
            **os.environ, "HF_ENDPOINT": hub.address, "HF_HUB_OFFLINE": "0", "HF_HOME": str(workdir / "cache"),
            "HF_HUB_DISABLE_XET": "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", STARTED], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "card: name.yaml" in done.stdout
    assert len(json.loads((workdir / "data/alpaca/name_train.json").read_text())) == 2
