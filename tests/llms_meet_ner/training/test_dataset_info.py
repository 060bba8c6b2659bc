"""Entries of `dataset_info.json`: what is read of them, and what damage is one error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.files import write_json
from llms_meet_ner.sentence import Sentence, Span
from llms_meet_ner.training.dataset_info import DatasetEntry, load_entry, read_annotated, read_sentences, record_of


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


def demo_entry() -> DatasetEntry:
    return DatasetEntry("d", "d.json", "demo", "demo", "train", "none", prompt_spec_of(load_card("demo"), "bracketed"))


def test_the_spans_of_a_sentence_come_back_nested_ones_too(workdir: Path) -> None:
    entry = demo_entry()
    spans = (Span(0, 3, "ORG"), Span(1, 2, "LOC"), Span(4, 5, "PER"))
    sentences = [Sentence("a", ("x",)), Sentence("b", ("The", "Rome", "Club", "met", "Ada"), spans)]
    write_json(workdir / "d.json", [record_of(sentence, entry.spec, "") for sentence in sentences])
    assert list(read_annotated(workdir, entry)) == sentences


@pytest.mark.parametrize(
    ("spans", "what"),
    [
        (None, "a has no spans, as in data of an earlier version; write it again with lmn-convert"),
        (3, "a has no valid spans"),
        ([[0, 1, "PER"]], r"a has no valid spans \(not a span: \[0, 1, 'PER'\]\)"),
        ([{"start": 0, "end": 9, "label": "PER"}], "a has no valid spans .*ends after the last of 1 tokens"),
        ([{"start": 0, "end": 1, "label": "FOO"}], r"a has no valid spans \(label 'FOO' is not one of "),
        ([{"start": 0, "end": 1, "label": "PER"}] * 2, "a has no valid spans .*repeated"),
    ],
)
def test_spans_that_are_none_of_the_sentence_are_one_error(workdir: Path, spans: Any, what: str) -> None:
    record = {"id": "a", "tokens": ["x"]} | ({} if spans is None else {"spans": spans})
    write_json(workdir / "d.json", [record])
    with pytest.raises(LmnError, match=rf"d\.json: {what}"):
        list(read_annotated(workdir, demo_entry()))
