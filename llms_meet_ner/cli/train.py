"""The command `lmn-train`."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import cloup

from ..terminal import echo
from .default_group import DefaultCommandGroup
from .export_student import export
from .options import allow_cut_option, catch_errors, refuse

if TYPE_CHECKING:
    from ..launching.earlier import Beginning
    from ..launching.examples import CountedData
    from ..launching.process import ProcessOptions
    from ..launching.processes import Torchrun
    from ..training.recipe import Recipe

_PROCESS = "llms_meet_ner.launching.process"
_OF_ADAPTERS = {"allow_cut": "--allow-cut", "tokens_per_row": "--tokens-per-row", "no_sharing": "--no-sharing"}


@click.group(cls=DefaultCommandGroup, default="train", default_if_no_args=False)
@click.version_option(package_name="llms-meet-ner")
def main() -> None:
    """Train the adapter of a recipe with LLaMA-Factory, or an encoder student.

    \b
    lmn-train recipes/demo_smollm2.yaml
    lmn-train recipes/students/minilm_demo.yaml
    lmn-train qwen25_conll                                 a recipe of the package, by its name: lmn-recipes lists them
    lmn-train recipes/qwen25_conll.yaml seed=43 output_dir=outputs/qwen25_conll_seed43
    FORCE_TORCHRUN=1 NPROC_PER_NODE=4 lmn-train recipes/qwen25_conll_zero2.yaml
    lmn-train export outputs/minilm_demo --out outputs/minilm_demo_int8 --int8
    """  # noqa: D301


@main.command("train")
@click.argument("recipe_path", metavar="RECIPE", type=click.Path(path_type=Path))
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@cloup.option_group(
    "Examples",
    allow_cut_option,
    cloup.option("--dry-run", is_flag=True, help="Say what would be trained, and stop."),
)
@cloup.option_group(
    "Sharing",
    cloup.option(
        "--tokens-per-row", type=click.IntRange(min=1), metavar="N",
        help="Most tokens of a row, into which examples are merged: fewer take less memory. [default: by the device]",
    ),
    cloup.option("--no-sharing", is_flag=True, help="Train as llamafactory-cli does, each example by itself."),
)  # fmt: skip
@catch_errors
def train_recipe(
    recipe_path: Path, overrides: tuple[str, ...], allow_cut: bool, dry_run: bool, tokens_per_row: int | None, no_sharing: bool
) -> None:  # fmt: skip
    """Train the adapter of a recipe with LLaMA-Factory, and compute what the examples of a step share once; or train an encoder student
    (the default subcommand).

    KEY=VALUE words override keys of the recipe, as for llamafactory-cli train, which ends with the same adapter and takes longer. A run
    that was interrupted goes on from its last checkpoint; a finished adapter is not written over. See docs/training.md; for recipes with
    task: token-classification, docs/students.md.
    """  # noqa: D205
    if no_sharing and tokens_per_row:
        raise click.UsageError("--tokens-per-row is for sharing; leave it or --no-sharing out")
    from ..training.launch import refuse_secrets
    from ..training.recipe import load_recipe

    refuse_secrets(overrides)
    given = load_recipe(recipe_path, overrides)
    if given.is_student:
        from .train_student import train_student

        refuse(_OF_ADAPTERS, "is for a recipe of LLaMA-Factory, and this one trains a student")
        train_student(given, dry_run=dry_run)
        return
    from ..launching.arguments import check_model, training_arguments
    from ..launching.process import ProcessOptions

    recipe = training_arguments(recipe_path, overrides)
    recipe.check_data()
    check_model(recipe)
    options = ProcessOptions(not no_sharing, tokens_per_row, allow_cut=allow_cut)
    _Run(recipe, overrides, options).begin(dry_run=dry_run)


main.add_command(export)


@dataclass(frozen=True, slots=True)
class _Run:
    """A training that is asked for.

    Attributes:
        recipe: Recipe with the values that LLaMA-Factory reads.
        overrides: Words that override keys of the recipe.
        options: Options of its processes.
    """

    recipe: Recipe
    overrides: tuple[str, ...]
    options: ProcessOptions

    def begin(self, *, dry_run: bool) -> None:
        """Say what will be trained, and train it."""
        from ..launching.earlier import beginning, keep_settings
        from ..launching.examples import count_examples, refuse_cut
        from ..launching.process import counts_when_loaded
        from ..launching.processes import Torchrun, device_count

        several = Torchrun.of(os.environ, device_count())
        processes = several.processes if several else 1
        begun = beginning(self.recipe, processes)
        counted = count_examples(self.recipe)
        print_plan(self.recipe, counted, begun, processes, sharing=self.options.sharing)
        later = bool(counted.estimated) and counts_when_loaded(self.recipe)
        if later:
            echo("they are counted when LLaMA-Factory has loaded the tokenizer, before it loads the model")
        refuse_cut(self.recipe, counted, allow_cut=self.options.allow_cut or later)
        if dry_run:
            return
        keep_settings(self.recipe, processes)
        options = replace(self.options, counts=later)
        if several:
            self._train_in(several, begun, options)
        else:
            self._train_here(begun, options)
        echo(f"adapter: {self.recipe.output_dir}")

    def _train_in(self, several: Torchrun, begun: Beginning, options: ProcessOptions) -> None:
        """Train in several processes; end with their exit status if they fail."""
        words = [str(self.recipe.path), *self.overrides, *begun.words]
        status = several.run(_PROCESS, words, options.variables())
        if status:
            echo(f"training ended with status {status}; what the processes wrote above says why", err=True)
            click.get_current_context().exit(status)

    def _train_here(self, begun: Beginning, options: ProcessOptions) -> None:
        """Train in this process."""
        from ..launching.process import train

        values = {**self.recipe.values, **dict(word.split("=", 1) for word in begun.words)}
        train(replace(self.recipe, values=values), options)


def print_plan(recipe: Recipe, counted: CountedData, begun: Beginning, processes: int, *, sharing: bool) -> None:
    """Print what will be trained: where it begins, how many examples and steps it has, and how many tokens a step."""
    import torch

    from ..decoding.cpu import imitated_bfloat16
    from ..launching.lengths import ESTIMATE
    from ..launching.steps import step_tokens, steps_of
    from ..training.sharing.conditions import broken_by_keys, evaluated_apart

    accelerated = torch.accelerator.is_available() and not recipe.values.get("use_cpu")
    slow = None if accelerated else imitated_bfloat16(recipe.values, "cpu")
    for line in (
        f"{recipe.path}: trains {recipe.model} into {recipe.output_dir}",
        *begun.notes,
        *([slow] if slow else []),
    ):
        echo(line)
    for name, why in counted.uncounted.items():
        echo(f"{name}: its examples are not counted, since {why}")
    for name, number in counted.left_out.items():
        echo(f"{name}: LLaMA-Factory leaves out {number:,} records without an output")
    unshared = broken_by_keys(recipe.values) if sharing else None
    if unshared:
        echo(f"examples will share no tokens: {unshared}")
    elif sharing and (apart := evaluated_apart(recipe.values)):
        echo(f"evaluations will share no tokens: {apart}")
    training = counted.training
    if not training:
        return
    if training[0].cutoff.estimated:
        echo(f"tokens are estimated, since {training[0].cutoff.estimated}: {ESTIMATE}")
    steps = steps_of(recipe, sum(lengths.examples for lengths in training), processes)
    if steps is None:
        echo(
            f"{sum(lengths.examples for lengths in training):,} examples; the number of steps is known when the training starts"
        )
        return
    at_once = f"{steps.at_once:,} a step" + (f" in {processes} processes" if processes > 1 else "")
    echo(f"{steps.examples:,} examples, {at_once}, {steps.total:,} steps")
    tokens = step_tokens(steps, training)
    about = f"about {tokens.apart:,.0f} tokens a step"
    if sharing and not unshared:
        shared = [
            f"the first {number:,} of {name}" for name, number in zip(counted.train, tokens.prefixes, strict=True)
        ]
        prefixes = "; ".join(shared) if len(shared) > 1 else f"the first {tokens.prefixes[0]:,} of all examples"
        about += f" without sharing, about {tokens.shared:,.0f} with what examples begin with computed once: {prefixes}"
    echo(about)


if __name__ == "__main__":
    main()
