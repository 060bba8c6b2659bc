"""Numbers of a training that are known before it begins: its steps, and the tokens that a step computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Any

from ..errors import LmnError
from ..training.recipe import Recipe
from ..training.sharing.rows import Example, build_rows
from .lengths import SplitLengths

_POOL, _DRAWN = 256, 20
"""Number of examples that steps are drawn from, about, and number of steps that are drawn."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of a training.

    Attributes:
        examples: Number of training examples.
        at_once: Number of examples of a step, of all processes.
        processes: Number of processes, each of which merges its own examples.
        total: Number of steps.
    """

    examples: int
    at_once: int
    processes: int
    total: int


@dataclass(frozen=True, slots=True)
class StepTokens:
    """Tokens of a step on average.

    Attributes:
        apart: Number of tokens if each example is computed by itself, without padding.
        shared: Number of tokens if what examples begin with is computed once in each process, in one row.
        prefixes: For each data set, the number of tokens with which all its examples begin.
    """

    apart: float
    shared: float
    prefixes: tuple[int, ...]


def steps_of(recipe: Recipe, examples: int, processes: int = 1) -> Steps | None:
    """Return the steps of a training; None if they depend on what only LLaMA-Factory knows.

    Args:
        recipe: Recipe with LLaMA-Factory's keys.
        examples: Number of records with an output in the data sets to train on.
        processes: Number of processes.

    Raises:
        LmnError: A batch size is below 1, or all examples are held out for evaluation.
    """
    values = recipe.values
    if values.get("packing") or values.get("neat_packing") or values.get("streaming") or not examples:
        return None
    if values.get("mix_strategy", "concat") != "concat":
        return None
    at_once = examples_at_once(recipe, processes)
    held_out = _held_out(values.get("val_size") or 0, examples)
    if held_out >= examples:
        raise LmnError(
            f"val_size {values['val_size']} leaves none of {examples:,} examples to train on",
            recipe.path,
            "write a smaller one",
        )
    examples -= held_out
    gathered = values.get("gradient_accumulation_steps", 1)
    batches = ceil(examples * gathered / at_once)
    each = max(1, ceil(batches / gathered))
    most = values.get("max_steps", -1)
    total = most if most > 0 else ceil(values.get("num_train_epochs", 3.0) * each)
    return Steps(examples, at_once, processes, total)


def examples_at_once(recipe: Recipe, processes: int = 1) -> int:
    """Return the number of examples of a step, of all processes.

    Raises:
        LmnError: A batch size is below 1.
    """
    at_once = processes
    for key, default in (("per_device_train_batch_size", 8), ("gradient_accumulation_steps", 1)):
        number = recipe.values.get(key, default)
        if type(number) is not int or number < 1:
            raise LmnError(f"{key} is {number!r}, and not a whole number above 0", recipe.path, f"write {key}: 1")
        at_once *= number
    return at_once


def step_tokens(steps: Steps, counted: Sequence[SplitLengths]) -> StepTokens:
    """Return the tokens of a step, on the average of some steps of examples that are drawn at random.

    Args:
        steps: Steps of the training.
        counted: Lengths of the examples to train on, by data set.
    """
    examples = sum(lengths.examples for lengths in counted)
    apart = sum(lengths.tokens for lengths in counted) / examples * steps.at_once
    draw = Random(0)
    pool = []
    for lengths in counted:
        taken = min(len(lengths.sample), ceil(_POOL * lengths.examples / examples))
        pool += draw.sample(lengths.sample, taken)
    each = min(len(pool), max(1, steps.at_once // steps.processes))
    share = _computed([draw.sample(pool, each) for _ in range(_DRAWN)])
    return StepTokens(apart, apart * share, tuple(lengths.shared_tokens for lengths in counted))


def _computed(steps: Sequence[Sequence[Example]]) -> float:
    """Return the share of the tokens of steps that are computed if the examples of each are merged into one row."""
    apart = together = 0
    for drawn in steps:
        together += sum(map(len, build_rows(drawn, sum(len(example.tokens) for example in drawn))))
        apart += sum(len(example.tokens) for example in drawn)
    return together / apart if apart else 1.0


def _held_out(size: Any, examples: int) -> int:
    """Return how many examples LLaMA-Factory takes away for evaluation: a number of them, or below 1 a share."""
    return int(size) if size >= 1 else ceil(size * examples)
