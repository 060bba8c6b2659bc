"""What a simulation of active learning will take: trainings, labels, minutes."""

from __future__ import annotations

import platform
import shutil
import tempfile
import time
from pathlib import Path

from ...files import read_json
from ...terminal import echo
from ...training.logs import RESULTS_FILE
from .active import counts_on
from .active_learners import RoundLearner
from .active_plan import ActivePlan
from .pool import Pool, tokens_of

_PROBE_STEPS, _PROBE_SENTENCES = 8, 64


def plan_lines(plan: ActivePlan, pool: Pool) -> list[str]:
    """Return what the simulation will take, in words."""
    size = tokens_of(pool.train) if plan.unit == "tokens" else len(pool.train)
    start, last = plan.target(0, size), plan.target(plan.rounds, size)
    lines = [
        f"strategies: {', '.join(plan.strategies)}; seeds: {', '.join(map(str, plan.seeds))}",
        f"trainings: {plan.trainings}",
        f"labelled {plan.unit}: {start:,} at the start, {plan.per_round.of_pool(size):,} a round, "
        f"{min(last, size):,} of {size:,} at the end",
        f"every training: {plan.steps} optimiser steps" if plan.steps else f"every training: {plan.epochs:g} epochs",
        "each round trains from the base again" if plan.fresh else "each round goes on from the weights of the round before",
    ]  # fmt: skip
    if last > size:
        lines.append(f"the pool ends before the last round: {last:,} {plan.unit} are asked for")
    if plan.epochs and plan.unit == "tokens":
        lines.append(
            "epochs with a budget in tokens: shorter sentences train for more steps; --steps is the same for all"
        )
    lines.append("almost equal sentences are not passed over, as lmn-annotate select does (--near)")
    if "least-confidence" in plan.strategies:
        lines.append("least-confidence prefers long sentences: compare by tokens, not by sentences")
    return lines


def estimate(plan: ActivePlan, pool: Pool, learner: RoundLearner, done: int) -> None:
    """Say how long the rest will take, by a few steps and sentences for real; for an adapter, the first round tells."""
    left = plan.trainings - done
    if done or not learner.is_student:
        echo(f"trainings left: {left}" + ("" if done else "; the first one will say how long they take"), err=True)
        return
    folder = Path(tempfile.mkdtemp(prefix="lmn-probe-"))
    try:
        first = pool.train[: max(1, len(pool.train) // 5)]
        began = time.monotonic()
        system = learner.train(first, folder / "weights", steps=_PROBE_STEPS, seed=1)
        whole = time.monotonic() - began
        stepping = float(read_json(folder / "weights" / RESULTS_FILE)["train_runtime"])
        counts_on(system, pool.test[:1])  # loads the model
        began = time.monotonic()
        sample = pool.test[:_PROBE_SENTENCES]
        counts_on(system, sample)
        sentence = (time.monotonic() - began) / len(sample)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    steps = plan.steps_of(len(pool.train) // 4, learner.batch_size)
    training = whole - stepping + steps * stepping / _PROBE_STEPS
    scoring = sentence * (len(pool.train) + len(pool.dev) + len(pool.test))
    echo(
        f"estimate: {training + scoring:.0f} s a round ({training:.0f} s of them training), {left * (training + scoring) / 60:.0f} minutes "
        f"for {left} trainings, on {platform.machine()}", err=True,
    )  # fmt: skip
