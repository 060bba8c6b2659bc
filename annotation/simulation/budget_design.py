"""The grid of a budget simulation: budgets, folds, seeds and regimes, and what each cell is trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from ...errors import LmnError
from ...sentence import Sentence

Regime = Literal["expert", "llm", "mixed", "llm-first", "balanced", "filtered"]
EXPERT: Final = "expert"
LLM: Final = "llm"
MIXED: Final = "mixed"
LLM_FIRST: Final = "llm-first"
BALANCED: Final = "balanced"
FILTERED: Final = "filtered"
REGIMES: tuple[Regime, ...] = get_args(Regime)
FULL: Final = 100.0
"""Budget of the gold of the whole pool, which every budget is compared with."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid of a simulation.

    Attributes:
        budgets: Shares of the pool's sentences that the expert labels, in percent; ascending.
        folds: Number of orders of the pool. Each budget of a fold is the beginning of its order, so that larger ones hold smaller ones.
        seeds: Number of trainings of each cell, which differ in the seed.
        regimes: What is done with the labels.

    Raises:
        LmnError: A budget is out of range or named twice, or a regime is.
    """

    budgets: tuple[float, ...]
    folds: int
    seeds: int
    regimes: tuple[Regime, ...]

    def __post_init__(self) -> None:
        for budget in self.budgets:
            if not 0 < budget < FULL:
                raise LmnError("a budget is more than 0 % of the pool and less than 100 %", f"--budgets {budget:g}")
        for name, values in (("--budgets", self.budgets), ("--regimes", self.regimes)):
            if len(set(values)) < len(values) or not values:
                raise LmnError("nothing, or something twice", f"{name} {','.join(map(str, values))}", "name each once")

    @property
    def asks_llm(self) -> bool:
        """Whether a regime needs the labels of a model."""
        return any(regime != EXPERT for regime in self.regimes)

    def cells(self) -> Iterator[Cell]:
        """Yield the cells fold by fold: those without a budget, then by budget, the gold of the whole pool at the end."""
        for fold in range(self.folds):
            for seed in range(self.seeds):
                if LLM in self.regimes:
                    yield Cell(fold, seed, 0.0, LLM)
                for budget in sorted(self.budgets):
                    yield from (Cell(fold, seed, budget, regime) for regime in self.regimes if regime != LLM)
                yield Cell(fold, seed, FULL, EXPERT)


@dataclass(frozen=True, slots=True)
class Cell:
    """One student of a simulation.

    Attributes:
        fold: Number of the order of the pool, from 0.
        seed: Number of the training, from 0.
        budget: Share of the pool's sentences that the expert labels, in percent; 0 for the regime of the model's labels alone.
        regime: What is done with the labels.
    """

    fold: int
    seed: int
    budget: float
    regime: Regime

    @property
    def group(self) -> str:
        """Name of what the cells of a fold and a seed share."""
        return f"fold-{self.fold + 1}/seed-{self.seed + 1}"

    @property
    def name(self) -> str:
        """Name of the cell in the file of rows."""
        return f"{self.group}/{self.budget:g}%/{self.regime}"

    def training_seed(self, base: int) -> int:
        """Return the seed of its training, which the cells of a fold and a seed share."""
        return base + 1000 * self.fold + self.seed


PRESETS = {
    "published": Grid((1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 12.0, 15.0, 20.0), 5, 3, REGIMES),
    "small": Grid((2.0, 5.0, 12.0, 20.0), 3, 1, REGIMES),
}
"""Grids by name: the published budgets and folds, and a part of them that two processor cores can do."""


def ordered(pool: Sequence[Sentence], fold: int, seed: int) -> list[Sentence]:
    """Return a pool in the order in which the expert labels it in a fold: a random one, which follows from the seed."""
    import numpy as np

    return [pool[at] for at in np.random.default_rng([seed, fold]).permutation(len(pool))]


def size_of(budget: float, pool: int) -> int:
    """Return the number of sentences of a budget, at least one if it is not 0."""
    return max(1, round(budget / 100 * pool)) if budget else 0


def parse_budgets(text: str) -> tuple[float, ...]:
    """Return budgets written as `2,5,12.5`.

    Raises:
        LmnError: One is not a number.
    """
    try:
        return tuple(sorted(float(word.strip().removesuffix("%")) for word in text.split(",")))
    except ValueError:
        raise LmnError(
            "not numbers with commas between them", f"--budgets {text}", "write --budgets 2,5,12,20"
        ) from None


def parse_regimes(text: str) -> tuple[Regime, ...]:
    """Return regimes written as `expert,llm-first`; expert alone, with which all are compared, is added.

    Raises:
        LmnError: One is not known.
    """
    words = [word.strip() for word in text.split(",")]
    found = tuple(regime for word in words for regime in REGIMES if regime == word)
    unknown = [word for word in words if word not in REGIMES]
    if unknown:
        raise LmnError(f"no regime {unknown[0]!r}", f"--regimes {text}", f"there are: {', '.join(REGIMES)}")
    return found if EXPERT in found else (EXPERT, *found)
