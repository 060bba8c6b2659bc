"""Other systems that are asked: not those that have learned the errors, and only with the labels of the corpus."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner import LabelSet, LmnError
from llms_meet_ner.annotation.choosing import SystemChoice
from llms_meet_ner.annotation.doubts.witnesses import check_answers, check_not_trained_on
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.adapter_options import AdapterChoice
from llms_meet_ner.eval.evaluate import Gold, read_gold
from llms_meet_ner.students.student_file import StudentFile
from llms_meet_ner.systems.options import SystemOptions

ALPACA = Path("data/alpaca")


def trained(folder: str, *names: str) -> Path:
    Path(folder).mkdir()
    (Path(folder) / "lmn_train.json").write_text(json.dumps({"data": dict.fromkeys(names, "a")}))
    return Path(folder)


def gold(corpus: str, split: str) -> Gold:
    return read_gold(load_card(corpus), split)


def student(folder: str, *names: str, model: str = "m") -> Path:
    Path(folder).mkdir()
    StudentFile(LabelSet.of("PER"), "linear", 64, 16, " ", False, "demo", names, model, "r", 1).save(Path(folder))
    return Path(folder)


def converted(*words: str) -> None:
    assert CliRunner().invoke(lmn_convert, ["demo", "--variant", "short", *words]).exit_code == 0


def test_a_system_that_was_trained_on_the_split_is_refused(workdir: Path) -> None:
    converted()
    folder = trained("adapter", "demo.short_train")
    with pytest.raises(LmnError, match=r"adapter: was trained on demo train \(demo.short_train\), and has learned"):
        check_not_trained_on(gold("demo", "train"), folder, ALPACA)
    assert check_not_trained_on(gold("demo", "testb"), folder, ALPACA) is None
    with pytest.raises(LmnError, match="was trained on demo train"):
        check_not_trained_on(gold("demo", "train"), student("student", "demo.short_train"), ALPACA)


def test_what_a_student_learned_before_it_was_trained_further_counts(workdir: Path) -> None:
    converted()
    student("first", "demo.short_train", model="last")
    student("further", "demo.short_testa", model="first")
    last = student("last", "demo.short_testa", model="further")
    with pytest.raises(LmnError, match=r"last: was trained on demo train \(demo.short_train\)"):
        check_not_trained_on(gold("demo", "train"), last, ALPACA)


def test_a_split_of_another_name_with_the_same_words_is_refused(workdir: Path) -> None:
    converted()
    folder = trained("adapter", "demo.short_train")
    doubted = gold("demo", "train").first(3)
    doubted = replace(doubted, card=replace(doubted.card, name="mine"))
    with pytest.raises(LmnError, match=r"was trained on 3 of the 3 sentences of mine train \(demo.short_train\)"):
        check_not_trained_on(doubted, folder, ALPACA)


def test_what_is_not_known_is_said(workdir: Path) -> None:
    Path("plain").mkdir()
    doubted = gold("demo", "train")
    said = str(check_not_trained_on(doubted, Path("plain"), ALPACA))
    assert "not known whether it was trained on demo train (its data sets)" in said
    said = str(check_not_trained_on(doubted, trained("adapter", "elsewhere_train"), ALPACA))
    assert "not known whether it was trained on demo train (elsewhere_train)" in said
    converted()
    (ALPACA / "demo.short_testa.json").write_text("[]")
    said = str(
        check_not_trained_on(doubted, student("student", "demo.short_testa", model=str(student("first"))), ALPACA)
    )
    assert "(demo.short_testa, the data sets of first)" in said


def test_a_system_with_other_labels_or_without_confidences_is_refused(workdir: Path) -> None:
    system = SystemChoice(SystemOptions(), AdapterChoice(str(student("s")))).annotator(None, Path()).system
    with pytest.raises(
        LmnError, match=r"s: answers with PER, and the corpus has .*; name a system with the same labels"
    ):
        check_answers("s", system, load_card("demo"))
    card = replace(load_card("demo"), labels=LabelSet.of("PER"))
    check_answers("s", system, card)
    system.gives_confidences = False  # type: ignore[misc]
    with pytest.raises(LmnError, match="s: gives no confidences"):
        check_answers("s", system, card)
