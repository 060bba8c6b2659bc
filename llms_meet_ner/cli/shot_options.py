"""The options for a model without training: the number of examples in a prompt, and the rule that chooses them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
import cloup

from ..systems.examples import DEFAULT_SEED, NEAREST, RANDOM, RULES, Rule, Shots
from .options import refuse

R = TypeVar("R")

_shot_options = cloup.option_group(
    "Without training",
    cloup.option(
        "--shots", "number", type=click.IntRange(min=0), metavar="K",
        help="The base model without the adapter, with K examples of the training data before each sentence.",
    ),
    cloup.option("--untrained", is_flag=True, help="The same as --shots 0."),
    cloup.option(
        "--examples", "rule", type=click.Choice(RULES), default=RANDOM, show_default=True,
        help="random: drawn. covering: those with the most labels not shown yet. nearest: the most similar to each sentence (TF-IDF).",
    ),
    cloup.option("--shots-seed", "seed", type=int, default=DEFAULT_SEED, show_default=True, help="Seed of the draws."),
)  # fmt: skip


def shots_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options, handed over as `shots` (Shots, or None for the trained adapter)."""

    @wraps(command)
    def wrapped(*args: Any, number: int | None, untrained: bool, rule: Rule, seed: int, **kwargs: Any) -> R:
        if untrained and number:
            raise click.UsageError(f"--untrained is --shots 0, and there is --shots {number}; leave one of them out")
        number = 0 if untrained else number
        if not number:
            refuse({"rule": "--examples", "seed": "--shots-seed"}, "needs --shots K with K above 0")
        elif rule == NEAREST:
            refuse({"seed": "--shots-seed"}, "is for what is drawn; --examples nearest draws nothing")
        return command(*args, shots=None if number is None else Shots(number, rule, seed), **kwargs)

    return _shot_options(wrapped)
