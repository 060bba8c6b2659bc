"""The options with which commands ask what a recipe's `cutoff_len` cuts, and the answer as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...cli.options import catch_errors
from ...launching.lengths import ESTIMATE, Cutoff, SplitLengths
from ...prompting.spec import PromptSpec
from ...terminal import echo
from ...training.recipe import Recipe, load_recipe, refuse_overrides, refuse_student

R = TypeVar("R")
CUTOFF_PARAMETERS = ("recipe_path", "overrides")
"""Parameters of these options, which change nothing that is written."""


def cutoff_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add `--recipe` and KEY=VALUE, handed over as `recipe` (Recipe, or None without `--recipe`)."""

    @cloup.option_group(
        "Length",
        cloup.option(
            "--recipe",
            "recipe_path",
            type=click.Path(path_type=Path),
            help="Recipe: count the examples that its cutoff_len would cut. KEY=VALUE overrides its keys.",
        ),
    )
    @click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
    @wraps(command)
    def wrapped(*args: Any, recipe_path: Path | None, overrides: tuple[str, ...], **kwargs: Any) -> R:
        if recipe_path is None:
            refuse_overrides(overrides)
        recipe = load_recipe(recipe_path, overrides) if recipe_path else None
        if recipe:
            refuse_student(recipe, "a student reads long sentences in windows: nothing is cut")
        return command(*args, recipe=recipe, **kwargs)

    return catch_errors(wrapped)


def cutoff_of(recipe: Recipe | None, spec: PromptSpec) -> Cutoff | None:
    """Return the cutoff of a recipe for examples with a prompt; None without a recipe."""
    return Cutoff.of(recipe, spec) if recipe else None


def print_cut(cutoff: Cutoff, counted: Iterable[tuple[str, SplitLengths]]) -> None:
    """Print which examples of each split are cut.

    Args:
        cutoff: Cutoff that was counted with.
        counted: Names of splits with the lengths of their examples.
    """
    how = "with the model's tokenizer and LLaMA-Factory's template"
    if cutoff.estimated:
        how = f"estimated, since {cutoff.estimated}: {ESTIMATE}"
    echo(f"lengths for {cutoff.recipe.path} ({how}):")
    for split, lengths in counted:
        for line in lengths.lines(split):
            echo(f"  {line}")
