"""What learns in a simulation of active learning: a student, or an adapter, whose copy decoding says how unsure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any, Protocol

from ...data_converters.cards import Card
from ...errors import LmnError
from ...eval.studies.commands import run_command
from ...files import atomic_write
from ...sentence import Sentence
from ...systems.options import SystemOptions
from ...systems.recipe_adapter import RecipeAdapter
from ...systems.system import System
from ...terminal import echo
from ...training.recipe import Recipe, load_recipe
from ...yaml_text import to_yaml
from .active_data import Prompt, prompt_of, write_data
from .learner import StudentLearner

_BATCH_KEY, _ACCUMULATION_KEY = "per_device_train_batch_size", "gradient_accumulation_steps"
_SET_HERE = (
    "dataset", "eval_dataset", "dataset_dir", "output_dir", "num_train_epochs", "max_steps", "seed", "eval_strategy", "val_size",
    "plot_loss",
)  # fmt: skip
"""Keys of an adapter's recipe that a simulation sets or leaves out."""


class RoundLearner(Protocol):
    """Trains a system on the sentences that are labelled so far."""

    @property
    def settings(self) -> dict[str, Any]:
        """Keys of the recipe that a training follows from besides sentences, steps and seed."""
        ...

    @property
    def described(self) -> dict[str, Any]:
        """All that it follows from besides these, for JSON: the keys, and the prompt where there is one."""
        ...

    @property
    def prompt(self) -> Prompt:
        """Prompt of the data sets that are written; a student reads none."""
        ...

    @property
    def batch_size(self) -> int:
        """Number of examples of a step."""
        ...

    @property
    def is_student(self) -> bool:
        """Whether it trains a student; otherwise it trains an adapter."""
        ...

    def train(
        self, sentences: Sequence[Sentence], folder: Path, *, steps: int, seed: int, start: Path | None = None
    ) -> System:
        """Train, and return the system.

        Args:
            sentences: Sentences with their gold.
            folder: Folder of its weights; what is there is removed.
            steps: Number of optimiser steps.
            seed: Seed of the training.
            start: Folder of the weights that the training goes on from; None to begin from the base.

        Raises:
            LmnError: The training fails.
        """
        ...


@dataclass(frozen=True, slots=True)
class StudentRounds:
    """Trains students.

    Attributes:
        learner: What trains one.
        said: Lines about the data that were printed, so that none comes twice.
    """

    learner: StudentLearner
    said: set[str] = field(default_factory=set)

    is_student = True
    prompt = Prompt()

    @property
    def settings(self) -> dict[str, Any]:
        """The recipe's keys."""
        return self.learner.settings

    @property
    def described(self) -> dict[str, Any]:
        """The recipe's keys."""
        return self.settings

    @property
    def batch_size(self) -> int:
        """The recipe's batch, 8 unless it says otherwise."""
        return _batch(self.learner.settings)

    def train(
        self, sentences: Sequence[Sentence], folder: Path, *, steps: int, seed: int, start: Path | None = None
    ) -> System:
        """Train a student; its last weights are kept, and dev has no part in them."""
        outcome = self.learner.train(sentences, folder, steps=steps, seed=seed, start=start)
        for note in outcome.notes:
            if note not in self.said:
                self.said.add(note)
                echo(note, err=True)
        return outcome.student


@dataclass(frozen=True, slots=True)
class AdapterRounds:
    """Trains adapters by `lmn-train`, each in a process of its own; they answer by constrained decoding.

    Attributes:
        recipe: Recipe of an adapter. Its data sets, epochs, seed, evaluation and output folder are not used.
        card: Card of the corpus.
        prompt: Prompt of all trainings, as it was when the simulation began.
    """

    recipe: Recipe
    card: Card
    prompt: Prompt

    is_student = False

    @property
    def settings(self) -> dict[str, Any]:
        """The recipe's keys."""
        return {key: value for key, value in self.recipe.values.items() if key not in _SET_HERE}

    @property
    def described(self) -> dict[str, Any]:
        """The recipe's keys and the prompt."""
        return {**self.settings, "format": self.prompt.format, "variant": self.prompt.variant}

    @property
    def batch_size(self) -> int:
        """The recipe's batch with its accumulated steps."""
        return _batch(self.settings)

    def train(
        self, sentences: Sequence[Sentence], folder: Path, *, steps: int, seed: int, start: Path | None = None
    ) -> System:
        """Train an adapter."""
        rmtree(folder, ignore_errors=True)
        data = data_folder_of(folder)
        dataset = write_data(self.card, sentences, data, f"{self.card.title}, {len(sentences)} sentences", self.prompt)
        values = {
            **self.settings, "dataset": dataset, "dataset_dir": str(data / "alpaca"), "output_dir": str(folder), "max_steps": steps,
            "seed": seed, "save_strategy": "no",
        }  # fmt: skip
        if start:
            values["adapter_name_or_path"] = str(start)
        path = data / "recipe.yaml"
        with atomic_write(path) as file:
            file.write(to_yaml(values))
        run_command("lmn-train", path)
        return RecipeAdapter(load_recipe(path), SystemOptions())


def learner_of(path: Path, overrides: Sequence[str], card: Card) -> RoundLearner:
    """Return the learner of a recipe: a student, or an adapter.

    Args:
        path: The recipe.
        overrides: `key=value` words for it.
        card: Card of the corpus.

    Raises:
        LmnError: The recipe is wrong.
    """
    recipe = load_recipe(path, overrides)
    if recipe.is_student:
        return StudentRounds(StudentLearner.of(path, overrides, card))
    prompt, note = prompt_of(recipe)
    if note:
        echo(note, err=True)
    return AdapterRounds(recipe, card, prompt)


def data_folder_of(weights: Path) -> Path:
    """Return the folder of the data that an adapter was trained on."""
    return weights.with_name(f"{weights.name}-data")


def _batch(values: dict[str, Any]) -> int:
    sizes = (values.get(_BATCH_KEY, 8), values.get(_ACCUMULATION_KEY, 1))
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        raise LmnError(
            f"{_BATCH_KEY} and {_ACCUMULATION_KEY} are {sizes[0]!r} and {sizes[1]!r}", remedy="write whole numbers"
        )
    return int(sizes[0] * sizes[1])
