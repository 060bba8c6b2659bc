"""What `lmn-train` does with the recipe of a student."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import LmnError
from ..rendering.tables import print_table
from ..terminal import echo

if TYPE_CHECKING:
    from ..launching.earlier import Beginning
    from ..students.training import Prepared, Trained
    from ..training.recipe import Recipe


def train_student(given: Recipe, *, dry_run: bool) -> None:
    """Say what will be trained, and train it unless it is only to be said.

    Raises:
        LmnError: A key, the data or the encoder is not as it has to be, an earlier training is in the way, or the training fails.
    """
    from ..launching.arguments import check_model, student_arguments
    from ..launching.earlier import beginning, keep_settings
    from ..launching.processes import is_on
    from ..standard_input import kept_from_libraries
    from ..training.dataset_info import names_of
    from ..training.failures import training_errors

    if is_on(os.environ, "FORCE_TORCHRUN"):
        raise LmnError("a student is trained in one process", "FORCE_TORCHRUN", "leave it out of the environment")
    recipe = student_arguments(given)
    recipe.check_data()
    check_model(recipe)
    begun = beginning(recipe)
    train, dev = (names_of(recipe.values.get(key)) for key in ("dataset", "eval_dataset"))
    with (
        training_errors(recipe.path, recipe.output_dir, sharing=False, trainer="transformers"),
        kept_from_libraries(),
    ):
        from ..students.epochs import epoch_table
        from ..students.training import prepare
        from ..students.training import train as train_prepared
        from ..training.time_left import time_left

        prepared = prepare(recipe, train, dev)
        print_plan(prepared, begun)
        if dry_run:
            return
        keep_settings(recipe)
        trained = train_prepared(prepared, begun.checkpoint, [time_left()])
    print_table(epoch_table(trained.rows))
    echo(f"student: {recipe.output_dir}{_kept(trained)}")


def print_plan(prepared: Prepared, begun: Beginning) -> None:
    """Print what will be trained: where it begins, on what, and in how many steps."""
    from ..launching.steps import steps_of

    recipe, file = prepared.recipe, prepared.file
    for line in (f"{recipe.path}: trains {recipe.model} into {recipe.output_dir}", *begun.notes, *prepared.notes):
        echo(line)
    windows = len(prepared.examples)
    read = "" if windows == prepared.sentences else f" in {windows:,} windows"
    dev = f", {len(prepared.dev.sentences):,} to evaluate on" if prepared.dev else ""
    echo(f"{prepared.sentences:,} sentences{read}{dev}; {len(file.labels):,} labels: {', '.join(file.labels.names)}")
    echo(f"head {file.head}, window {file.window} subwords, on {prepared.arguments.device.type}")
    steps = steps_of(recipe, windows)
    if steps:
        echo(f"{steps.examples:,} examples, {steps.at_once:,} a step, {steps.total:,} steps")


def _kept(trained: Trained) -> str:
    """Return which weights were kept, as the end of a line."""
    best = trained.best
    if best is None:
        return ""
    name = "F1" if trained.metric == "f1" else trained.metric
    return f", as it was after epoch {best.epoch:g}, with the best {name} on dev: {best.score(trained.metric):.4f}"
