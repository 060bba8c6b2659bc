"""The checkpoints that a training has saved so far."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from .logs import TrainerState
from .recipe import ADAPTER_FILE

FINAL = "final"
"""Name of the adapter that a training ends with, which lies in the output folder itself."""
_PREFIX = "checkpoint-"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder with an adapter or a student that training has saved completely.

    Attributes:
        name: `checkpoint-N`, or `final` for what training ended with.
        folder: Folder that holds it.
        step: Step after which it was saved.
        epoch: Epoch after which it was saved, with its fraction, or None.
        loss: Last training loss logged up to this step, or None.
        eval_loss: Last loss on LLaMA-Factory's evaluation data up to this step, or None.
    """

    name: str
    folder: Path
    step: int
    epoch: float | None
    loss: float | None
    eval_loss: float | None

    @classmethod
    def read(cls, folder: Path, name: str | None = None, weights: str = ADAPTER_FILE) -> Checkpoint | None:
        """Return the checkpoint in a folder, or None if it is incomplete: training writes `trainer_state.json` last.

        Args:
            folder: Folder of the checkpoint.
            name: Name of the checkpoint; None for that of the folder.
            weights: Name of the file with its weights, which a recipe's `weights_name` says.
        """
        state = TrainerState.read(folder)
        if state is None or not (folder / weights).is_file():
            return None
        losses = [point.loss for point in state.points if point.loss is not None]
        eval_losses = [point.eval_loss for point in state.points if point.eval_loss is not None]
        return cls(
            name or folder.name, folder, state.step, state.epoch, _last(losses), _last(eval_losses),
        )  # fmt: skip


def _last(losses: list[float]) -> float | None:
    """Return the last loss; None if there is none, or if the training diverged, for JSON has no NaN."""
    return losses[-1] if losses and math.isfinite(losses[-1]) else None


def checkpoint_folders(output_dir: Path) -> list[Path]:
    """Return what is named as a checkpoint in a training's output folder, complete or not, ordered by step."""
    paths = [path for path in output_dir.glob(f"{_PREFIX}*") if path.name.removeprefix(_PREFIX).isdecimal()]
    return sorted(paths, key=lambda path: int(path.name.removeprefix(_PREFIX)))


def find_checkpoints(output_dir: Path, weights: str = ADAPTER_FILE) -> tuple[list[Checkpoint], list[str]]:
    """Find the checkpoints in a training's output folder.

    Args:
        output_dir: Output folder of the training.
        weights: Name of the file with the weights, which a recipe's `weights_name` says.

    Returns:
        The complete ones, ordered by step, the final adapter or student last; and the names of the incomplete ones.
    """
    found = {folder.name: Checkpoint.read(folder, weights=weights) for folder in checkpoint_folders(output_dir)}
    whole = sorted((checkpoint for checkpoint in found.values() if checkpoint), key=lambda checkpoint: checkpoint.step)
    final = Checkpoint.read(output_dir, FINAL, weights)
    if final:
        whole.append(final)
    broken = sorted(name for name, checkpoint in found.items() if checkpoint is None)
    return whole, [*broken, FINAL] if (output_dir / weights).is_file() and final is None else broken
