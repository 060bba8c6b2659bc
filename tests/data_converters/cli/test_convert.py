"""The command `lmn-convert` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from converting import PUBLISHED, run
from paths import CONLL


def load(path: str) -> list[dict[str, object]]:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_conll2003_becomes_alpaca_records_with_the_published_instruction(workdir: Path) -> None:
    result = run("conll2003", "--source", CONLL)
    assert result.stdout == (
        "data set         sentences  tokens  entities  file                            \n"
        "conll2003_train  5          17      4         data/alpaca/conll2003_train.json\n"
        "conll2003_testa  2          6       1         data/alpaca/conll2003_testa.json\n"
        "conll2003_testb  3          8       3         data/alpaca/conll2003_testb.json\n"
        "3 data sets in data/alpaca/dataset_info.json\n"
    )
    records = load("data/alpaca/conll2003_train.json")
    assert {record["instruction"] for record in records} == {PUBLISHED}
    assert [record["output"] for record in records] == [
        "-DOCSTART-",
        "[NORDHAVN | ORG] REJECTS [Danish | MISC] offer .",
        "[Ida Holm | PER] [Lars Bay | PER] left",
        "-DOCSTART-",
        "The quay was empty .",
    ]
    assert records[2]["input"] == "Ida Holm Lars Bay left"
    assert records[2]["id"] == "conll2003/train/2"
    assert records[2]["tokens"] == ["Ida", "Holm", "Lars", "Bay", "left"]
    assert records[2]["spans"] == [{"start": 0, "end": 2, "label": "PER"}, {"start": 2, "end": 4, "label": "PER"}]
    assert load("data/alpaca/conll2003_testb.json")[2]["output"] == "[ [Reuter | ORG] ]"


def test_a_failed_conversion_leaves_what_was_there(workdir: Path) -> None:
    run("conll2003", "--source", CONLL, "--split", "testb")
    before = {path: path.read_bytes() for path in workdir.rglob("*.json")}
    bad = workdir / "bad"
    bad.mkdir()
    (bad / "eng.testb").write_text((CONLL / "eng.testb").read_text() + "Broken NNP I-NP I-FOO\n")
    result = run("conll2003", "--source", bad, "--split", "testb", code=1)
    assert result.stderr == (
        "Error: bad/eng.testb:12: labels that the card does not list, with their entities: 'FOO' (1); "
        "add to the card's labels: - {name: FOO}; to read one as O, name it in the card's drop, too\n"
    ).replace("bad/", f"{bad}/")
    assert {path: path.read_bytes() for path in workdir.rglob("*.json")} == before
    assert not list(workdir.rglob("*.tmp"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothere"], "Error: nothere: neither a card's name nor a card's file; cards: "),
        (["conll2003"], "Error: data/conll2003/eng.train: no such file; --source DIR names the folder"),
        (["demo", "--split", "dev"], "has no split 'dev'; it has: train, testa, testb"),
        (["demo", "--format", "json"], "Error: no output format is called 'json'; there are: bracketed"),
        (
            ["demo", "--variant", "long"],
            "Error: format bracketed has no instruction variant 'long'; it has: full, short",
        ),
    ],
)
def test_mistakes_get_one_line_and_no_traceback(workdir: Path, arguments: list[str], message: str) -> None:
    assert message in run(*arguments, code=1).stderr


def test_findings_that_are_mended_name_the_first_places_of_their_kind(workdir: Path) -> None:
    (workdir / "mine.yaml").write_text("extends: conll2003\nreader: {untagged: skip}\n")
    (workdir / "eng.testa").write_text("a x y I-LOC\n\nb x y B-PER\n\nERROR\n\nc x y B-PER\n")
    result = run("mine.yaml", "--source", ".", "--split", "testa")
    assert (
        "testa: 2 x a tag that its scheme does not allow at its place: 2 B- read as I- (first at eng.testa:3, eng.testa:7)"
        in result.stderr
    )
    assert "testa: 1 x a line without a tag (first at eng.testa:5)" in result.stderr


def widely_copied(folder: Path) -> Path:
    """Write the corpus with two sentences as they stand in widely copied files: a B- after O, which IOB1 writes I-."""
    folder.mkdir()
    for name in ("train", "testa", "testb"):
        (folder / f"eng.{name}").write_text((CONLL / f"eng.{name}").read_text())
    with (folder / "eng.train").open("a") as file:
        file.write("\nthe DT I-NP O\nHarbour NNP I-NP B-MISC\nGames NNPS I-NP I-MISC\n\nOulu NNP I-NP B-LOC\n")
    return folder


@pytest.mark.parametrize(
    ("options", "policy", "last", "warning"),
    [
        ((), "conlleval", ["the [Harbour Games | MISC]", "[Oulu | LOC]"], "2 B- read as I-"),
        (("--repair", "discard"), "discard", ["the Harbour Games", "Oulu"], "2 B- where IOB1 has I-, made O"),
    ],
)
def test_tags_with_one_reading_are_read_and_named_in_one_warning(
    workdir: Path, options: tuple[str, ...], policy: str, last: list[str], warning: str
) -> None:
    result = run("conll2003", "--source", widely_copied(Path("conll")), *options)
    assert result.stderr == (
        f"conll2003 train: 2 x a tag that its scheme does not allow at its place: {warning} "
        "(first at conll/eng.train:25, conll/eng.train:28)\n"
    )
    assert [record["output"] for record in load("data/alpaca/conll2003_train.json")][-2:] == last
    entries = json.loads(Path("data/alpaca/dataset_info.json").read_text())
    assert {entry["lmn"]["repair"] for entry in entries.values()} == {policy}


def test_the_strict_policy_is_that_of_the_command_line_or_of_the_card(workdir: Path) -> None:
    widely_copied(Path("conll"))
    (workdir / "strict.yaml").write_text("extends: conll2003\nname: strict\nrepair: error\n")
    message = (
        "Error: conll/eng.train:25: token 'Harbour' is tagged 'B-MISC' where IOB1 has 'I-MISC'; --repair conlleval"
    )
    for words in (("conll2003", "--repair", "error"), ("strict.yaml",)):
        assert run(*words, "--source", "conll", code=1).stderr.startswith(message)
    run("strict.yaml", "--source", "conll", "--repair", "conlleval")


def test_an_empty_corpus_is_an_error_and_writes_nothing(workdir: Path) -> None:
    (workdir / "eng.testa").write_text("\n \n")
    result = run("conll2003", "--source", ".", "--split", "testa", code=1)
    assert "Error: corpus conll2003: split testa holds no sentence" in result.stderr
    assert not list((workdir / "data").rglob("*.json"))


def test_a_damaged_dataset_info_is_found_before_anything_is_written(workdir: Path) -> None:
    (workdir / "data/alpaca").mkdir(parents=True)
    info = workdir / "data/alpaca/dataset_info.json"
    info.write_text("[]")
    result = run("conll2003", "--source", CONLL, "--split", "testb", code=1)
    assert "dataset_info.json: not a JSON mapping of data sets; correct it, or move it away" in result.stderr
    assert list(info.parent.iterdir()) == [info]


def test_a_place_that_cannot_be_written_to_is_one_error(workdir: Path) -> None:
    (workdir / "data").write_text("a file where a folder should be")
    assert "cannot be written (" in run("conll2003", "--source", CONLL, "--split", "testb", code=1).stderr
