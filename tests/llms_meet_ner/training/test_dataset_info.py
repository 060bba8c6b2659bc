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
        {"lmn": {"corpus": "../x"}}, {"lmn": {"split": ""}}, {"file_name": "../a.json"}, {"file_name": "/dev/zero"}, {"file_name": ""},
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


def test_a_data_set_that_was_not_converted_is_named_with_the_place_of_the_command(workdir: Path) -> None:
    remedy = "write it with the lmn-convert command at the top of the recipe"
    with pytest.raises(
        LmnError, match=rf"dataset_info\.json: no such file; {remedy}, or name the folder with dataset_dir"
    ):
        load_entry(workdir, "demo.short_train")
    spec = prompt_spec_of(load_card("demo"), "bracketed")
    entries = {
        name: DatasetEntry(name, f"{name}.json", "demo", "demo", name, "none", spec).to_dict() for name in "abcdefg"
    }
    write_json(workdir / "dataset_info.json", entries)
    with pytest.raises(LmnError) as caught:
        load_entry(workdir, "demo.short_train")
    assert caught.value.what == "no data set 'demo.short_train' (there: a, b, c, d, e and 2 more)"
    assert caught.value.remedy == remedy
    with pytest.raises(LmnError, match=rf"a\.json: no such file; {remedy}$"):
        list(read_sentences(workdir, load_entry(workdir, "a")))
