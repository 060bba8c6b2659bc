"""The files in which LLaMA-Factory's trainer says how a training went, and their one reader.

| file | when it is written | what it holds |
|---|---|---|
| `trainer_log.jsonl` | line by line, while training runs | step, epoch, losses, learning rate |
| `trainer_state.json` | last of all, in every checkpoint and at the end | the same, up to that step |
| `all_results.json` | once, at the end | mean loss and running time |
| `training_loss.png` | once, at the end, if the recipe says `plot_loss: true` | the losses as a plot |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import LmnError
from ..files import read_json
from ..strict_json import parse_json

LOG_FILE = "trainer_log.jsonl"
STATE_FILE = "trainer_state.json"
RESULTS_FILE = "all_results.json"
PLOT_FILE = "training_loss.png"
_MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class LogPoint:
    """One line of a training log, with at least one of the two losses.

    Attributes:
        step: Step of the optimiser.
        epoch: Epoch with its fraction, or None.
        loss: Mean loss on the training data since the last point, or None.
        eval_loss: Loss on the evaluation data, or None.
        learning_rate: Learning rate at this step, or None.
    """

    step: int
    epoch: float | None
    loss: float | None
    eval_loss: float | None
    learning_rate: float | None


class TrainerState(NamedTuple):
    """A `trainer_state.json`: how far a training had come when it was written.

    Attributes:
        step: Step of the optimiser.
        epoch: Epoch with its fraction, or None.
        points: Points of the log up to this step, ordered by step.
    """

    step: int
    epoch: float | None
    points: tuple[LogPoint, ...]

    @classmethod
    def read(cls, folder: Path) -> TrainerState | None:
        """Read the state in a folder; return None if it is missing, damaged or only half written."""
        state = _mapping(folder / STATE_FILE)
        step = state.get("global_step")
        if not isinstance(step, int):
            return None
        points = tuple(point for point in _points(_history(state)) if point.step <= step)
        return cls(step, _number(state, "epoch"), points)


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """Log of a training, during it or after it.

    Attributes:
        points: Points of the log, ordered by step; empty if there is no log.
        train_loss: Mean loss over the whole training, or None.
        seconds: Running time, or None; for a resumed training, the time of its last part.
        last_step: Last step in the log; 0 if there is no log.
    """

    points: tuple[LogPoint, ...] = ()
    train_loss: float | None = None
    seconds: float | None = None
    last_step: int = 0

    @classmethod
    def read(cls, folder: Path) -> TrainingLog:
        """Read the log in an output folder, or the trainer's state if there is no log.

        Missing files and damaged lines are left out, such as the line that is being written. A resumed training may log a
        step twice; the later line counts.
        """
        has_log = (folder / LOG_FILE).is_file()
        rows = list(_log_rows(folder / LOG_FILE) if has_log else _history(_mapping(folder / STATE_FILE)))
        results = _mapping(folder / RESULTS_FILE)
        return cls(
            tuple(_points(rows)),
            _number(results, "train_loss"),
            _number(results, "train_runtime"),
            max((step for row in rows if (step := _step(row)) is not None), default=0),
        )

    @property
    def eval_losses(self) -> tuple[float, ...]:
        """The losses on the evaluation data, ordered by step."""
        return tuple(point.eval_loss for point in self.points if point.eval_loss is not None)

    @property
    def shown(self) -> Sequence[LogPoint]:
        """At most twelve points, evenly spaced, with the first and the last."""
        if len(self.points) <= _MOST_ROWS:
            return self.points
        last = len(self.points) - 1
        return [self.points[round(number * last / (_MOST_ROWS - 1))] for number in range(_MOST_ROWS)]


def has_finished(folder: Path) -> bool:
    """Return whether the training in an output folder ran to its end: it writes its results after its adapter."""
    return (folder / RESULTS_FILE).is_file()


def _log_rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            row = parse_json(line, mend=True)
        except ValueError:
            continue  # empty, being written, or cut off by a kill
        if isinstance(row, dict):
            yield row


def _history(state: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    history = state.get("log_history")
    if isinstance(history, list):
        yield from (row for row in history if isinstance(row, dict))


def _points(rows: Iterable[Mapping[str, Any]]) -> Iterator[LogPoint]:
    """Join the rows of each step and yield those with a loss, ordered by step."""
    joined: dict[int, dict[str, Any]] = {}
    for row in rows:
        step = _step(row)
        if step is not None:
            joined.setdefault(step, {}).update(row)
    for step, row in sorted(joined.items()):
        loss, eval_loss = _number(row, "loss"), _number(row, "eval_loss")
        if loss is None and eval_loss is None:
            continue
        rate = _number(row, "lr")
        yield LogPoint(
            step, _number(row, "epoch"), loss, eval_loss, _number(row, "learning_rate") if rate is None else rate
        )


def _step(row: Mapping[str, Any]) -> int | None:
    """Return a row's step, which the log and the state name differently."""
    step = row.get("current_steps", row.get("step"))
    return step if isinstance(step, int) else None


def _number(row: Mapping[str, Any], key: str) -> float | None:
    value = row.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _mapping(path: Path) -> dict[str, Any]:
    try:
        value = read_json(path)
    except LmnError:
        return {}
    return value if isinstance(value, dict) else {}
