"""The trainings of a corpus's judges; `tests/annotation/cli/test_doubts.py` trains them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_encoders import student_recipe

from llms_meet_ner import LmnError, Sentence, Span
from llms_meet_ner.annotation.doubts.folds import fold
from llms_meet_ner.annotation.doubts.out_of_fold import Judging, flat
from llms_meet_ner.annotation.simulation.learner import StudentLearner
from llms_meet_ner.data_converters import load_card, read_corpus

pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("overrides", "steps"),
    [((), 2 * 3), (("num_train_epochs=1.5",), 5), (("max_steps=4",), 4), (("gradient_accumulation_steps=3",), 2)],
)  # fmt: skip
def test_a_fold_takes_the_steps_of_the_recipe(workdir: Path, overrides: tuple[str, ...], steps: int) -> None:
    recipe = student_recipe(workdir)
    card = load_card("demo")
    sentences = list(read_corpus(card, "testa"))[:40]
    judging = Judging(sentences, fold(sentences, 2, 1), StudentLearner.of(recipe, overrides, card), 1)
    one = judging.folding.folds[0]
    assert 17 <= len(one.train) <= 24
    assert judging.steps(one) == steps
    assert f"{2 * steps:,} steps together" in judging.plan()[1]


def test_outer_entities_are_kept_and_inner_ones_counted() -> None:
    nested = Sentence("c/train/0", ("a", "b", "c"), (Span(0, 3, "ORG"), Span(1, 2, "LOC")))
    found, inner = flat([nested, Sentence("c/train/1", ("d",), (Span(0, 1, "PER"),))])
    assert [one.spans for one in found] == [(Span(0, 3, "ORG"),), (Span(0, 1, "PER"),)]
    assert inner == 1


def test_rows_that_are_no_judgements_are_refused(workdir: Path) -> None:
    recipe = student_recipe(workdir)
    card = load_card("demo")
    sentences = list(read_corpus(card, "testa"))[:4]
    Path("rows.jsonl").write_text("[]\n")
    with pytest.raises(LmnError, match=r"rows.jsonl:1: not a JSON mapping"):
        Judging(sentences, fold(sentences, 2, 1), StudentLearner.of(recipe, (), card), 1).run(Path(), {})
