"""`lmn-convert` as a user runs it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paths import CONLL

from llms_meet_ner.data_converters.cli.convert import main

PUBLISHED = (
    "Your task is to identify all named entities in the input sentence and rewrite the sentence by enclosing each entity using the "
    "format [Entity Text | LABEL]. Use only the label tags defined in the Label Set below.\n"
    "Label Set:\n"
    "ORG(organization): A collective entity such as a company, institution, brand, political or governmental body, publication, or "
    "any organized group of people acting as a unit.\n"
    "PER(person): A named individual, including humans, animals, fictional characters, and their aliases.\n"
    "LOC(location): A geographical or spatial entity, including natural features, built structures, regions, public or commercial "
    "places, assorted buildings, and abstract or metaphorical places.\n"
    "MISC(miscellaneous): Named entities that are not persons, organizations, or locations, including derived adjectives, religions, "
    "ideologies, nationalities, languages, events, programs, wars, titles of works, slogans, eras, and types of objects.\n"
    "Now process the input sentence:"
)


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


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
    assert load("data/alpaca/conll2003_testb.json")[2]["output"] == "[ [Reuter | ORG] ]"


def test_dataset_info_says_everything_and_keeps_what_others_wrote(workdir: Path) -> None:
    info_path = workdir / "data/alpaca/dataset_info.json"
    info_path.parent.mkdir(parents=True)
    info_path.write_text('{"mine": {"file_name": "mine.json"}, "conll2003_testa": {"file_name": "old.json"}}')
    run("conll2003", "--source", CONLL, "--split", "testa")
    run("conll2003", "--source", CONLL, "--split", "testb", "--variant", "short", "--instruction-as", "system")
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


def test_a_failed_conversion_leaves_what_was_there(workdir: Path) -> None:
    run("conll2003", "--source", CONLL, "--split", "testb")
    before = {path: path.read_bytes() for path in workdir.rglob("*.json")}
    bad = workdir / "bad"
    bad.mkdir()
    (bad / "eng.testb").write_text((CONLL / "eng.testb").read_text() + "Broken NNP I-NP I-FOO\n")
    result = run("conll2003", "--source", bad, "--split", "testb", code=1)
    assert result.stderr == (
        "Error: bad/eng.testb:12: token 'Broken' has the label 'FOO', which the card does not list; "
        "the card lists ORG, PER, LOC, MISC: add the label there, or name the right tag column\n"
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


def test_check_reports_everything_with_its_place_and_writes_nothing(workdir: Path) -> None:
    source = workdir / "data/conll2003"
    source.mkdir(parents=True)
    (source / "eng.testa").write_text(
        "-DOCSTART- -X- O O\n\nIda NNP I-NP B-PER\n[ ( O O\n| SYM O O\nPER] SYM O O\n\nHolm NNP\nsaid VBD I-VP O\nUN NNP I-NP I-GPE\n"
    )
    files = sorted(os.walk(workdir))
    result = run("check", "conll2003", code=1)
    assert sorted(os.walk(workdir)) == files
    for expected in (
        "conll2003 train: eng.train is missing: not checked",
        "  sentences                    3  1 of them -DOCSTART-\n",
        "  entities                     1  ORG 0, PER 1, LOC 0, MISC 0\n",
        "  bracket-token                3  a token that holds [, ] or |, which are markup in a bracketed output\n"
        "      data/conll2003/eng.testa:4: '['\n      data/conll2003/eng.testa:5: '|'\n      data/conll2003/eng.testa:6: 'PER]'\n",
        "  invalid-transition           1  a tag that its scheme does not allow at its place\n"
        "      data/conll2003/eng.testa:3: token 'Ida' is tagged 'B-PER' where IOB1 has 'I-PER'\n",
        "      data/conll2003/eng.testa:8: a line without a tag: 'Holm NNP'\n",
        "      data/conll2003/eng.testa:10: token 'UN' has the label 'GPE', which the card does not list\n",
    ):
        assert expected in result.output
    assert result.stderr == "Error: converting would stop at 3 of the problems above\n"


def test_check_of_files_that_are_not_there_is_an_error(workdir: Path) -> None:
    result = run("check", "conll2003", code=1)
    assert "Error: data/conll2003/eng.train: no such file; --source DIR names the folder" in result.stderr


def test_what_is_wrong_in_another_part_of_the_file_is_no_finding_of_a_split(workdir: Path) -> None:
    part = "{file: eng.testa, sentences: '1:2'}"
    (workdir / "mine.yaml").write_text(
        f"extends: conll2003\nsplits:\n  testa: {part}\n  rest: {part.replace('1:2', '2:')}\n"
    )
    (workdir / "eng.testa").write_text("a x y B-PER\n[ x y O\n\nb x y O\n] x y O\n\nc x y I-LOC\n")
    done = run("check", "mine.yaml", "--source", ".", "--split", "testa")
    assert "  sentences                    1\n" in done.output
    assert "  bracket-token                1  " in done.output
    assert "eng.testa:5: ']'" in done.output
    assert "  invalid-transition           0\n" in done.output
    run("mine.yaml", "--source", ".", "--split", "testa", "--split", "rest")
    rest = json.loads((workdir / "data/alpaca/conll2003_rest.json").read_text())
    assert [row["id"] for row in rest] == ["conll2003/rest/2"]


def test_a_line_before_a_split_that_stops_its_count_is_refused(workdir: Path) -> None:
    (workdir / "mine.yaml").write_text("extends: conll2003\nsplits:\n  rest: {file: eng.testa, sentences: '1:'}\n")
    (workdir / "eng.testa").write_text("a\n\nb x y O\n\nc x y O\n")
    result = run("mine.yaml", "--source", ".", code=1)
    assert "eng.testa:1: a line without a tag: 'a', before sentence 1, where the split begins" in result.stderr
    assert "Error: converting would stop at 1 of" in run("check", "mine.yaml", "--source", ".", code=1).stderr


def test_findings_that_are_mended_name_the_first_of_their_kind(workdir: Path) -> None:
    (workdir / "mine.yaml").write_text("extends: conll2003\nreader: {untagged: skip}\n")
    (workdir / "eng.testa").write_text("a x y I-LOC\n\nb x y B-PER\n\nERROR\n\nc x y B-PER\n")
    result = run("mine.yaml", "--source", ".", "--split", "testa", "--repair", "conlleval")
    assert "testa: 2 x a tag that its scheme does not allow at its place (first at eng.testa:3)" in result.stderr
    assert "testa: 1 x a line without a tag (first at eng.testa:5)" in result.stderr


@pytest.mark.parametrize(
    ("format_name", "ambiguous", "moved"), [("grouped", 2, 1), ("occurrence", 0, 0), ("offset", 0, 0)]
)
def test_check_counts_what_a_format_cannot_hold(workdir: Path, format_name: str, ambiguous: int, moved: int) -> None:
    (workdir / "eng.testa").write_text(
        "Rom x y I-LOC\nRom x y O\n\nRom x y O\nRom x y I-LOC\n\nRom x y I-LOC\n\na x y I-GPE\n"
    )
    result = run("check", "conll2003", "--source", ".", "--split", "testa", "--format", format_name, code=1)
    places = "".join(f"      eng.testa:{line}\n" for line in (1, 4)[:ambiguous])
    assert (
        f"  ambiguous                    {ambiguous}  sentences whose rendering is also that of another annotation\n{places}"
        f"  moved                        {moved}  entities in these that come back on other tokens\n" in result.output
    )
    assert "please report this" not in result.output
    assert result.stderr == "Error: converting would stop at 1 of the problems above\n"


def test_converted_records_of_the_grouped_format_have_every_label(workdir: Path) -> None:
    (workdir / "eng.testa").write_text("Rom x y I-LOC\n")
    run("conll2003", "--source", ".", "--split", "testa", "--format", "grouped")
    (row,) = json.loads((workdir / "data/alpaca/conll2003.grouped_testa.json").read_text())
    assert row["output"] == '{"ORG": [], "PER": [], "LOC": ["Rom"], "MISC": []}'


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
    assert "dataset_info.json: not a JSON mapping of data sets; mend it or move it away" in result.stderr
    assert list(info.parent.iterdir()) == [info]


def test_a_place_that_cannot_be_written_to_is_one_error(workdir: Path) -> None:
    (workdir / "data").write_text("a file where a folder should be")
    assert "cannot be written (" in run("conll2003", "--source", CONLL, "--split", "testb", code=1).stderr


def test_check_names_ambiguous_sentences(workdir: Path) -> None:
    source = workdir / "data/conll2003"
    source.mkdir(parents=True)
    (source / "eng.testa").write_text("a NN I-NP I-PER\n| SYM O O\nPER] SYM O O\n")
    assert (
        "  ambiguous                    1  sentences whose rendering is also that of another annotation\n      data/conll2003/eng.testa:1\n"
        in run("check", "conll2003").output
    )
