"""The plot of a training's losses, if training itself did not draw one."""

from __future__ import annotations

from pathlib import Path

from ...training.logs import TrainingLog


def save_loss_plot(path: Path, log: TrainingLog) -> bool:
    """Draw the losses against the training step, as PNG.

    Returns:
        Whether it was drawn, which takes points in the log, and matplotlib.
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
