"""The table of a student's training: losses and dev scores by epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import write_json
from ..rendering.tables import Table
from ..typed_json import to_json

EPOCHS_FILE = "epochs.json"
_METRICS = ("accuracy", "precision", "recall", "f1")


@dataclass(frozen=True, slots=True)
class EpochRow:
    """What a trainer logged at an evaluation, or where there is none, at the end of an epoch.

    Attributes:
        epoch: Epochs that were trained.
        step: Steps that were trained.
        loss: Mean of the losses logged since the row before; None if none was logged.
        dev_loss: Cross entropy of a token on the dev data, in nats; None without dev data. So are all below.
        accuracy: Share of the tokens with the right tag.
        precision: Strict precision of entities.
        recall: Strict recall.
        f1: Strict F1.
    """

    epoch: float
    step: int
    loss: float | None
    dev_loss: float | None = None
    accuracy: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None

    def score(self, metric: str) -> float:
        """Return what an evaluation on dev data gave.

        Args:
            metric: Its name; `loss` for that on dev data.
        """
        value: float = getattr(self, "dev_loss" if metric == "loss" else metric)
        return value


def epoch_rows(history: Iterable[Mapping[str, Any]]) -> list[EpochRow]:
    """Return the rows of the table, in order.

    Args:
        history: `log_history` of a trainer's state.
    """
    rows: list[EpochRow] = []
    losses: list[float] = []
    history = list(history)
    evaluated = any("eval_f1" in entry for entry in history)
    for entry in history:
        if "loss" in entry:
            losses.append(entry["loss"])
        if ("eval_f1" if evaluated else "loss") not in entry:
            continue
        scores = {name: entry.get(f"eval_{name}") for name in _METRICS}
        mean = sum(losses) / len(losses) if losses else None
        rows.append(EpochRow(entry["epoch"], entry["step"], mean, entry.get("eval_loss"), **scores))
        losses = []
    return rows


def save_epochs(rows: Iterable[EpochRow], folder: Path) -> None:
    """Write the rows into a student's folder."""
    write_json(folder / EPOCHS_FILE, [to_json(row) for row in rows])


def epoch_table(rows: Iterable[EpochRow]) -> Table:
    """Return the rows as a table."""
    header = ("epoch", "step", "loss", "dev loss", "accuracy", "precision", "recall", "F1")
    cells = [
        (f"{row.epoch:g}", f"{row.step:,}", _cell(row.loss), _cell(row.dev_loss), *(_cell(getattr(row, key)) for key in _METRICS))
        for row in rows
    ]  # fmt: skip
    return Table(header, cells)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
