"""The rounds themselves: weights that are gone on from, and counts of answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from annotating import rows, simulate_active
from tiny_encoders import student_recipe

from llms_meet_ner import Sentence, Span
from llms_meet_ner.alignment import EXACT, Alignment
from llms_meet_ner.annotation.simulation.active import START, Round, answers_of, counts_on
from llms_meet_ner.students.student_file import StudentFile


def test_the_first_round_of_every_strategy_comes_after_the_common_start() -> None:
    one = Round("mnlp", 3, 1)
    assert one.cell == "mnlp/seed-3/round-01"
    assert one.before == Round(START, 3, 0)
    assert Round("mnlp", 3, 2).before == one
    assert one.folder(Path("out")) == Path("out/rounds/mnlp/seed-3/round-01")


def test_counts_are_strict_and_by_sentence() -> None:
    class Marks:
        def prepare(self, sentences: list[Sentence]) -> Any:
            self.answers = lambda: ["first", "second"]
            return self

        def read(self, answer: str, sentence: Sentence) -> Alignment:
            return Alignment((Span(0, 1, "PER"), *([Span(1, 2, "LOC")] if answer == "second" else [])), EXACT)

    gold = [Sentence("a", ("x", "y"), (Span(0, 1, "PER"),)), Sentence("b", ("x", "y"), (Span(0, 2, "PER"),))]
    system: Any = Marks()
    assert counts_on(system, gold).tolist() == [[1, 1, 1], [0, 2, 1]]
    assert answers_of(system, []) == []


def test_the_published_rounds_go_on_from_the_weights_before_and_models_may_be_kept(workdir: Path) -> None:
    pytest.importorskip("torch")
    student_recipe(workdir)
    simulate_active(
        "--preset",
        "published",
        "--strategies",
        "random",
        "--rounds",
        "2",
        "--seeds",
        "1",
        "--keep-models",
        "--out",
        "out",
    )
    found = rows(Path("out/rows.jsonl"))[1:]
    assert [row["sentences"] for row in found] == [7, 17, 27]
    kept = [Path("out/rounds") / row["cell"] / "weights" for row in found]
    assert all((folder / "model.safetensors").is_file() for folder in kept)
    assert StudentFile.load(kept[-1]).model == "encoder"
