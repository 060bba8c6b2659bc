"""The command `lmn-convert mix`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from converting import run
from mix_sources import write_sources

from llms_meet_ner import Sentence
from llms_meet_ner.data_converters import read_corpus

OUT = Path("data/mixes/both")


@pytest.fixture
def sources(workdir: Path) -> Path:
    return write_sources(workdir)


def report(folder: Path = OUT) -> dict[str, Any]:
    return json.loads((folder / "mix.json").read_text(encoding="utf-8"))


def read(folder: Path, *splits: str) -> list[Sentence]:
    return [sentence for split in splits for sentence in read_corpus(folder, split)]


def test_a_mix_is_a_corpus_that_every_command_reads(sources: Path) -> None:
    result = run("mix", "mix.yaml")
    assert result.stdout == (
        "corpus  read  repeated  in earlier  over limit  train  test  entities\n"
        "one     26    2         0           0           21     3     3       \n"
        "two     14    0         2           0           11     1     2       \n"
        "two: 1 sentences left out had other entities than those that stay\n"
        "32 train / 4 test sentences in data/mixes/both, none in two splits\n"
    )
    card = yaml.safe_load((OUT / "card.yaml").read_text())
    assert card["labels"] == [{"name": "PERSON", "long": "person", "definition": "Someone."}, {"name": "PLACE"}]
    assert card["licence"] == "that of each source: one: licence of one; two: licence of two"
    assert card["citation"] == "Cite one. Cite two."
    run(OUT)
    run("check", OUT)
    found = {s.text: [(s.tokens[x.start], x.label) for x in s.spans] for s in read(OUT, "train", "test")}
    assert found["Ada met Bo"] == [("Ada", "PERSON"), ("Bo", "PERSON")]
    assert found["in Rome"] == [("Rome", "PLACE")]  # the first source's annotation
    assert found["to Ulm and Asia"] == [("Ulm", "PLACE"), ("Asia", "PLACE")]
    assert found["the Ada prize"] == found["Ada"] == []
    assert "o ne 5" not in found  # `one 5` in other tokens
    assert (json.loads(Path("data/alpaca/both_test.json").read_text())[0]["id"]) == "both/test/0"


def test_missing_files_are_all_named_and_may_be_skipped(sources: Path) -> None:
    for file in ("one/m.conll", "two/t.conll"):
        (sources / "data" / file).unlink()
    assert run("mix", "mix.yaml", code=1).stderr == (
        "Error: mix.yaml: 2 files are missing; --sources DIR names the folder that holds a folder for each corpus, --skip-missing goes "
        "without them:\n  data/one/m.conll: no such file (one)\n  data/two/t.conll: no such file (two)\n"
    )
    result = run("mix", "mix.yaml", "--skip-missing")
    assert (
        result.stderr
        == "left out: data/one/m.conll: no such file (one)\nleft out: data/two/t.conll: no such file (two)\n"
    )
    assert [source["missing"] for source in report()["sources"]] == [["more"], ["train"]]
    (sources / "data").rename(sources / "elsewhere")
    run("mix", "mix.yaml", "--sources", "elsewhere", "--skip-missing")


def test_a_card_that_no_mix_wrote_is_not_written_over(sources: Path) -> None:
    (sources / "mine").mkdir()
    (sources / "mine/card.yaml").write_text("name: mine\n")
    result = run("mix", "mix.yaml", "--out", "mine", code=1)
    assert (
        result.stderr
        == "Error: mine/card.yaml: a card that lmn-convert mix did not write; --out names another folder\n"
    )


def test_a_mix_names_a_licence_only_if_all_its_sources_do(sources: Path) -> None:
    one = (sources / "one.yaml").read_text().replace("licence: licence of one\ncitation: Cite one.\n", "")
    (sources / "one.yaml").write_text(one)
    told = "one: its card gives no licence and no citation, so that of the mix gives none either\n"
    assert run("mix", "mix.yaml").stderr == told
    card = yaml.safe_load((OUT / "card.yaml").read_text())
    assert not {"licence", "citation"} & set(card)
