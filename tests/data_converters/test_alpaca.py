"""Alpaca records, their entries in dataset_info.json, and the prompt of a corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from converting import PUBLISHED, run
from paths import CONLL

from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.formats import format_names, get_format
from llms_meet_ner.formats.instructions import LETTERED, VARIANTS
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.training.dataset_info import load_entry


def test_dataset_info_says_everything_and_keeps_what_others_wrote(workdir: Path) -> None:
    info_path = workdir / "data/alpaca/dataset_info.json"
    info_path.parent.mkdir(parents=True)
    info_path.write_text('{"mine": {"file_name": "mine.json"}}')
    run("conll2003", "--source", CONLL, "--split", "testa")
    run("conll2003", "--source", CONLL, "--split", "testb", "--variant", "short", "--instruction-as", "system")
    run("conll2003", "--source", CONLL, "--split", "testa")  # an entry of ours is written again
    info = json.loads(info_path.read_text())
    assert list(info) == ["mine", "conll2003_testa", "conll2003.short.system_testb"]
    assert info["mine"] == {"file_name": "mine.json"}
    entry = info["conll2003_testa"]
    assert entry["file_name"] == "conll2003_testa.json"
    assert entry["columns"] == {"prompt": "instruction", "query": "input", "response": "output"}
    lmn = entry["lmn"]
    assert {key: lmn[key] for key in ("card", "corpus", "split", "format", "variant", "labels", "docstart")} == {
        "card": "conll2003", "corpus": "conll2003", "split": "testa", "format": "bracketed", "variant": "full",
        "labels": ["ORG", "PER", "LOC", "MISC"], "docstart": "sentence",
    }  # fmt: skip
    assert lmn["prompt"]["instruction"] == PUBLISHED
    system = info["conll2003.short.system_testb"]
    assert system["columns"] == {"system": "instruction", "prompt": "input", "response": "output"}
    assert system["lmn"]["prompt"]["instruction"] == "Mark entities as [Entity | LABEL]: ORG, PER, LOC, MISC"


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"conll2003_testa": {"file_name": "old.json"}}, "an entry of your own is called conll2003_testa"),
        ({"conll2003_testa": {"hf_hub_url": "me/x"}}, "an entry of your own is called conll2003_testa"),
        ({"conll2003_testa": 3}, "an entry of your own is called conll2003_testa"),
        ({"x": {"file_name": "conll2003_testa.json"}}, "x, an entry of your own, has the file conll2003_testa.json"),
    ],
)
def test_entries_and_files_of_others_are_not_written_over(workdir: Path, own: dict[str, Any], told: str) -> None:
    folder = workdir / "data/alpaca"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text(json.dumps(own))
    (folder / "conll2003_testa.json").write_text("mine")
    result = run("conll2003", "--source", CONLL, code=1)
    assert result.stderr == (
        f"Error: data/alpaca/dataset_info.json: {told}, as a new data set would, and nothing was written; rename the entry or its file, "
        "or let --out name another folder\n"
    )
    assert json.loads((folder / "dataset_info.json").read_text()) == own
    assert sorted(path.name for path in folder.glob("[!.]*")) == ["conll2003_testa.json", "dataset_info.json"]
    assert (folder / "conll2003_testa.json").read_text() == "mine"
    run("conll2003", "--source", CONLL, "--out", "other")


def test_converted_records_of_the_grouped_format_have_every_label(workdir: Path) -> None:
    (workdir / "eng.testa").write_text("Rom x y I-LOC\n")
    run("conll2003", "--source", ".", "--split", "testa", "--format", "grouped")
    (row,) = json.loads((workdir / "data/alpaca/conll2003.grouped_testa.json").read_text())
    assert row["output"] == '{"ORG": [], "PER": [], "LOC": ["Rom"], "MISC": []}'


@pytest.mark.parametrize("name", format_names())
def test_lettered_instructions_say_nothing_of_entities_nor_of_the_format(name: str) -> None:
    assert set(LETTERED) < set(VARIANTS)
    card = load_card("conll2003")
    spec = prompt_spec_of(card, name, "letters")
    lines = spec.instruction.splitlines()
    assert "labels A, B, C and D" in lines[0]
    assert [line[:3] for line in lines[1:-1]] == ["A: ", "B: ", "C: ", "D: "]
    assert lines[1] == f"A: {card.labels.labels[0].definition}"
    bare = prompt_spec_of(card, name, "letters-bare").instruction
    assert bare.splitlines() == [lines[0], lines[-1]]
    assert not any(word in bare for word in ("entit", "ORG", "PER", "LOC", "MISC", "[", "<", "{"))
    alone = get_format(name).instruction(LabelSet.of("PER").lettered(definitions=False), "letters-bare")
    assert "the label A applies" in alone


JOINED = """\
name: zh
language: zh
docstart: none
join: ""
splits: {train: train.tsv}
reader: {type: columns, scheme: IOB2, separator: tab}
labels: [{name: PER}, {name: LOC}]
"""


@pytest.mark.parametrize("name", format_names())
def test_tokens_that_join_without_spaces_are_written_so(workdir: Path, name: str) -> None:
    rows = "乙 O|丁 O|乙 B-PER|月 I-PER|己 O||[ O|乙 B-LOC|] O||甲 O".replace(" ", "\t").replace("|", "\n")
    (workdir / "card.yaml").write_text(JOINED)
    (workdir / "train.tsv").write_text(rows + "\n")
    run(".", "--format", name)
    data = "zh_train" if name == "bracketed" else f"zh.{name}_train"
    entry = load_entry(workdir / "data/alpaca", data)
    assert entry.spec.join == ""
    assert json.loads((workdir / "data/alpaca/dataset_info.json").read_text())[data]["lmn"]["prompt"]["join"] == ""
    records = json.loads((workdir / f"data/alpaca/{data}.json").read_text())
    assert [record["input"] for record in records] == ["乙丁乙月己", "[乙]", "甲"]
    assert (
        records[0]["output"]
        == {
            "bracketed": "乙丁[乙月 | PER]己",
            "xml": "乙丁<PER>乙月</PER>己",
            "grouped": '{"PER": ["乙月"], "LOC": []}',
            "occurrence": '[{"text": "乙月", "label": "PER", "occurrence_index": 1}]',
            "offset": '[{"text": "乙月", "label": "PER", "start": 2, "end": 4}]',
            "tags": '{"tokens": ["乙", "丁", "乙", "月", "己"], "ner_tags": ["O", "O", "B-PER", "I-PER", "O"]}',
        }[name]
    )
    assert "not restored" not in run("check", ".", "--format", name).stdout
