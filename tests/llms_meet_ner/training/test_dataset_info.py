"""Entries of `dataset_info.json`: what is read of them, and what damage is one error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.files import write_json
from llms_meet_ner.training.dataset_info import DatasetEntry, load_entry, read_sentences


@pytest.mark.parametrize(
    "change",
    [
        {"file_name": 3}, {"lmn": []}, {"lmn": {"card": 1}}, {"lmn": {"prompt": {"format": ["x"]}}},
        {"lmn": {"prompt": {"nested": "false"}}}, {"lmn": 3}, {"lmn": {"augmented": {"share": 1}}}, {"lmn": {"source": 3}}, {"lmn": {"docstart": None}},
        {"lmn": {"prompt": {"labels": "x"}}}, {"lmn": {"prompt": {"labels": [3]}}}, {"lmn": {"prompt": 3}},
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
