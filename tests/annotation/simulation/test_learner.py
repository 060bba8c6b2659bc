"""The learner of a simulation, with a tiny encoder: so many steps, chosen on dev, begun from an earlier student."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tiny_encoders import student_recipe

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.simulation.learner import StudentLearner, counts_of, forget
from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.students.encoder import load_student

pytest.importorskip("torch")


@pytest.mark.parametrize("head", ["linear", "bilstm"])
def test_a_student_is_trained_for_some_steps_and_goes_on_from_an_earlier_one(workdir: Path, head: str) -> None:
    recipe = student_recipe(workdir, head=head, early_stopping_patience=1)
    card = load_card("demo")
    train, dev = (list(read_corpus(card, split)) for split in ("testa", "testb"))
    learner = StudentLearner.of(recipe, ["per_device_train_batch_size=4"], card)
    assert learner.settings["per_device_train_batch_size"] == 4
    first = learner.train(train[:30], Path("first"), steps=20, seed=1, dev=dev[:20], evaluations=4)
    assert first.steps == 20
    assert first.best_step in {5, 10, 15, 20}
    answers = first.student.answer(dev[:20])
    counts = sum(counts_of(dev[:20], answers), Counts())
    assert counts.f1 == pytest.approx(first.dev_f1)
    assert all(answer.confidences is not None and answer.uncertainty for answer in answers)
    assert not list(Path("first").glob("checkpoint-*"))

    again = learner.train(train[:30], Path("again"), steps=20, seed=1, dev=dev[:20], evaluations=4)
    assert [answer.spans for answer in again.student.answer(dev[:20])] == [answer.spans for answer in answers]
    unchanged = learner.of(recipe, ["learning_rate=0.0"], card)
    same = unchanged.train(train[30:40], Path("same"), steps=1, seed=2, start=Path("first"))
    assert (same.best_step, same.dev_f1) == (None, None)
    assert same.student.answer(dev[:20]) == answers
    with pytest.raises(LmnError, match="no student with the head and the labels"):
        learner.of(recipe, [f"head={'linear' if head == 'bilstm' else 'bilstm'}"], card).train(
            train[:4], Path("other"), steps=1, seed=1, start=Path("first")
        )
    assert load_student(Path("same")).file.corpus == "demo"
    forget(Path("same"))
    assert not Path("same").exists()


def test_a_student_with_other_labels_is_no_beginning(workdir: Path) -> None:
    recipe = student_recipe(workdir)
    card = load_card("demo")
    sentences = list(read_corpus(card, "testa"))[:4]
    learner = StudentLearner.of(recipe, [], card)
    learner.train(sentences, Path("first"), steps=1, seed=1)
    fewer = replace(learner, labels=LabelSet.of("PER", "LOC"))
    with pytest.raises(LmnError, match="begin with one of the same head and labels"):
        fewer.train([], Path("other"), steps=1, seed=1, start=Path("first"))


def test_a_recipe_of_llama_factory_is_refused() -> None:
    with pytest.raises(LmnError, match="trains no student"):
        StudentLearner.of(Path(__file__).parents[3] / "recipes/demo_smollm2.yaml", [], load_card("demo"))
