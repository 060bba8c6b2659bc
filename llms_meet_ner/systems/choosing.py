"""The choice of a system, by a recipe and the options of a command."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..labels import LabelSet
from ..sentence import Join
from ..training.recipe import Recipe
from .base_model import BaseModel
from .options import SystemOptions
from .prompted import prompt_of
from .recipe_adapter import RecipeAdapter
from .served_model import ServedModel
from .student import Student, StudentPlace
from .system import System


def recipe_system(recipe: Recipe, options: SystemOptions, adapter: Path | None = None) -> System:
    """Return the system of a recipe: its adapter, its base model without training, or either behind a server; or its student.

    Args:
        recipe: Training configuration.
        options: Decoding, engine and examples.
        adapter: Folder of the adapter or student, such as a checkpoint's; None for the recipe's `output_dir`.

    Raises:
        LmnError: The prompt is not known: the data was not converted; or the options are not for a student.
    """
    if recipe.is_student:
        return Student(StudentPlace.of_recipe(recipe, adapter), options)
    if options.server:
        return ServedModel(recipe, options, options.server, options.shots)
    if options.shots:
        return BaseModel(recipe, options, options.shots)
    return RecipeAdapter(recipe, options, adapter)


class AnswerKind(NamedTuple):
    """What the answers of a system are like.

    Attributes:
        labels: Labels of the entities.
        nested: Whether entities may lie inside entities.
        join: Text between two tokens of a sentence.
    """

    labels: LabelSet
    nested: bool
    join: Join


def answer_kind(system: System) -> AnswerKind | None:
    """Return what the answers of a system are like, as its prompt asks or as a student has learned; None if neither says.

    Raises:
        LmnError: What says it is missing or damaged.
    """
    if isinstance(system, Student):
        return AnswerKind(system.labels, False, system.file.join)
    prompt = prompt_of(system)
    return AnswerKind(prompt.labels, prompt.nested, prompt.join) if prompt else None


def labels_of(system: System) -> LabelSet | None:
    """Return the labels that a system answers with; None if it does not say.

    Raises:
        LmnError: What says it is missing or damaged.
    """
    kind = answer_kind(system)
    return kind.labels if kind else None
