"""The command `lmn-convert check`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from converting import run
from paths import CONLL


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
        "  invalid-transition           1  a tag that its scheme does not allow at its place: 1 B- read as I-\n"
        "      data/conll2003/eng.testa:3: token 'Ida' is tagged 'B-PER' where IOB1 has 'I-PER' (mended)\n",
        "      data/conll2003/eng.testa:8: a line without a tag: 'Holm NNP'\n",
        "  unknown-label                1  a label that the card does not list: 'GPE' (1)\n"
        "      data/conll2003/eng.testa:10: token 'UN' has the label 'GPE', which the card does not list\n"
        "      rows for the card's labels follow; to read one as O, name it in the card's drop, too\n        - {name: GPE}\n",
    ):
        assert expected in result.output
    assert result.stderr == "Error: converting would stop at 2 of the problems above\n"


def test_check_of_files_that_are_not_there_is_an_error(workdir: Path) -> None:
    result = run("check", "conll2003", code=1)
    assert "Error: data/conll2003/eng.train: no such file; --source DIR names the folder" in result.stderr


@pytest.mark.parametrize(
    ("format_name", "ambiguous", "moved"), [("grouped", 2, 1), ("occurrence", 0, 0), ("offset", 0, 0)]
)
def test_check_counts_what_a_format_cannot_hold(workdir: Path, format_name: str, ambiguous: int, moved: int) -> None:
    (workdir / "eng.testa").write_text(
        "Rom x y I-LOC\nRom x y O\n\nRom x y O\nRom x y I-LOC\n\nRom x y I-LOC\n\na x y I-GPE\n"
    )
    result = run("check", "conll2003", "--source", ".", "--split", "testa", "--format", format_name, code=1)
    places = "".join(f"      eng.testa:{line}\n" for line in (1, 4)[:ambiguous])
    found = (
        f"  ambiguous                    {ambiguous}  sentences whose rendering is also that of another annotation\n{places}"
        f"  moved                        {moved}  entities in these that come back on other tokens\n"
    )
    assert found in result.output if ambiguous else "ambiguous" not in result.output and "moved" not in result.output
    assert "please report this" not in result.output
    assert result.stderr == "Error: converting would stop at 1 of the problems above\n"


def test_check_names_ambiguous_sentences(workdir: Path) -> None:
    source = workdir / "data/conll2003"
    source.mkdir(parents=True)
    (source / "eng.testa").write_text("a NN I-NP I-PER\n| SYM O O\nPER] SYM O O\n")
    assert (
        "  ambiguous                    1  sentences whose rendering is also that of another annotation\n      data/conll2003/eng.testa:1\n"
        in run("check", "conll2003").output
    )


def test_check_counts_by_the_changed_labels(workdir: Path) -> None:
    result = run(
        "check", "conll2003", "--source", CONLL, "--split", "train", "--merge", "NAME=ORG,PER", "--drop", "LOC"
    )
    assert result.stdout.startswith("conll2003: labels ORG -> NAME, PER -> NAME, LOC -> O\n\nconll2003 train\n")
    assert "  entities                     4  NAME 3, MISC 1\n" in result.stdout


def test_check_shows_what_is_there_and_nothing_else(workdir: Path) -> None:
    (workdir / "eng.testa").write_text("Ida x y I-PER\n] x y O\n\nUlm x y O\n")
    done = run("check", "conll2003", "--source", ".", "--split", "testa", "--format", "grouped")
    assert done.stdout == (
        "conll2003 testa\n"
        "  sentences                    2\n"
        "  tokens                       3\n"
        "  without entities             1\n"
        "  entities                     1  ORG 0, PER 1, LOC 0, MISC 0\n"
        "  bracket-token                1  a token that holds [, ] or |, which are markup in a bracketed output\n"
        "      eng.testa:2: ']'\n\n"
    )
