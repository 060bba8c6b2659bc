"""The corpus that options choose: card, labels and splits, and splits whose files are missing."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import ProblemLog, load_card
from llms_meet_ner.data_converters.cli.corpus_options import ChosenCorpus, corpus_options, print_problems
from llms_meet_ner.data_converters.label_change import LabelChange
from llms_meet_ner.sentence import Where


def chosen(*words: str) -> ChosenCorpus:
    taken: list[ChosenCorpus] = []

    @click.command()
    @corpus_options
    def command(corpus: ChosenCorpus) -> None:
        taken.append(corpus)

    result = CliRunner().invoke(command, list(words))
    assert result.exit_code == 0, result.output
    return taken[0]


def test_options_choose_card_labels_and_splits() -> None:
    corpus = chosen(
        "demo", "--source", "x", "--split", "testb", "--split", "train", "--split", "testb", "--repair", "discard", "--keep", "PER"
    )  # fmt: skip
    assert (corpus.card.name, corpus.card.labels.names) == ("demo", ("PER",))
    assert (corpus.source, corpus.splits, corpus.repair) == (Path("x"), ("testb", "train"), "discard")
    assert corpus.change == LabelChange(keep=("PER",))
    assert corpus.split_names == ("testb", "train")
    assert chosen("demo").split_names == ("train", "testa", "testb")


def corpus(folder: Path, *splits: str) -> ChosenCorpus:
    return ChosenCorpus(load_card("conll2003"), folder, splits, None, LabelChange())


def test_splits_whose_files_are_missing_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "eng.testa").write_text("")
    assert corpus(tmp_path).present("not read") == (["testa"], ["train", "testb"])
    assert capsys.readouterr().out == (
        "conll2003 train: eng.train is missing: not read\nconll2003 testb: eng.testb is missing: not read\n"
    )
    assert corpus(tmp_path, "testa").present("not read") == (["testa"], [])


@pytest.mark.parametrize("splits", [("testb",), ()])
def test_a_split_that_is_named_has_to_be_there_and_one_split_in_any_case(tmp_path: Path, splits: tuple[str]) -> None:
    with pytest.raises(LmnError, match=r"eng\.(testb|train): no such file; --source DIR names the folder"):
        corpus(tmp_path, *splits).present("not read")


def test_problems_are_counted_by_kind_with_the_first_places(capsys: pytest.CaptureFixture[str]) -> None:
    log = ProblemLog(keep_going=True)
    for number in range(1200):
        log.report("untagged", Where("a", number + 7), "")
    log.report("crossing", Where("b", 1), "")
    print_problems(load_card("demo"), "train", log)
    assert capsys.readouterr().err == (
        "demo train: 1 x an entity that crosses another, or an inner one that equals an outer one (first at b:1)\n"
        "demo train: 1,200 x a line without a tag (first at a:7, a:8, a:9)\n"
    )
