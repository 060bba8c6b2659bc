"""A simulation of active learning: rounds of training, choosing and buying gold, by several strategies from the same start.

Nothing is chosen or stopped by the test sentences: their counts are written down for the curves.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ...eval.scoring.counts import strict_counts
from ...files import atomic_write, read_json, write_json
from ...records import Answer, read_jsonl
from ...sentence import Sentence
from ...systems.system import System
from ...terminal import echo
from ..selection.batch import take
from ..selection.strategies import RANDOM, Aids, Candidate, random, strategy_of
from ..selection.vectors import vectors_by
from .active_curves import f1_of, stops
from .active_learners import RoundLearner, data_folder_of
from .active_plan import ActivePlan
from .learner import forget
from .own_folder import make_own
from .pool import Pool, tokens_of
from .rows import Rows

START = "start"
"""Stands for a strategy in the names of what all strategies share: the first sentences and the training on them."""
ROUNDS_FOLDER = "rounds"
CHOSEN_FILE = "chosen.jsonl"
COUNTS_FILE = "counts.json"
_WEIGHTS = "weights"


class Round(NamedTuple):
    """A round of a strategy with a seed.

    Attributes:
        strategy: Name of the strategy, or `START`.
        seed: The seed.
        number: Number of the round; 0 for the start.
    """

    strategy: str
    seed: int
    number: int

    @property
    def cell(self) -> str:
        """Name of its row."""
        return f"{self.strategy}/seed-{self.seed}/round-{self.number:02}"

    def folder(self, out: Path) -> Path:
        """Return its folder."""
        return out / ROUNDS_FOLDER / self.cell

    @property
    def before(self) -> Round:
        """The round before it."""
        return Round(START if self.number == 1 else self.strategy, self.seed, self.number - 1)


class AfterTraining(Protocol):
    """Does something with the weights of a finished round, once more in a later run. They may be gone by then."""

    def __call__(self, one: Round, weights: Path, labelled: Sequence[Sentence]) -> None:
        """Do it.

        Args:
            one: The round.
            weights: Folder of its weights.
            labelled: The sentences that it was trained on.
        """
        ...


@dataclass
class Simulation:
    """A simulation that is under way.

    Attributes:
        plan: Its plan.
        pool: Its data.
        learner: What learns.
        out: Its folder.
        rows: Rows of the finished rounds.
        keep_models: Whether the weights of every round stay.
        after_training: Called with the weights of each round.
    """

    plan: ActivePlan
    pool: Pool
    learner: RoundLearner
    out: Path
    rows: Rows
    keep_models: bool = False
    after_training: AfterTraining | None = None
    _seconds: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Run all rounds that have no row, seed by seed.

        Raises:
            LmnError: A training fails, or a file cannot be read or written.
        """
        make_own(self.out / ROUNDS_FOLDER)
        self._after_earlier()
        for seed in self.plan.seeds:
            self._start(seed)
            for strategy in self.plan.strategies:
                for number in range(1, self.plan.rounds + 1):
                    one = Round(strategy, seed, number)
                    if self.plan.stops and self._stopped(one):
                        break
                    if one.cell not in self.rows:
                        self._train(one, (strategy,))
                for number in range(1, self.plan.rounds + 1):
                    self._forget(Round(strategy, seed, number))
            self._forget(Round(START, seed, 0))

    def _after_earlier(self) -> None:
        """Do what was to be done after trainings of an earlier run, which may have ended before it."""
        if self.after_training is None:
            return
        for seed in self.plan.seeds:
            rounds = (
                Round(name, seed, number) for name in self.plan.strategies for number in range(1, self.plan.rounds + 1)
            )
            for one in (Round(START, seed, 0), *rounds):
                if one.cell in self.rows:
                    self.after_training(one, one.folder(self.out) / _WEIGHTS, self.labelled(one))

    def _stopped(self, one: Round) -> bool:
        """Whether the rule has stopped the strategy before a round."""
        rounds = [Round(START, one.seed, 0), *(Round(one.strategy, one.seed, at) for at in range(1, one.number))]
        return stops(self.plan.stop, [read_counts(self.out, before)[0] for before in rounds])

    def _start(self, seed: int) -> None:
        """Draw the first sentences of a seed, and train on them; every strategy chooses its first batch by that model."""
        one = Round(START, seed, 0)
        if one.cell in self.rows:
            return
        candidates = [Candidate(sentence.id, len(sentence.tokens)) for sentence in self.pool.train]
        scores = random(candidates, Aids(seed))
        self._take(one, candidates, scores, RANDOM, self.plan.target(0, self._size()))
        self._train(one, self.plan.strategies)

    def _train(self, one: Round, strategies: Sequence[str]) -> None:
        """Train on what is labelled, score, choose the next batch by each strategy, and write the row."""
        began = time.monotonic()
        labelled = self.labelled(one)
        place = one.folder(self.out)
        before = None if self.plan.fresh or not one.number else one.before.folder(self.out) / _WEIGHTS
        steps = self.plan.steps_of(len(labelled), self.learner.batch_size)
        seed = one.seed * 1000 + one.number
        system = self.learner.train(labelled, place / _WEIGHTS, steps=steps, seed=seed, start=before)
        trained = time.monotonic()
        dev, test = (counts_on(system, part) for part in (self.pool.dev, self.pool.test))
        write_json(place / COUNTS_FILE, {"dev": dev.tolist(), "test": test.tolist()})
        if one.number < self.plan.rounds:
            self._choose(one, system, labelled, strategies)
        del system
        gc.collect()
        seconds = time.monotonic() - began
        self.rows.append(one.cell, {
            "strategy": one.strategy, "seed": one.seed, "round": one.number, "sentences": len(labelled), "tokens": tokens_of(labelled),
            "steps": steps, "train_seconds": round(trained - began, 1), "seconds": round(seconds, 1), "dev": dev.sum(0).tolist(),
            "test": test.sum(0).tolist(),
        })  # fmt: skip
        self._tell(one, labelled, dev, seconds)
        if self.after_training:
            self.after_training(one, place / _WEIGHTS, labelled)
        if self.plan.fresh:
            self._forget(one)
        elif one.number > 1:
            self._forget(one.before)

    def _choose(self, one: Round, system: System, labelled: Sequence[Sentence], strategies: Sequence[str]) -> None:
        """Choose the next batch by each strategy from what is not labelled."""
        known = {sentence.id for sentence in labelled}
        rest = [sentence for sentence in self.pool.train if sentence.id not in known]
        answers = answers_of(system, rest) if any(strategy_of(name).needs_answers for name in strategies) else None
        candidates = [
            Candidate(sentence.id, len(sentence.tokens), answers[at].uncertainty if answers else None)
            for at, sentence in enumerate(rest)
        ]
        aids = Aids(one.seed, self.plan.overhead, vectors_by(system, rest))
        left = self.plan.target(one.number + 1, self._size()) - self._units(labelled)
        for name in strategies:
            scores = strategy_of(name).scores(candidates, aids)
            self._take(Round(name, one.seed, one.number + 1), candidates, scores, name, left)

    def _take(self, one: Round, candidates: Sequence[Candidate], scores: Sequence[float], by: str, left: int) -> None:
        """Write down the sentences of a round."""
        chosen = take(candidates, scores, self.plan.budget(left)).chosen if left > 0 else ()
        place = one.folder(self.out)
        place.mkdir(parents=True, exist_ok=True)
        with atomic_write(place / CHOSEN_FILE) as file:
            for rank, at in enumerate(chosen, start=1):
                row = {
                    "id": candidates[at].id,
                    "rank": rank,
                    "score": scores[at],
                    "tokens": candidates[at].tokens,
                    "by": by,
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def labelled(self, one: Round) -> list[Sentence]:
        """Return what is labelled in a round: the first sentences and those of all rounds up to it, in the order of the pool.

        Raises:
            LmnError: A file of chosen sentences is missing or damaged.
        """
        ids = {row["id"] for _, row in read_jsonl(Round(START, one.seed, 0).folder(self.out) / CHOSEN_FILE)}
        for number in range(1, one.number + 1):
            ids |= {
                row["id"] for _, row in read_jsonl(Round(one.strategy, one.seed, number).folder(self.out) / CHOSEN_FILE)
            }
        return [sentence for sentence in self.pool.train if sentence.id in ids]

    def _size(self) -> int:
        return self._units(self.pool.train)

    def _units(self, sentences: Sequence[Sentence]) -> int:
        return tokens_of(sentences) if self.plan.unit == "tokens" else len(sentences)

    def _forget(self, one: Round) -> None:
        if not self.keep_models:
            weights = one.folder(self.out) / _WEIGHTS
            forget(weights)
            forget(data_folder_of(weights))

    def _tell(self, one: Round, labelled: Sequence[Sentence], dev: NDArray[np.int64], seconds: float) -> None:
        """Say how a round went, by dev alone, and how long the rest will take."""
        self._seconds.append(seconds)
        left = (self.plan.trainings - len(self.rows)) * sum(self._seconds) / len(self._seconds) / 60
        echo(
            f"{one.cell}: {len(labelled):,} sentences, {tokens_of(labelled):,} tokens; dev F1 {float(f1_of(dev.sum(0))):.4f}; "
            f"{seconds:.0f} s; {len(self.rows)} of {self.plan.trainings} trainings, about {left:.0f} minutes left", err=True,
        )  # fmt: skip


def answers_of(system: System, sentences: Sequence[Sentence]) -> list[Answer]:
    """Let a system answer sentences, which hold no document separator."""
    return system.prepare(sentences).answers() if sentences else []


def counts_on(system: System, sentences: Sequence[Sentence]) -> NDArray[np.int64]:
    """Return the strict counts of each sentence: correct, predicted, gold (sentences, 3)."""
    rows = []
    for sentence, answer in zip(sentences, answers_of(system, sentences), strict=True):
        counts = strict_counts(sentence.spans, system.read(answer, sentence).spans)
        rows.append((counts.correct, counts.predicted, counts.gold))
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def read_counts(out: Path, one: Round) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts of each sentence of dev and of test after a round.

    Raises:
        LmnError: The file is missing or damaged.
    """
    value: Any = read_json(one.folder(out) / COUNTS_FILE, "simulate again into another folder")
    dev, test = (np.array(value[name], dtype=np.int64).reshape(-1, 3) for name in ("dev", "test"))
    return dev, test
