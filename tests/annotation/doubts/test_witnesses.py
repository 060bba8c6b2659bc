"""Other systems that are asked: not those that have learned the errors, and only with the labels of the corpus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner import LabelSet, LmnError, Sentence
from llms_meet_ner.annotation.choosing import SystemChoice
from llms_meet_ner.annotation.doubts.witnesses import Learned, check_answers, learned_by, witness
from llms_meet_ner.annotation.simulation.pool import words_of
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.evaluate import Gold, read_gold
from llms_meet_ner.records import Answer
from llms_meet_ner.students.student_file import StudentFile
from llms_meet_ner.systems.adapter_choice import AdapterChoice
from llms_meet_ner.systems.counting import CountingBaseline
from llms_meet_ner.systems.options import SystemOptions

ALPACA = Path("data/alpaca")


class Sure(CountingBaseline):
    """A baseline that is as sure of all of its entities."""

    gives_confidences = True

    def answer(self, sentences: Sequence[Sentence]) -> list[Answer]:
        return [replace(one, confidences=(0.75,) * len(one.spans or ())) for one in super().answer(sentences)]


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
    line = r"adapter: was trained on 400 of the 400 sentences of demo train \(demo.short_train\), and has learned the errors"
    with pytest.raises(LmnError, match=line):
        learned_by(gold("demo", "train"), folder, ALPACA)
    assert learned_by(gold("demo", "testb"), folder, ALPACA) == Learned(frozenset(), ())
    with pytest.raises(LmnError, match="was trained on 400 of the 400"):
        learned_by(gold("demo", "train"), student("student", "demo.short_train"), ALPACA)


def test_what_a_system_was_trained_on_it_does_not_judge(workdir: Path) -> None:
    converted()
    folder = trained("adapter", "demo.short_train")
    own, other = gold("demo", "train"), gold("demo", "testb")
    upper = [replace(one, tokens=tuple(map(str.upper, one.tokens))) for one in own.sentences[:2]]
    mixed = replace(other, sentences=[*upper, *other.sentences[:2]])
    learned = learned_by(mixed, folder, ALPACA)
    assert learned.words == {words_of(one) for one in upper}, "half may be known, whatever the case"
    assert learned.lines == (
        "adapter: was trained on 2 of the 4 sentences of demo testb (demo.short_train), and does not judge these",
    )
    with pytest.raises(
        LmnError, match=r"2 of the 3 sentences of demo testb .*; name a system that was trained on at most half"
    ):
        learned_by(replace(mixed, sentences=mixed.sentences[:3]), folder, ALPACA)
    said = witness("w", Sure("gazetteer", mixed.sentences), mixed.sentences, Path("d"), learned)
    assert said.entities[:2] == [None, None]
    assert said.entities[2:] == [dict.fromkeys(one.spans, 0.75) for one in mixed.sentences[2:]] != [{}, {}]


def test_what_a_student_learned_before_it_was_trained_further_counts(workdir: Path) -> None:
    converted()
    student("first", "demo.short_train", model="last")
    student("further", "demo.short_testa", model="first")
    last = student("last", "demo.short_testa", model="further")
    with pytest.raises(
        LmnError, match=r"last: was trained on 400 of the 400 sentences of demo train \(demo.short_train\)"
    ):
        learned_by(gold("demo", "train"), last, ALPACA)


def test_a_split_of_another_name_with_the_same_words_is_refused(workdir: Path) -> None:
    converted()
    folder = trained("adapter", "demo.short_train")
    doubted = gold("demo", "train").first(3)
    doubted = replace(doubted, card=replace(doubted.card, name="mine"))
    with pytest.raises(LmnError, match=r"was trained on 3 of the 3 sentences of mine train \(demo.short_train\)"):
        learned_by(doubted, folder, ALPACA)


def test_what_is_not_known_is_said(workdir: Path) -> None:
    Path("plain").mkdir()
    doubted = gold("demo", "train")
    (said,) = learned_by(doubted, Path("plain"), ALPACA).lines
    assert "not known whether it was trained on demo train (its data sets)" in said
    (said,) = learned_by(doubted, trained("adapter", "elsewhere_train"), ALPACA).lines
    assert "not known whether it was trained on demo train (elsewhere_train)" in said
    converted()
    (ALPACA / "demo.short_testa.json").write_text("[]")
    (said,) = learned_by(doubted, student("student", "demo.short_testa", model=str(student("first"))), ALPACA).lines
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
