"""What a recipe and the files that training left say of a training."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import yaml

from ..errors import LmnError
from ..files import atomic_write, read_json
from ..records import read_jsonl
from .recipe import Recipe

LOG_FILE = "trainer_log.jsonl"
STATE_FILE = "trainer_state.json"
RESULTS_FILE = "all_results.json"
PLOT_FILE = "training_loss.png"
_SECRET_KEY = re.compile(r"(?i)(^|_)(token|secret|password|passwd|api_?key|credentials?)$")
_SECRET_VALUE = re.compile(r"hf_[A-Za-z0-9]{16,}")
_OF_THE_MACHINE = {
    "cache_dir", "logging_dir", "run_name", "report_to", "overwrite_output_dir", "overwrite_cache", "plot_loss", "push_to_hub",
    "hub_model_id", "hub_private_repo", "resume_from_checkpoint", "tokenized_path", "media_dir", "ray_run_name", "ray_storage_path",
    "project", "trackio_space_id", "swanlab_project", "swanlab_workspace", "swanlab_run_name", "swanlab_logdir",
}  # fmt: skip
_FOLDERS = ("model_name_or_path", "output_dir", "dataset_dir")
_MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The keys of a recipe that others can use.

    Attributes:
        values: by LLaMA-Factory's names, without the folders of base model, data and output.
        left_out: names of keys that say where things lie or are reported to on one machine, or hold a secret.
    """

    values: Mapping[str, Any]
    left_out: tuple[str, ...]


def hyperparameters(recipe: Recipe) -> Hyperparameters:
    """Return what of a recipe goes into a card: all keys but folders of this machine, reporting and secrets."""
    values = {key: value for key, value in recipe.values.items() if key not in _FOLDERS}
    left_out = [key for key, value in values.items() if key in _OF_THE_MACHINE or is_secret(key, value)]
    left_out += [key for key, value in values.items() if key not in left_out and _is_absolute(value)]
    return Hyperparameters({key: value for key, value in values.items() if key not in left_out}, tuple(left_out))


def is_secret(key: str, value: object = None) -> bool:
    """Whether a key of a recipe, or its value, looks like a secret."""
    return bool(_SECRET_KEY.search(key)) or bool(_SECRET_VALUE.search(str(value)))


def _is_absolute(value: object) -> bool:
    """Whether a value names a place that is one machine's: an absolute path, or one from a home."""
    if not isinstance(value, str):
        return False
    return PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute() or value.startswith("~")


def write_recipe(path: Path, recipe: Recipe, base: str) -> None:
    """Write the recipe as others can run it: the base model by its public name, folders below the working directory."""
    data = recipe.values.get("dataset_dir", "data")
    values = {
        "model_name_or_path": base,
        **hyperparameters(recipe).values,
        "dataset_dir": "data/alpaca" if _is_absolute(data) else data,
        "output_dir": f"outputs/{recipe.name}",
    }
    with atomic_write(path) as file:
        file.write(
            "# The recipe that the adapter was trained with, without folders, reporting and secrets of the machine.\n"
        )
        yaml.safe_dump(values, file, sort_keys=False, allow_unicode=True)


@dataclass(frozen=True, slots=True)
class LogPoint:
    """A line of a training log.

    Attributes:
        step: of the optimiser.
        epoch: with its fraction, or None.
        loss: on the training data since the last point, or None.
        eval_loss: on the evaluation data, or None.
        learning_rate: or None.
    """

    step: int
    epoch: float | None
    loss: float | None
    eval_loss: float | None
    learning_rate: float | None


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """What training said of itself.

    Attributes:
        points: by step; empty where there is no log.
        train_loss: mean over the training, or None.
        seconds: that it took, or None; of a training that was resumed, those of its last part.
    """

    points: tuple[LogPoint, ...] = ()
    train_loss: float | None = None
    seconds: float | None = None

    @classmethod
    def read(cls, folder: Path) -> TrainingLog:
        """Read the log, or else the trainer's state, in an adapter's folder; what is missing or damaged there is left out."""
        rows = list(_log_rows(folder))
        points: dict[int, dict[str, Any]] = {}
        for row in rows:
            step = row.get("current_steps", row.get("step"))
            if isinstance(step, int):
                points.setdefault(step, {}).update(row)
        results = _mapping(folder / RESULTS_FILE)
        return cls(
            tuple(point for step, row in sorted(points.items()) if (point := _point(step, row))),
            _number(results, "train_loss"),
            _number(results, "train_runtime"),
        )

    @property
    def shown(self) -> Sequence[LogPoint]:
        """At most a dozen points, evenly taken, the first and the last among them."""
        if len(self.points) <= _MOST_ROWS:
            return self.points
        last = len(self.points) - 1
        return [self.points[round(number * last / (_MOST_ROWS - 1))] for number in range(_MOST_ROWS)]


def _log_rows(folder: Path) -> Iterator[dict[str, Any]]:
    if (folder / LOG_FILE).is_file():
        try:
            for _, row in read_jsonl(folder / LOG_FILE):
                yield row
        except LmnError:
            return  # cut off: what stands before is kept
    else:
        history = _mapping(folder / STATE_FILE).get("log_history")
        yield from (row for row in history if isinstance(row, dict)) if isinstance(history, list) else ()


def _point(step: int, row: Mapping[str, Any]) -> LogPoint | None:
    """Return a point, or None where the row has no loss."""
    loss, eval_loss = _number(row, "loss"), _number(row, "eval_loss")
    if loss is None and eval_loss is None:
        return None
    rate = _number(row, "lr")
    return LogPoint(
        step, _number(row, "epoch"), loss, eval_loss, _number(row, "learning_rate") if rate is None else rate
    )


def _number(row: Mapping[str, Any], key: str) -> float | None:
    value = row.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _mapping(path: Path) -> dict[str, Any]:
    try:
        value = read_json(path)
    except LmnError:
        return {}
    return value if isinstance(value, dict) else {}


def save_loss_plot(path: Path, log: TrainingLog) -> bool:
    """Draw the losses against the step as PNG.

    Returns:
        Whether it was drawn: not without points, nor without matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    if not log.points:
        return False
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="loss")
    for name, label in (("loss", "training"), ("eval_loss", "evaluation")):
        known = [(point.step, value) for point in log.points if (value := getattr(point, name)) is not None]
        if known:
            axes.plot(*zip(*known), marker="o", markersize=3, label=label)
    axes.legend(loc="best")
    axes.grid(alpha=0.3)
    figure.savefig(path, format="png", dpi=100, metadata={"Software": None})
    return True
