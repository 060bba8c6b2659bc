"""The options of `lmn-annotate simulate active`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...cli.options import catch_errors
from ...data_converters.cards import Card
from ...errors import LmnError
from ...sentence import Sentence
from ..selection.strategies import DEFAULT_OVERHEAD, RANDOM, STRATEGIES
from ..simulation.active_plan import PRESETS, UNITS, ActivePlan, Amount, StopRule, plan_of
from ..simulation.pool import Pool, parse_splits, read_pool
from .corpus_options import source_option, splits_option

R = TypeVar("R")
_PLAN_NAMES = (
    "preset", "strategies", "start", "per_round", "unit", "rounds", "seeds", "steps", "epochs", "fresh", "overhead", "stop_rule", "stops",
)  # fmt: skip
_DATA_NAMES = ("source", "splits", "pool_sentences", "dev_sentences", "test_sentences")
_OUTPUT_NAMES = ("out", "keep_models", "only_plan", "only_report", "push", "base_model")

_rounds_group = cloup.option_group(
    "Rounds",
    cloup.option(
        "--preset", type=click.Choice(list(PRESETS)), default="ours", show_default=True,
        help="Settings to begin with; the options below change them. published: those of a published study.",
    ),
    cloup.option(
        "--strategies", metavar="NAMES",
        help=f"Names with commas between them; {RANDOM} is always run beside. All: {', '.join(STRATEGIES)}.",
    ),
    cloup.option(
        "--start", metavar="AMOUNT",
        help="What is drawn at random first, the same for all strategies: 500, or 5% of the pool.",
    ),
    cloup.option("--per-round", metavar="AMOUNT", help="What is chosen in each round."),
    cloup.option("--unit", type=click.Choice(UNITS), help="What amounts are counted in."),
    cloup.option("--rounds", type=click.IntRange(min=1), help="Number of rounds after the start."),
    cloup.option("--seeds", type=click.IntRange(min=1), help="Number of seeds, from 1 on."),
    cloup.option("--steps", type=click.IntRange(min=1), help="Number of optimiser steps of every training."),
    cloup.option("--epochs", type=click.FloatRange(min=0, min_open=True), help="Number of epochs of every training, instead of steps."),
    cloup.option(
        "--fresh/--go-on", "fresh", default=None,
        help="Whether each round trains from the base again, or goes on from the weights of the round before.",
    ),
    cloup.option(
        "--overhead", type=click.FloatRange(min=0),
        help=f"Cost of a sentence besides its tokens, in tokens. [default: {DEFAULT_OVERHEAD:g}]",
    ),
    cloup.option(
        "--stop-rule", type=click.Choice(("noise", "published", "none")),
        help="Rule that says, by dev, when a run would stop.",
    ),
    cloup.option(
        "--stop/--no-stop", "stops", default=None,
        help="Whether a run does stop then; otherwise the rounds go on, and the outcome says where it would have.",
    ),
)  # fmt: skip
_data_group = cloup.option_group(
    "Data",
    source_option,
    splits_option,
    cloup.option("--pool-sentences", type=click.IntRange(min=1), help="Draw so many sentences of the pool. [default: all]"),
    cloup.option("--dev-sentences", type=click.IntRange(min=1), help="Draw so many sentences of dev. [default: all]"),
    cloup.option("--test-sentences", type=click.IntRange(min=1), help="Draw so many sentences of test. [default: all]"),
)  # fmt: skip
_output_group = cloup.option_group(
    "Outputs",
    cloup.option(
        "--out", type=click.Path(path_type=Path), required=True,
        help="Folder of the simulation; one that was killed goes on there.",
    ),
    cloup.option("--keep-models", is_flag=True, help="Keep the weights of every round."),
    cloup.option("--plan", "only_plan", is_flag=True, help="Say what it will take, and stop there."),
    cloup.option("--report", "only_report", is_flag=True, help="Train nothing; give the outcome of the rounds that are finished."),
    cloup.option(
        "--push", metavar="OWNER/NAME",
        help="Upload the rounds of the first strategy besides random, with the first seed: each a branch, round-00, round-01, ...",
    ),
    cloup.option("--base-model", metavar="OWNER/NAME", help="Base model on the Hub, for the cards of --push. [default: the recipe's]"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataChoice:
    """The data of a simulation, as the command line names them.

    Attributes:
        source: Folder of the corpus files; None for the card's.
        splits: Splits that are the pool, dev and test.
        pool_sentences: Number of sentences of the pool that are drawn; None for all.
        dev_sentences: Number of sentences of dev that are drawn; None for all.
        test_sentences: Number of sentences of test that are drawn; None for all.
    """

    source: Path | None
    splits: tuple[str, str, str]
    pool_sentences: int | None
    dev_sentences: int | None
    test_sentences: int | None

    def read(self, card: Card) -> Pool:
        """Read the data.

        Raises:
            LmnError: A split cannot be read.
        """
        whole = read_pool(card, self.source, self.splits, self.dev_sentences)
        return replace(
            whole, train=drawn(whole.train, self.pool_sentences), test=drawn(whole.test, self.test_sentences)
        )


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """What a simulation leaves behind, as the command line says it.

    Attributes:
        out: Folder of the simulation.
        keep_models: Whether the weights of every round stay.
        only_plan: Whether only to say what it will take.
        only_report: Whether only to give the outcome of the rounds that are finished.
        push: Repository on the Hub for the rounds; None for none.
        base_model: Base model on the Hub, for their cards; None for the recipe's.

    Raises:
        LmnError: Two of them do not go together.
    """

    out: Path
    keep_models: bool
    only_plan: bool
    only_report: bool
    push: str | None
    base_model: str | None

    def __post_init__(self) -> None:
        if self.only_plan and self.only_report:
            raise LmnError("--plan and --report both stop the simulation", remedy="leave one of them out")
        if self.base_model and self.push is None:
            raise LmnError("--base-model is for the cards of --push", remedy="leave it out")


def active_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options, handed over as `data` (DataChoice), `plan` (ActivePlan) and `outputs` (OutputChoice)."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> R:
        plan = _plan(**{name: kwargs.pop(name) for name in _PLAN_NAMES})
        kwargs["splits"] = parse_splits(kwargs["splits"])
        data = DataChoice(*(kwargs.pop(name) for name in _DATA_NAMES))
        outputs = OutputChoice(*(kwargs.pop(name) for name in _OUTPUT_NAMES))
        return command(*args, data=data, plan=plan, outputs=outputs, **kwargs)

    return _data_group(_rounds_group(_output_group(catch_errors(wrapped))))


def _plan(
    preset: str, strategies: str | None, start: str | None, per_round: str | None, seeds: int | None, stop_rule: Any, **values: Any
) -> ActivePlan:  # fmt: skip
    """Return the plan that the options ask for.

    Raises:
        LmnError: One of them is wrong.
    """
    if values["steps"] and values["epochs"]:
        raise LmnError("--steps and --epochs both say how long a training is", remedy="leave one of them out")
    return plan_of(
        preset, strategies=tuple(name.strip() for name in strategies.split(",")) if strategies else None,
        start=Amount.of(start, "--start") if start else None, per_round=Amount.of(per_round, "--per-round") if per_round else None,
        seeds=tuple(range(1, seeds + 1)) if seeds else None, stop=StopRule(stop_rule) if stop_rule else None, **values,
    )  # fmt: skip


def drawn(sentences: Sequence[Sentence], number: int | None) -> tuple[Sentence, ...]:
    """Return a random sample in the order of the corpus, the same whatever the seeds of the plan; None for all."""
    if number is None or number >= len(sentences):
        return tuple(sentences)
    chosen = sorted(random.Random(0).sample(range(len(sentences)), number))
    return tuple(sentences[at] for at in chosen)
