"""The cells of a budget simulation: each is a student, trained on what a budget buys in a regime, and scored on dev and test."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...counts import Counts
from ...errors import LmnError
from ...files import read_json
from ...sentence import Sentence
from ...terminal import echo
from ...typed_json import Count, from_json, to_json
from .budget_design import BALANCED, EXPERT, FILTERED, LLM_FIRST, MIXED, Cell, Grid, ordered, size_of
from .filtering import kept_by_confidence
from .learner import Outcome, StudentLearner, counts_of, forget
from .llm_labels import LlmLabels
from .own_folder import check_own, forget_own, make_own
from .pool import Pool, tokens_of
from .rows import Rows

MODELS_FOLDER = "simulated-students"
_STAGE = "llm-stage"


@dataclass(frozen=True, slots=True)
class Design:
    """What the cells of a simulation follow from.

    Attributes:
        pool: Pool, dev and test.
        learner: Trains the students.
        llm: Labels of a model on the pool; None where no regime needs them.
        steps: Number of optimiser steps of every student. In the regime `llm-first`, half of them are on the model's labels.
        evaluations: Number of times that a student is scored on dev while it is trained, in each of its stages, so that the best weights
            are kept; 0 to keep the last ones.
        least: Least calibrated probability of a sentence of the model that the regime `filtered` keeps.
        seed: Seed of the orders of the pool and of the trainings.
    """

    pool: Pool
    learner: StudentLearner
    llm: LlmLabels | None
    steps: int
    evaluations: int
    least: float
    seed: int

    def check(self, grid: Grid) -> None:
        """Make sure that the labels of a model are there that the regimes need, with certainties where they are.

        Raises:
            LmnError: They are not.
        """
        if grid.asks_llm and self.llm is None:
            raise LmnError(
                f"the regimes {', '.join(regime for regime in grid.regimes if regime != EXPERT)} need labels of a model", "--llm",
                "name a corpus that lmn-annotate run has labelled, or --regimes expert",
            )  # fmt: skip
        if FILTERED in grid.regimes and self.llm and not self.llm.certainties:
            raise LmnError(
                "gives neither uncertainty nor confidences for all its sentences, so that none can be kept by them", self.llm.folder,
                f"leave {FILTERED} out of --regimes",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CellRow:
    """A finished cell.

    Attributes:
        fold: Number of the order of the pool, from 0.
        seed: Number of the training, from 0.
        budget: Share of the pool that the expert has labelled, in percent.
        regime: What was done with the labels.
        expert_sentences: Number of these sentences.
        expert_tokens: Number of their tokens.
        llm_sentences: Number of sentences with the model's labels that the student was trained on.
        steps: Number of optimiser steps, of all stages together.
        best_step: Step of the last stage whose weights were kept; None for the last one.
        dev: Strict counts of each sentence of dev: correct, predicted, gold.
        test: The same of test.
        seconds: Time of the training and the scoring.
        calibrated_on: Number of sentences that the model's confidences were calibrated on; None where they are not used.
        right: Number of these that the model has labelled exactly right.
    """

    fold: Count
    seed: Count
    budget: float
    regime: str
    expert_sentences: Count
    expert_tokens: Count
    llm_sentences: Count
    steps: Count
    best_step: int | None
    dev: tuple[tuple[int, int, int], ...]
    test: tuple[tuple[int, int, int], ...]
    seconds: float
    calibrated_on: int | None = None
    right: int | None = None

    def counts(self, split: str) -> list[Counts]:
        """Return the counts of each sentence of `dev` or `test`."""
        return [Counts(*row) for row in getattr(self, split)]

    def f1(self, split: str) -> float:
        """Return the strict micro F1 on `dev` or `test`."""
        return sum(self.counts(split), Counts()).f1


def rows_of(rows: Rows) -> Iterator[tuple[str, CellRow]]:
    """Yield the finished cells of a file of rows by name.

    Raises:
        LmnError: A row is damaged.
    """
    for cell, row in rows.items():
        where = f"{rows.path}: {cell}"
        yield cell, from_json(CellRow, row, where, writer="lmn-annotate simulate budget", remedy="remove its line")


@dataclass(frozen=True, slots=True)
class _Material:
    """What a cell is trained on: the expert's sentences, and those with the model's labels."""

    expert: list[Sentence]
    llm: list[Sentence]
    calibrated_on: int | None = None
    right: int | None = None


class BudgetRun:
    """Trains and scores the cells of a grid that are not finished.

    Args:
        design: What the cells follow from.
        grid: The grid.
        rows: File of the finished cells.
        folder: Folder of the simulation, in which the students lie.
        keep_models: Whether the students stay when they are scored.
    """

    def __init__(self, design: Design, grid: Grid, rows: Rows, folder: Path, *, keep_models: bool = False) -> None:
        self._design = design
        self._grid = grid
        self._rows = rows
        self._folder = folder / MODELS_FOLDER
        self._keep = keep_models
        self._notes: set[str] = set()

    @staticmethod
    def check_folder(folder: Path) -> None:
        """Make sure, before anything is written, that the folder of the students can be the simulation's own.

        Args:
            folder: Folder of the simulation.

        Raises:
            LmnError: It holds something that no simulation has made.
        """
        check_own(folder / MODELS_FOLDER)

    @property
    def left(self) -> list[Cell]:
        """The cells that are not finished."""
        return [cell for cell in self._grid.cells() if cell.name not in self._rows]

    @property
    def steps_left(self) -> int:
        """Number of optimiser steps of the trainings that are not finished."""
        cells, steps = self.left, self._design.steps
        stages = len({cell.group for cell in cells if cell.regime == LLM_FIRST})
        first = steps // 2
        return sum(steps - first if cell.regime == LLM_FIRST else steps for cell in cells) + stages * first

    def run(self, said: Callable[[str], None] = echo) -> None:
        """Train and score what is left, cell by cell.

        Args:
            said: Takes a line for people after each cell.

        Raises:
            LmnError: A training fails.
        """
        if not len(self._rows):
            forget_own(self._folder)  # students of an earlier simulation, of which no row is left
        make_own(self._folder)
        total, start, at_start = len(list(self._grid.cells())), time.monotonic(), self.steps_left
        for cell in self.left:
            row = self._finished(cell)
            self._rows.append(cell.name, to_json(row))
            done, left = total - len(self.left), self.steps_left
            minutes = (time.monotonic() - start) / max(1, at_start - left) * left / 60
            said(
                f"{done} of {total}: {cell.name}: F1 on dev {row.f1('dev'):.4f}, {row.seconds:.0f} s; left: {minutes:.0f} min"
            )
            if not self._keep and not any(other.group == cell.group for other in self.left):
                forget(self._folder / cell.group)
        if not self._keep:
            forget_own(self._folder)

    def _finished(self, cell: Cell) -> CellRow:
        """Train and score a cell."""
        design, start = self._design, time.monotonic()
        material = self._material(cell)
        outcome, steps = self._trained(cell, material)
        for note in outcome.notes:
            if note not in self._notes:
                self._notes.add(note)
                echo(f"{cell.name}: {note}", err=True)
        dev, test = (
            tuple(
                (one.correct, one.predicted, one.gold) for one in counts_of(part, outcome.student.answer(part))
            )
            for part in (design.pool.dev, design.pool.test)
        )  # fmt: skip
        if not self._keep:
            forget(self._folder / cell.name)
        return CellRow(
            cell.fold, cell.seed, cell.budget, cell.regime, len(material.expert), tokens_of(material.expert), len(material.llm), steps,
            outcome.best_step, dev, test, round(time.monotonic() - start, 1), material.calibrated_on, material.right,
        )  # fmt: skip

    def _material(self, cell: Cell) -> _Material:
        """Return what a cell is trained on."""
        design, llm = self._design, self._design.llm
        order = ordered(design.pool.train, cell.fold, design.seed)
        size = size_of(cell.budget, len(order))
        expert, others = order[:size], order[size:]
        if cell.regime == EXPERT or llm is None:
            return _Material(expert, [])
        if cell.regime == FILTERED:
            kept = kept_by_confidence(llm, expert, others, design.least)
            return _Material(expert, list(kept.sentences), kept.calibrated_on, kept.right)
        wanted = others if cell.regime in (MIXED, BALANCED) else order
        return _Material(expert, [llm.sentences[one.id] for one in wanted if one.id in llm.sentences])

    def _trained(self, cell: Cell, material: _Material) -> tuple[Outcome, int]:
        """Train the student of a cell; return it with the number of its steps."""
        steps = self._design.steps
        if cell.regime != LLM_FIRST:
            times = repeats(len(material.expert), len(material.llm)) if cell.regime == BALANCED else 1
            return self._train(cell, cell.name, material.expert * times + material.llm, steps, None), steps
        first = steps // 2
        stage = self._stage(cell, material.llm, first)
        return self._train(cell, cell.name, material.expert, steps - first, stage), steps

    def _stage(self, cell: Cell, sentences: list[Sentence], steps: int) -> Path:
        """Return the folder of the student of the first stage, which all budgets of a fold and a seed begin with.

        A training that was killed leaves no file that a finished one leaves last, and begins again.
        """
        name = f"{cell.group}/{_STAGE}"
        folder = self._folder / name
        if not (folder / _DONE).is_file():
            self._train(cell, name, sentences, steps, None)
        return folder

    def _train(self, cell: Cell, name: str, sentences: Sequence[Sentence], steps: int, start: Path | None) -> Outcome:
        design = self._design
        return design.learner.train(
            sentences, self._folder / name, steps=steps, seed=cell.training_seed(design.seed), start=start,
            dev=design.pool.dev, evaluations=design.evaluations, datasets=(f"{design.pool.card.name} {cell.name}",),
        )  # fmt: skip


def repeats(expert: int, llm: int) -> int:
    """Return how often each sentence of the expert stands in the training, so that about half of it is the expert's."""
    return max(1, round(llm / expert)) if expert else 1


_DONE = "all_results.json"
"""File of a training that is written last."""


def settings_of(design: Design) -> dict[str, Any]:
    """Return what every row follows from, for the first line of the file of rows. The grid is not among it: it can be widened."""
    return {
        "simulation": "budget",
        "corpus": design.pool.card.name,
        "pool": design.pool.sha256,
        "dev_sentences": len(design.pool.dev),
        "recipe": design.learner.settings,
        "llm": design.llm.sha256 if design.llm else None,
        "llm_labels": design.llm.labels_sha256 if design.llm else None,
        "steps": design.steps,
        "evaluations": design.evaluations,
        "least_probability": design.least,
        "seed": design.seed,
    }


def seconds_a_step(design: Design, steps: int = 10) -> float:
    """Return the time of an optimiser step, in seconds, from a short training on the pool, loading aside.

    Raises:
        LmnError: The training fails.
    """
    with tempfile.TemporaryDirectory(prefix="lmn-probe-") as folder:
        place = Path(folder) / "timing"
        design.learner.train(design.pool.train, place, steps=steps, seed=design.seed)
        runtime: float = read_json(place / _DONE)["train_runtime"]
    return max(0.001, runtime / steps)


def unbought_of(design: Design, shown: Sequence[Sentence]) -> Callable[[int, float], tuple[int, int]]:
    """Return what counts the sentences that the model was shown and that a budget of a fold does not hold, and their tokens."""

    def count(fold: int, budget: float) -> tuple[int, int]:
        order = ordered(design.pool.train, fold, design.seed)
        bought = {one.id for one in order[: size_of(budget, len(order))]}
        left = [one for one in shown if one.id not in bought]
        return len(left), tokens_of(left)

    return count
