"""The cells of a budget simulation, with a tiny student: what they are trained on, and that a run that was killed goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from simulated import label_mini, mini_pool, write_mini

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.simulation.budget import (
    BudgetRun,
    CellRow,
    Design,
    repeats,
    rows_of,
    seconds_a_step,
    settings_of,
    unbought_of,
)
from llms_meet_ner.annotation.simulation.budget_design import REGIMES, Grid, ordered
from llms_meet_ner.annotation.simulation.learner import Outcome, StudentLearner
from llms_meet_ner.annotation.simulation.llm_labels import read_llm_labels
from llms_meet_ner.annotation.simulation.rows import opened_rows

pytest.importorskip("torch")

GRID = Grid((10.0, 50.0), 1, 1, REGIMES)


class Watched(StudentLearner):
    """A learner that notes what it was given, and may be killed."""

    given: ClassVar[list[tuple[Any, int, str | None, int]]] = []
    killed_at: ClassVar[int] = 99

    def train(self, sentences: Any, folder: Path, **options: Any) -> Outcome:
        start = options.get("start")
        self.given.append((sentences, options["steps"], start and start.name, options["seed"]))
        if len(self.given) == self.killed_at:
            raise KeyboardInterrupt
        return super().train(sentences, folder, **options)


def run(design: Design, grid: Grid, killed_at: int = 99) -> list[CellRow]:
    Watched.given, Watched.killed_at = [], killed_at
    with opened_rows(Path("out/rows.jsonl"), settings_of(design)) as rows:
        BudgetRun(design, grid, rows, Path("out")).run(lambda _: None)
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
    for regime, expert in (("mixed", 4), ("balanced", 4), ("llm", 0)):
        with pytest.raises(KeyboardInterrupt):
            run(design, Grid((10.0,), 1, 1, (regime,)), killed_at=1)
        given = Watched.given[0][0]
        assert len(given) == len(pool.train) + (
            (repeats(4, len(pool.train) - 4) - 1) * 4 if regime == "balanced" else 0
        )
        assert {one.id for one in given} == {one.id for one in pool.train}
        order = ordered(pool.train, 0, 42)
        assert {one.id: one for one in given} == {one.id: llm.sentences[one.id] for one in order} | {
            one.id: one for one in order[:expert]
        }

    grid = replace(GRID, regimes=("expert", "llm-first", "filtered"))
    with pytest.raises(KeyboardInterrupt):
        run(design, grid, killed_at=3)
    assert (
        len(list(Path("out/simulated-students").rglob("all_results.json"))) == 1
    )  # the stage that other budgets begin with
    first = list(Watched.given)
    rows = run(design, grid)
    by_name = {(row.budget, row.regime): row for row in rows}
    assert len(rows) == len(by_name) == 2 * 3 + 1
    assert all(row.steps == 4 and len(row.test) == len(pool.test) == 20 for row in rows)
    kept = {budget: by_name[budget, "filtered"].llm_sentences for budget in (10.0, 50.0)}
    stage = ("llm-stage", 42)
    assert [(len(given), *others) for given, *others in (*first, *Watched.given)] == [
        (4, 4, None, 42), (40, 2, None, 42), (4, 2, *stage),
        (4, 2, *stage), (4 + kept[10.0], 4, None, 42), (20, 4, None, 42), (20, 2, *stage), (20 + kept[50.0], 4, None, 42),
        (40, 4, None, 42),
    ]  # fmt: skip
    assert (by_name[10, "filtered"].calibrated_on, by_name[50, "filtered"].calibrated_on) == (4, 20)
    assert not Path("out/simulated-students").exists()
    assert run(design, grid) == rows
    assert not Watched.given
    with pytest.raises(LmnError, match="other settings: steps was 4 and is 12"):
        run(replace(design, steps=12), grid)


def test_steps_are_counted_with_a_stage_that_budgets_share(workdir: Path) -> None:
    recipe = write_mini()
    pool = mini_pool()
    design = Design(pool, StudentLearner.of(recipe, [], pool.card), None, 11, 2, 0.5, 42)
    with opened_rows(Path("rows.jsonl"), {}) as rows:
        assert BudgetRun(design, GRID, rows, Path()).steps_left == 10 * 11 + 2 * 6 + 5
    with pytest.raises(LmnError, match="need labels of a model"):
        design.check(GRID)
    design.check(replace(GRID, regimes=("expert",)))
    order = ordered(pool.train, 0, 42)
    count = unbought_of(design, (order[3], order[30]))
    assert [count(0, budget) for budget in (0.0, 10.0, 100.0)] == [
        (2, len(order[3].tokens) + len(order[30].tokens)), (1, len(order[30].tokens)), (0, 0),
    ]  # fmt: skip
    assert seconds_a_step(design, 2) > 0
    assert not Path("out").exists()
