"""The cells of a budget simulation, with a tiny student: what they are trained on, and that a run that was killed goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from simulated import label_mini, mini_pool, write_mini

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.simulation.budget import BudgetRun, CellRow, Design, rows_of, seconds_a_step, settings_of
from llms_meet_ner.annotation.simulation.budget_design import REGIMES, Grid
from llms_meet_ner.annotation.simulation.learner import Outcome, StudentLearner
from llms_meet_ner.annotation.simulation.llm_labels import read_llm_labels
from llms_meet_ner.annotation.simulation.rows import opened_rows

pytest.importorskip("torch")

GRID = Grid((10.0, 50.0), 1, 1, REGIMES)


class Watched(StudentLearner):
    """A learner that notes what it was given, and may be killed."""

    given: ClassVar[list[tuple[int, int, str | None, int]]] = []
    killed_at: ClassVar[int] = 99

    def train(self, sentences: Any, folder: Path, **options: Any) -> Outcome:
        if len(self.given) == self.killed_at:
            raise KeyboardInterrupt
        start = options.get("start")
        self.given.append((len(sentences), options["steps"], start and start.name, options["seed"]))
        return super().train(sentences, folder, **options)


def run(design: Design, **options: Any) -> list[CellRow]:
    with opened_rows(Path("out/rows.jsonl"), settings_of(design)) as rows:
        BudgetRun(design, GRID, rows, Path("out"), **options).run(lambda _: None)
        return [row for _, row in rows_of(rows)]


@pytest.mark.slow
def test_every_cell_is_trained_on_what_its_regime_says_and_a_killed_run_goes_on(workdir: Path) -> None:
    recipe = write_mini()
    label_mini(Path("llm"))
    pool = mini_pool()
    learner = StudentLearner.of(recipe, [], pool.card)
    watched = Watched(learner.recipe, learner.labels, learner.join, learner.nested, learner.corpus)
    llm = read_llm_labels(Path("llm"), pool)
    design = Design(pool, watched, llm, steps=4, evaluations=1, least=0.5, seed=42)
    design.check(GRID)
    Watched.given, Watched.killed_at = [], 5
    with pytest.raises(KeyboardInterrupt):
        run(design)
    assert len(list(Path("out/models").rglob("all_results.json"))) == 1  # the stage that other budgets begin with
    Watched.killed_at = 99
    rows = run(design)
    by_name = {(row.budget, row.regime): row for row in rows}
    assert len(rows) == len(by_name) == 1 + 2 * 4 + 1
    assert all(row.steps == 4 and len(row.test) == len(pool.test) == 20 for row in rows)
    kept = {budget: by_name[budget, "filtered"].llm_sentences for budget in (10.0, 50.0)}
    assert Watched.given == [
        (40, 4, None, 42), (4, 4, None, 42), (40, 4, None, 42), (40, 2, None, 42), (4, 2, "llm-stage", 42),
        (4 + kept[10.0], 4, None, 42), (20, 4, None, 42), (40, 4, None, 42), (20, 2, "llm-stage", 42),
        (20 + kept[50.0], 4, None, 42), (40, 4, None, 42),
    ]  # fmt: skip
    assert (by_name[10, "filtered"].calibrated_on, by_name[50, "filtered"].calibrated_on) == (4, 20)
    assert (by_name[10, "mixed"].expert_sentences, by_name[10, "mixed"].llm_sentences) == (4, 36)
    assert not Path("out/models").exists()
    again = run(design)
    assert [replace(row, seconds=0) for row in again] == [replace(row, seconds=0) for row in rows]
    assert len(Watched.given) == 11
    with pytest.raises(LmnError, match="other settings: steps was 4 and is 12"):
        run(replace(design, steps=12))


def test_steps_are_counted_with_a_stage_that_budgets_share(workdir: Path) -> None:
    recipe = write_mini()
    pool = mini_pool()
    design = Design(pool, StudentLearner.of(recipe, [], pool.card), None, 11, 2, 0.5, 42)
    with opened_rows(Path("rows.jsonl"), {}) as rows:
        assert BudgetRun(design, GRID, rows, Path()).steps_left == 8 * 11 + 2 * 6 + 5
    with pytest.raises(LmnError, match="need labels of a model"):
        design.check(GRID)
    design.check(replace(GRID, regimes=("expert",)))
    assert seconds_a_step(design, Path("out"), 2) > 0
    assert not Path("out/models/timing").exists()
