"""Runs `lmn-train` or `llamafactory-cli train` as a process of its own: starts it, follows its log, and stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import LmnError
from ..masking import masked_echo
from ..secret_shapes import is_secret_name
from .logs import TrainingLog
from .recipe import load_recipe

_POLL = 1.0
"""Seconds between two looks at the log."""
_PATIENCE = 30.0
"""Seconds that a training has to end after SIGTERM before it is killed."""
Trainer = Literal["lmn-train", "llamafactory-cli"]
"""Command that trains. Both end with the same adapter; `lmn-train` computes what examples share once."""
_MODULES: dict[Trainer, tuple[str, ...]] = {
    "lmn-train": ("llms_meet_ner.cli.train",),
    "llamafactory-cli": ("llamafactory.cli", "train"),
}
OnEvaluation = Callable[[int, float], bool]
"""Takes the number of an evaluation, counted from 1, and its loss; returns whether to stop the training."""


class TrainingError(LmnError):
    """A training failed; `where` is the file that holds its output."""


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """Outcome of a training.

    Attributes:
        steps: Last step that it logged.
        stopped: Whether `on_evaluation` stopped it early.
    """

    steps: int
    stopped: bool


def launch_training(
    recipe: Path,
    overrides: Sequence[str],
    output_dir: Path,
    on_evaluation: OnEvaluation,
    keep_open: Sequence[int] = (),
    trainer: Trainer = "llamafactory-cli",
    flags: Sequence[str] = (),
) -> TrainingOutcome:
    """Run a training to its end; its output goes to `<output_dir>.log`.

    A training that was killed earlier resumes from its last checkpoint. If this call ends early, by an error or Ctrl-C, the
    training and all processes that it started end too.

    Args:
        recipe: Recipe file.
        overrides: `key=value` words for LLaMA-Factory, `output_dir` among them.
        output_dir: Output folder of the training.
        on_evaluation: Called once after every evaluation.
        keep_open: File descriptors that the training inherits. A lock on one of them lasts as long as the training runs.
        trainer: Command that trains.
        flags: Options of the command, such as `--allow-cut`.

    Raises:
        LmnError: The data are not what lmn-convert wrote, or an override holds a secret.
        TrainingError: It ended with another status than 0 and was not stopped.
    """
    refuse_secrets(overrides)
    load_recipe(recipe, overrides).check_data()
    log = output_dir.with_name(f"{output_dir.name}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", *_MODULES[trainer], str(recipe), *flags, *overrides]
    path = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    )  # LLaMA-Factory calls torchrun
    stopped = False
    with log.open("a", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            pass_fds=tuple(keep_open), env={**os.environ, "PATH": path},
        )  # fmt: skip
        try:
            stopped = _follow(process, output_dir, on_evaluation)
        finally:
            stop_processes(process)
    if process.returncode and not stopped:
        raise TrainingError(f"training ended with status {process.returncode}: {_last_line(log)}", log)
    return TrainingOutcome(TrainingLog.read(output_dir).last_step, stopped)


def refuse_secrets(overrides: Sequence[str]) -> None:
    """Refuse a secret among the overrides: everybody on the machine sees the arguments of a process.

    Raises:
        LmnError: An override is named like a secret, or its value looks like one.
    """
    for word in overrides:
        key = word.partition("=")[0]
        if is_secret_name(key) or masked_echo(word) != word:
            raise LmnError(
                "looks like a secret, and the arguments of a training are seen by everybody on the machine", key,
                "set it in the environment or in the recipe",
            )  # fmt: skip


def _follow(process: subprocess.Popen[bytes], output_dir: Path, on_evaluation: OnEvaluation) -> bool:
    """Wait for the end of a training and report each evaluation; return whether to stop it early."""
    seen = 0
    while True:
        running = process.poll() is None
        losses = TrainingLog.read(output_dir).eval_losses
        for number, loss in enumerate(losses[seen:], seen + 1):
            if on_evaluation(number, loss) and running:
                return True
        seen = len(losses)
        if not running:
            return False
        time.sleep(_POLL)


def stop_processes(process: subprocess.Popen[bytes]) -> None:
    """Stop a process that leads a session of its own, and all processes that it started; do nothing if it has ended."""
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
