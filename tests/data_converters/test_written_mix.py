"""The files of a mix belong together, or nobody reads them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from converting import run
from mix_sources import MIX, write_sources

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import read_corpus
from llms_meet_ner.data_converters.written_mix import check_mix, is_mix, unchanged_mix

OUT = Path("data/mixes/both")


@pytest.fixture
def mixed(workdir: Path) -> Path:
    write_sources(workdir)
    run("mix", "mix.yaml")
    return workdir


def mix_again(seed: int) -> None:
    Path("mix.yaml").write_text(f"{MIX}seed: {seed}\n")
    run("mix", "mix.yaml")


def test_what_mix_wrote_is_a_mix_and_other_folders_are_not_looked_at(mixed: Path) -> None:
    assert is_mix(OUT)
    assert not is_mix(mixed)
    for name in ("train.conll", "test.conll", "another"):
        check_mix(OUT, name)
    check_mix(mixed / "none", "train.conll")


def test_a_split_of_another_mix_is_refused_and_the_remedy_mends_it(mixed: Path) -> None:
    test = (OUT / "test.conll").read_text()
    run("mix", "mix.yaml", "--out", "again")
    assert (Path("again") / "test.conll").read_text() == test
    (OUT / "test.conll").write_text((OUT / "train.conll").read_text())
    assert list(read_corpus(OUT, "train"))
    with pytest.raises(LmnError, match=r"not the file that mix\.json describes") as raised:
        read_corpus(OUT, "test")
    assert "test.conll" in run("convert", OUT, code=1).stderr
    command = str(raised.value.remedy).removeprefix("write the mix again: ").partition("; or,")[0]
    assert shlex.split(command) == ["lmn-convert", "mix", "mix.yaml"]
    run(*shlex.split(command)[1:])
    run("convert", OUT)
    assert (OUT / "test.conll").read_text() == test


def test_a_mix_whose_writing_was_killed_is_refused(mixed: Path) -> None:
    (OUT / "mix.json").unlink()
    with pytest.raises(LmnError, match="did not come to its end") as raised:
        read_corpus(OUT, "train")
    assert "lmn-convert mix" in str(raised.value.remedy)


def test_a_card_of_another_mix_is_refused(mixed: Path) -> None:
    with (OUT / "card.yaml").open("a") as card:
        card.write("# more\n")
    with pytest.raises(LmnError, match=r"card\.yaml: not the file that mix\.json describes"):
        read_corpus(OUT, "train")


def test_files_changed_by_hand_are_read_after_what_the_message_says(mixed: Path) -> None:
    with (OUT / "train.conll").open("a") as file:
        file.write("New\tO\n\n")
    with pytest.raises(
        LmnError, match=r"to keep files changed by hand, delete mix\.json and the first line of card\.yaml"
    ):
        read_corpus(OUT, "train")
    (OUT / "mix.json").unlink()
    card = OUT / "card.yaml"
    card.write_text("".join(card.read_text().splitlines(True)[1:]))
    assert list(read_corpus(OUT, "train"))[-1].tokens == ("New",)


def test_mixes_of_earlier_versions_are_checked_by_the_hashes_that_they_have(mixed: Path) -> None:
    path = OUT / "mix.json"
    noted = json.loads(path.read_text())
    del noted["card_sha256"], noted["command"]
    path.write_text(json.dumps(noted))
    assert list(read_corpus(OUT, "train"))
    for damaged in ({}, [], {"sha256": []}):
        path.write_text(json.dumps(damaged))
        with pytest.raises(LmnError, match="holds no hashes of the splits"):
            read_corpus(OUT, "train")


def test_a_mix_that_is_written_again_while_it_is_read_is_noticed(mixed: Path) -> None:
    sentences = read_corpus(OUT, "train")
    next(sentences)
    mix_again(7)
    assert list(sentences), "the file that is open is whole, and so is the one of its name"
    with pytest.raises(LmnError, match="written again while it was read"), unchanged_mix(OUT):
        mix_again(8)
    with unchanged_mix(OUT), unchanged_mix(mixed):
        pass


def test_splits_of_an_earlier_mix_go(mixed: Path) -> None:
    (mixed / "mix.yaml").write_text(MIX + "dev: {sentences: 2}\n")
    run("mix", "mix.yaml")
    assert (OUT / "dev.conll").is_file()
    (mixed / "mix.yaml").write_text(MIX)
    run("mix", "mix.yaml")
    assert sorted(path.name for path in OUT.glob("[!.]*")) == ["card.yaml", "mix.json", "test.conll", "train.conll"]
