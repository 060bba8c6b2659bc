"""The plan of a simulation of active learning: what is labelled in each round, by which strategies, and when to stop."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from ...errors import LmnError
from ..selection.batch import Budget
from ..selection.strategies import DEFAULT_OVERHEAD, RANDOM, strategy_of

Unit = Literal["tokens", "sentences"]
UNITS: tuple[Unit, ...] = ("tokens", "sentences")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")


@dataclass(frozen=True, slots=True)
class StopRule:
    """A rule that stops a run, by dev alone.

    Attributes:
        name: `published`: the gain over the last round is below `least`. `noise`: the gain over the last `window` rounds is not above
            its standard error, by paired bootstrap over the sentences of dev. `none`: never.
        least: Gain of F1 that is too little.
        after: Number of rounds before which a run does not stop.
        window: Number of rounds whose gain is looked at.
    """

    name: Literal["published", "noise", "none"]
    least: float = 0.00005
    after: int = 10
    window: int = 3

    def to_json(self) -> dict[str, Any]:
        """Return what the rule follows from."""
        if self.name == "published":
            return {"name": self.name, "least": self.least, "after": self.after}
        return {"name": self.name, "window": self.window} if self.name == "noise" else {"name": self.name}


NOISE = StopRule("noise")
"""A run stops when what it gains can be noise."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is labelled: a number, or a share of the pool.

    Attributes:
        value: The number, or the share from 0 to 1.
        is_share: Whether it is a share.
    """

    value: float
    is_share: bool

    @classmethod
    def of(cls, text: str, option: str) -> Amount:
        """Read `500` or `12%`.

        Raises:
            LmnError: It is neither, or not between 0 and the whole.
        """
        match = _AMOUNT.fullmatch(text.strip())
        if not match or not float(match[1]) or (match[2] and float(match[1]) > 100):
            raise LmnError("not an amount", f"{option} {text}", "write a number such as 500, or a share such as 12%")
        return cls(float(match[1]) / (100 if match[2] else 1), bool(match[2]))

    def of_pool(self, size: int) -> int:
        """Return the amount in units, given the size of the pool; at least 1."""
        return max(1, round(self.value * size if self.is_share else self.value))

    def __str__(self) -> str:
        return f"{100 * self.value:g}%" if self.is_share else f"{self.value:g}"


@dataclass(frozen=True, slots=True)
class ActivePlan:
    """A simulation of active learning.

    Attributes:
        strategies: Names of the strategies; `random` is always among them, and first.
        seeds: Seeds: of the first sentences, which all strategies share, and of the trainings.
        rounds: Number of rounds after the start.
        start: How much is drawn at random before the first round.
        per_round: How much is chosen in each round.
        unit: What both are counted in.
        steps: Number of optimiser steps of each training; None if epochs are given.
        epochs: Number of epochs of each training; None if steps are given.
        fresh: Whether each round trains from the base again; otherwise it goes on from the weights of the round before.
        stop: Rule by which a run would stop.
        stops: Whether it does stop; otherwise the rounds go on, so that the curves are whole.
        overhead: Cost of a sentence besides its tokens, in tokens.

    Raises:
        LmnError: A strategy is unknown, or values do not go together.
    """

    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    rounds: int
    start: Amount
    per_round: Amount
    unit: Unit = "tokens"
    steps: int | None = None
    epochs: float | None = None
    fresh: bool = True
    stop: StopRule = NOISE
    stops: bool = False
    overhead: float = DEFAULT_OVERHEAD

    def __post_init__(self) -> None:
        for name in self.strategies:
            strategy_of(name)
        if (self.steps is None) == (self.epochs is None):
            raise LmnError("how long is each training?", remedy="say either --steps or --epochs")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise LmnError("a simulation has one seed or more, each once", remedy="say --seeds 3, for example")

    @property
    def trainings(self) -> int:
        """Number of trainings: one for each start, which the strategies share, and one for each round."""
        return len(self.seeds) * (1 + len(self.strategies) * self.rounds)

    def target(self, number: int, pool: int) -> int:
        """Return how much is labelled in all up to a round, in units.

        Args:
            number: Number of the round; 0 for the start.
            pool: Size of the pool in units.
        """
        return self.start.of_pool(pool) + number * self.per_round.of_pool(pool)

    def budget(self, left: int) -> Budget:
        """Return a budget in the plan's unit."""
        return Budget(tokens=left) if self.unit == "tokens" else Budget(sentences=left)

    def steps_of(self, examples: int, batch_size: int) -> int:
        """Return the number of optimiser steps of a training on so many examples."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return max(1, math.ceil(self.epochs * math.ceil(examples / batch_size)))

    def to_json(self) -> dict[str, Any]:
        """Return what the rows of the simulation follow from, for JSON."""
        return {
            "strategies": list(self.strategies), "seeds": list(self.seeds), "rounds": self.rounds, "start": str(self.start),
            "per_round": str(self.per_round), "unit": self.unit, "steps": self.steps, "epochs": self.epochs, "fresh": self.fresh,
            "stop": self.stop.to_json(), "stops": self.stops, "overhead": self.overhead,
        }  # fmt: skip


def with_random(strategies: tuple[str, ...]) -> tuple[str, ...]:
    """Return strategies, each once, with `random` first, against which the others are measured."""
    return (RANDOM, *(name for name in dict.fromkeys(strategies) if name != RANDOM))


OURS = ActivePlan(
    with_random(("mean-entropy", "entropy-per-cost", "clusters")), (1, 2, 3), 8, Amount(0.05, True), Amount(0.05, True),
    steps=150,
)  # fmt: skip
PUBLISHED = ActivePlan(
    with_random(("mean-entropy",)), (1, 2, 3), 15, Amount(0.12, True), Amount(10, False), "sentences", epochs=2, fresh=False,
    stop=StopRule("published"), stops=True,
)  # fmt: skip
PRESETS = {"ours": OURS, "published": PUBLISHED}
"""Plans by name. `published` is the fourth stage of estnafinema0/Ner-Extraction: 12 % of the sentences at the start, 10 sentences a round,
2 epochs a round on top of the weights so far, and a stop if F1 gains under 0.00005 after at least 10 of at most 15 rounds."""


def plan_of(preset: str, **changes: Any) -> ActivePlan:
    """Return a preset with changes; a change that is None is none. Steps take the place of epochs, and the other way round."""
    given = {name: value for name, value in changes.items() if value is not None}
    if "steps" in given and "epochs" not in given:
        given["epochs"] = None
    elif "epochs" in given and "steps" not in given:
        given["steps"] = None
    if "strategies" in given:
        given["strategies"] = with_random(given["strategies"])
    return replace(PRESETS[preset], **given)
