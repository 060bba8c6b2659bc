"""One trial's training as a process of LLaMA-Factory, watched while it runs; and its score, in a process that gives its memory back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from ...errors import LmnError
from ...prediction.run import PredictOptions, run_folder
from ...training.recipe import load_recipe
from ..scoring.counts import Counts
from .curve import Dev, score_adapter
from .search_plan import SearchPlan

_LOG_FILE = "trainer_log.jsonl"
_POLL = 1.0
_PATIENCE = 30.0
OnEvaluation = Callable[[int, float], bool]
"""Takes the number of an evaluation, from 1, and its loss; returns whether the training is to end now."""


class TrialError(Exception):
    """A trial's training failed: the message says how, and where its log is."""


@dataclass(frozen=True, slots=True)
class Training:
    """What came of a trial's training.

    Attributes:
        steps: that it took.
        pruned: it was ended early.
    """

    steps: int
    pruned: bool


def evaluations(folder: Path) -> tuple[list[float], int]:
    """Return the evaluation losses that a training has logged, in order, and the last step logged; a resumed one repeats none."""
    try:
        lines = (folder / _LOG_FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return [], 0
    by_step: dict[int, float] = {}
    last = 0
    for line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue  # the line that is being written
        last = max(last, row["current_steps"])
        if "eval_loss" in row:
            by_step[row["current_steps"]] = float(row["eval_loss"])
    return [by_step[step] for step in sorted(by_step)], last


def train_trial(
    recipe: Path, words: Sequence[str], folder: Path, on_evaluation: OnEvaluation, keep_open: Sequence[int] = ()
) -> Training:  # fmt: skip
    """Run `llamafactory-cli train`; its output goes to `<folder>.log`. A training that was killed goes on from its last checkpoint.

    Args:
        recipe: the file.
        words: overrides, `output_dir` among them.
        folder: the output folder.
        on_evaluation: called after every evaluation.
        keep_open: file descriptors that the training holds too: a lock on them lasts as long as it runs.

    Raises:
        TrialError: it ended with another status than 0.
    """
    log = folder.with_name(f"{folder.name}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "llamafactory.cli", "train", str(recipe), *words]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # torchrun
    pruned = False
    with log.open("a", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            pass_fds=tuple(keep_open), env={**os.environ, "PATH": path},
        )  # fmt: skip
        try:
            pruned = _watch(process, folder, on_evaluation)
        finally:
            _end(process)
    if process.returncode and not pruned:
        raise TrialError(f"training ended with status {process.returncode}: {_last_line(log)} ({log})")
    return Training(evaluations(folder)[1], pruned)


def _watch(process: subprocess.Popen[bytes], folder: Path, on_evaluation: OnEvaluation) -> bool:
    """Wait for a training's end, handing over its evaluations; return whether it is to end early."""
    seen = 0
    while True:
        running = process.poll() is None
        losses, _ = evaluations(folder)
        for number, loss in enumerate(losses[seen:], seen + 1):
            if on_evaluation(number, loss) and running:
                return True
        seen = len(losses)
        if not running:
            return False
        time.sleep(_POLL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a training with all processes that it started; nothing where it has ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            continue


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no output"


def score_trial(plan: SearchPlan, words: Sequence[str]) -> Counts:
    """Predict and score the adapter of a trial, in a process of its own: the next training needs the GPU's memory.

    Raises:
        LmnError: as `score_adapter`; or the process was killed.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_score, plan, list(words)).result()
        except BrokenProcessPool as error:
            raise LmnError("scoring was killed, for want of memory perhaps; a smaller batch_size needs less") from error


def _score(plan: SearchPlan, words: list[str]) -> Counts:
    recipe = load_recipe(plan.recipe.path, words)
    dev = Dev.read(recipe, plan.split, plan.source, plan.limit)
    options = PredictOptions(plan.decoding, plan.batch_size, limit=plan.limit).for_format(dev.spec.format)
    return score_adapter(recipe, dev, options, run_folder(recipe, dev.gold.card.name, dev.gold.split, options))
