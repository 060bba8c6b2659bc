"""A student as the learner of a simulation: trained on some sentences for a number of steps, and scored."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from ...counts import Counts
from ...data_converters.cards import Card
from ...errors import LmnError
from ...eval.scoring.counts import strict_counts
from ...labels import LabelSet
from ...records import Answer
from ...sentence import Join, Sentence
from ...standard_input import kept_from_libraries
from ...systems.options import SystemOptions
from ...systems.student import Student, StudentPlace
from ...training.failures import training_errors
from ...training.recipe import TOKEN_CLASSIFICATION, Recipe, load_recipe

if TYPE_CHECKING:
    from ...students.training import TrainingData

_UNUSED = (
    "dataset", "eval_dataset", "dataset_dir", "output_dir", "num_train_epochs", "max_steps", "seed", "early_stopping_patience",
)  # fmt: skip
"""Keys of a recipe that a simulation sets or leaves out: the number of steps is the same for all trainings that are compared."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A student that was trained, and what its training went through.

    Attributes:
        student: The student.
        steps: Number of optimiser steps.
        best_step: Step of the weights that were kept, those with the best F1 on dev; None if they are the last ones.
        dev_f1: That F1; None without dev sentences.
        notes: Lines for people about what was left out or not read as it stands.
    """

    student: Student
    steps: int
    best_step: int | None
    dev_f1: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StudentLearner:
    """Trains students on sentences of a corpus.

    Attributes:
        recipe: Recipe of a student. Its data sets, epochs, seed, early stopping and output folder are not used.
        labels: Labels of the corpus.
        join: What stands between two tokens.
        nested: Whether entities nest in the corpus; a student learns the outer ones.
        corpus: Name of the corpus.
    """

    recipe: Recipe
    labels: LabelSet
    join: Join
    nested: bool
    corpus: str

    @classmethod
    def of(cls, path: Path, overrides: Sequence[str], card: Card) -> StudentLearner:
        """Return the learner of a recipe.

        Args:
            path: Recipe of a student.
            overrides: `key=value` words for it.
            card: Card of the corpus.

        Raises:
            LmnError: It is no recipe of a student, or has a key that does not fit.
        """
        from ...launching.arguments import check_model, student_arguments

        recipe = load_recipe(path, overrides)
        if not recipe.is_student:
            raise LmnError("trains no student", path, f"name a recipe with task: {TOKEN_CLASSIFICATION}")
        check_model(student_arguments(recipe))
        return cls(recipe, card.labels, card.join, card.nested, card.name)

    @property
    def settings(self) -> dict[str, Any]:
        """What the students follow from besides sentences, steps and seeds, for JSON."""
        return {key: value for key, value in self.recipe.values.items() if key not in _UNUSED}

    def train(
        self, sentences: Sequence[Sentence], folder: Path, *, steps: int, seed: int, start: Path | None = None,
        dev: Sequence[Sentence] = (), evaluations: int = 10, datasets: Sequence[str] = (),
    ) -> Outcome:  # fmt: skip
        """Train a student, and return it.

        Args:
            sentences: Sentences to train on, with their entities.
            folder: Folder of the student; an earlier one there is removed.
            steps: Number of optimiser steps.
            seed: Seed of new weights and of the order of the sentences.
            start: Folder of a student whose weights and head the training begins with; None for the recipe's encoder.
            dev: Sentences by which the weights are chosen; empty to keep the last ones.
            evaluations: Number of times that the student is scored on them, evenly over the steps; 0 to keep the last ones, too.
            datasets: Names of what the sentences come from, for the student's file.

        Raises:
            LmnError: The training fails, or there is no sentence.
        """
        from ...students.training import prepare_sentences
        from ...students.training import train as train_prepared

        dev = dev if evaluations else ()
        recipe = self._recipe(folder, steps, seed, max(1, steps // evaluations) if dev else None)
        rmtree(folder, ignore_errors=True)
        with training_errors(recipe.path, folder, sharing=False, trainer="transformers"), kept_from_libraries():
            prepared = prepare_sentences(recipe, self._data(sentences, dev, datasets), start)
            trained = train_prepared(prepared, None)
        for checkpoint in folder.glob("checkpoint-*"):
            rmtree(checkpoint, ignore_errors=True)
        best = trained.best
        return Outcome(
            Student(StudentPlace.of_recipe(recipe, folder), SystemOptions()), steps, best.step if best else None,
            best.f1 if best else None, prepared.notes,
        )  # fmt: skip

    def _recipe(self, folder: Path, steps: int, seed: int, every: int | None) -> Recipe:
        """Return the recipe of a training that is never continued; it is scored every so many steps, or not at all."""
        values = {**self.settings, "output_dir": str(folder), "max_steps": steps, "seed": seed}
        values |= {"dataset": f"{self.corpus}_train", "logging_strategy": "steps", "logging_steps": every or steps}
        if every:
            values |= {"eval_dataset": f"{self.corpus}_dev", "eval_strategy": "steps", "eval_steps": every}
            values |= {"save_strategy": "steps", "save_steps": every, "save_only_model": True}
        else:
            values |= {"eval_strategy": "no", "save_strategy": "no"}
        return Recipe(self.recipe.path, values)

    def _data(self, train: Sequence[Sentence], dev: Sequence[Sentence], datasets: Sequence[str]) -> TrainingData:
        from ...students.examples import learnable
        from ...students.training import TrainingData

        names = tuple(datasets) or (f"{self.corpus} (sentences: {len(train):,})",)
        return TrainingData(
            self.labels, self.join, self.nested, self.corpus, names, learnable(train), learnable(dev) if dev else None,
            (f"{self.corpus} dev",) if dev else (),
        )  # fmt: skip


def counts_of(gold: Sequence[Sentence], answers: Sequence[Answer]) -> list[Counts]:
    """Return the strict counts of each sentence, given a student's answers to them."""
    return [strict_counts(one.spans, answer.spans or ()) for one, answer in zip(gold, answers, strict=True)]


def forget(folder: Path) -> None:
    """Remove the folder of a student that is not kept."""
    with suppress(OSError):
        rmtree(folder)
