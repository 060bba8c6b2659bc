"""A scored run: its names, and how its parts are called in words."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from scored_runs import flat_scores, scored_run

from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.scored_run.run import (
    SCHEMA,
    Evaluation,
    Llms4nerScores,
    OursAndTheirs,
    ReferenceRow,
    ShownExamples,
)
from llms_meet_ner.systems.system import NamedModel
from llms_meet_ner.typed_json import to_json


def test_an_adapter_is_named_with_its_commit() -> None:
    assert str(NamedModel("tuned/final", None)) == "tuned/final"
    assert str(NamedModel("me/ner", "ab12")) == "me/ner at ab12"


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (ShownExamples(0, None, None, None, None, None), "0, without training"),
        (ShownExamples(2, "random", 42, "d", ("a", "b"), "0"), "2, without training; random, seed 42, of d: a, b"),
        (ShownExamples(1, "random", 0, "d", ("a",), "0"), "1, without training; random, seed 0, of d: a"),
        (ShownExamples(3, "covering", 1, "d", ("a", "b", "c"), "0"), "3, without training; covering, seed 1, of d: a, b, c"),
        (ShownExamples(5, "covering", 1, "d", tuple("abcde"), "0"), "5, without training; covering, seed 1, of d: a, b, c and 2 more"),
        (ShownExamples(2, "nearest", None, "d", None, "0"), "2, without training; nearest, of d"),
    ],
)  # fmt: skip
def test_examples_are_told_in_a_line(shown: ShownExamples, text: str) -> None:
    assert str(shown) == text


@pytest.mark.parametrize(
    ("kind", "name", "title"),
    [
        ("strict", "micro", "micro avg"),
        ("strict", "LOC", "LOC"),
        ("scenario", "exact", "nervaluate exact"),
        ("bio_tag", "B-LOC", "B-LOC"),
        ("bio_tag", "micro", "micro"),
    ],
)
def test_a_published_row_has_the_title_of_its_kind(kind: str, name: str, title: str) -> None:
    unknown = OursAndTheirs(None, None, None)
    assert ReferenceRow(kind, name, 2, unknown, unknown, unknown).title == title


def test_the_counts_of_labels_add_up() -> None:
    assert Llms4nerScores(0, {"LOC": Counts(1, 2, 3), "PER": Counts(1, 1, 4)}).micro == Counts(2, 3, 7)
    assert Llms4nerScores(0, {}).micro == Counts()


def test_a_run_has_the_name_of_its_folder_which_is_not_compared() -> None:
    run = scored_run(predictions="a/free/predictions.jsonl")
    moved = replace(run, path=Path("b/free-first3/scores.json"))
    assert (run.name, moved.name) == ("free", "free-first3")
    assert run == moved
    assert run != replace(run, decoding="constrained")
    with pytest.raises(FrozenInstanceError):
        run.limit = 3  # type: ignore[misc]


def test_the_schema_is_written_with_the_run() -> None:
    assert to_json(scored_run())["schema"] == scored_run().schema == SCHEMA
    assert "path" not in to_json(scored_run())


def test_a_notebook_shows_the_scores_of_a_run_and_of_its_evaluation() -> None:
    scores = flat_scores({"<LOC>": Counts(3, 4, 6)})
    run = scored_run(scores=scores)
    evaluation = Evaluation(run, ())
    assert evaluation.scores is scores
    assert run._repr_html_() == evaluation._repr_html_() == scores._repr_html_()
    assert "&lt;LOC&gt;" in run._repr_html_()
