"""Other systems that are asked: not those that have learned the errors, and only with the labels of the corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner import LabelSet, LmnError
from llms_meet_ner.annotation.doubts.witnesses import check_not_trained_on
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.students.student_file import StudentFile

ALPACA = Path("data/alpaca")


def trained(folder: str, *names: str) -> Path:
    Path(folder).mkdir()
    (Path(folder) / "lmn_train.json").write_text(json.dumps({"data": dict.fromkeys(names, "a")}))
    return Path(folder)


def test_a_system_that_was_trained_on_the_split_is_refused(workdir: Path) -> None:
    assert CliRunner().invoke(lmn_convert, ["demo", "--variant", "short"]).exit_code == 0
    demo = load_card("demo")
    folder = trained("adapter", "demo.short_train")
    with pytest.raises(LmnError, match=r"adapter: was trained on demo train \(demo.short_train\), and has learned"):
        check_not_trained_on(folder, demo, "train", ALPACA)
    assert check_not_trained_on(folder, demo, "testa", ALPACA) is None
    assert check_not_trained_on(folder, load_card("wikigold"), "train", ALPACA) is None
    student = StudentFile(LabelSet.of("PER"), "linear", 64, 16, " ", False, "demo", ("demo.short_train",), "m", "r", 1)
    Path("student").mkdir()
    student.save(Path("student"))
    with pytest.raises(LmnError, match="was trained on demo train"):
        check_not_trained_on(Path("student"), demo, "train", ALPACA)


def test_what_is_not_known_is_said(workdir: Path) -> None:
    Path("plain").mkdir()
    demo = load_card("demo")
    assert "not known whether it was trained on demo train (its data sets)" in str(
        check_not_trained_on(Path("plain"), demo, "train", ALPACA)
    )
    folder = trained("adapter", "elsewhere_train")
    assert "not known whether it was trained on demo train (elsewhere_train)" in str(
        check_not_trained_on(folder, demo, "train", ALPACA)
    )
