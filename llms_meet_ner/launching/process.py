"""`python -m llms_meet_ner.launching.process RECIPE [key=value ...]`: what each process of a training runs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LmnError
from ..strict_json import parse_json
from ..terminal import echo, guarded
from ..training.failures import training_errors
from ..training.recipe import Recipe
from ..training.time_left import time_left
from ..typed_json import from_json, to_json
from .arguments import training_arguments
from .examples import count_examples, refuse_cut
from .lengths import Cutoff
from .processes import is_on

if TYPE_CHECKING:
    from ..training.sharing.session import SharingOutcome

VARIABLE = "LMN_TRAINING"
"""Environment variable that hands the options of a training to its processes, as JSON."""
_OTHER_LOOPS = ("use_mca", "use_hyper_parallel", "use_ray")
"""Keys that let LLaMA-Factory train in a loop that does not load data sets as its supervised training does."""


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """Options of the processes of a training.

    Attributes:
        sharing: Whether examples share what they begin with.
        tokens_per_row: Most tokens of a row; None for the device's default.
        counts: Whether examples are counted when LLaMA-Factory has loaded the tokenizer.
        allow_cut: Whether to train although some of them are cut.
    """

    sharing: bool = True
    tokens_per_row: int | None = None
    counts: bool = False
    allow_cut: bool = False

    def variables(self) -> dict[str, str]:
        """Return the environment variables that hand the options to a process."""
        return {VARIABLE: json.dumps(to_json(self))}

    @classmethod
    def from_environment(cls) -> ProcessOptions:
        """Return the options that the environment holds; the defaults if it holds none.

        Raises:
            LmnError: What it holds is not what `variables` returns.
        """
        text, remedy = os.environ.get(VARIABLE), "leave it to lmn-train"
        if text is None:
            return cls()
        try:
            row = parse_json(text)
        except ValueError as error:
            raise LmnError(f"not JSON ({error})", VARIABLE, remedy) from error
        return from_json(cls, row, VARIABLE, writer="lmn-train", remedy=remedy)


def main() -> None:
    """Train the recipe of the command line with the options of the environment."""
    with guarded():
        try:
            recipe = training_arguments(Path(sys.argv[1]), sys.argv[2:])
            train(recipe, ProcessOptions.from_environment())
        except LmnError as error:
            echo(f"Error: {error}", err=True)
            sys.exit(1)


def train(recipe: Recipe, options: ProcessOptions) -> SharingOutcome | None:
    """Train a recipe in this process with LLaMA-Factory; return how that went if examples were to share what they begin with.

    Raises:
        LmnError: The training fails, whatever the reason; or examples are cut, and that is not allowed.
    """
    counting = _counting(recipe, allow_cut=options.allow_cut) if options.counts else nullcontext()
    with training_errors(recipe.path, recipe.output_dir, sharing=options.sharing), counting:
        if options.sharing:
            from ..training.sharing.run import run_training
            from ..training.sharing.session import SharingOptions

            return run_training(recipe.values, SharingOptions(options.tokens_per_row), [time_left()])
        from llamafactory.train.tuner import run_exp

        run_exp(dict(recipe.values), [time_left()])
        return None


def counts_when_loaded(recipe: Recipe) -> bool:
    """Return whether `train` can count the examples of a recipe: only the data of supervised training are known to it."""
    other = any(recipe.values.get(key) for key in _OTHER_LOOPS) or is_on(os.environ, "USE_RAY")
    return recipe.values.get("stage", "sft") == "sft" and not other


@contextmanager
def _counting(recipe: Recipe, *, allow_cut: bool) -> Iterator[None]:
    """Count the examples of a recipe as soon as LLaMA-Factory, in the block, has loaded the tokenizer: before data and model."""
    from llamafactory.train.sft import workflow

    load = workflow.get_dataset

    def count_and_load(template: Any, model: Any, data: Any, training: Any, *others: Any, **more: Any) -> Any:
        if training.process_index == 0:
            counted = count_examples(recipe, Cutoff.loaded(recipe, more["tokenizer"], template))
            echo(f"counted with the tokenizer: cutoff_len cuts {counted.cut:,} of {counted.examples:,} examples")
            refuse_cut(recipe, counted, allow_cut=allow_cut)
        return load(template, model, data, training, *others, **more)

    workflow.get_dataset = count_and_load
    try:
        yield
    finally:
        workflow.get_dataset = load


if __name__ == "__main__":
    main()
