"""The plot of a learning curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def save_plot(
    path: Path, title: str, steps: Sequence[int], series: Mapping[str, Sequence[float]], losses: Sequence[float | None]
) -> bool:
    """Write a PNG: the ratios against the step on the left axis, and the evaluation loss, if known, on the right.

    Args:
        path: File to write; it gets its name only when it is whole.
        title: Title above the plot.
        steps: Training steps at which `series` and `losses` were measured.
        series: Ratios from 0 to 1 by name; the highest value of the last one is marked.
        losses: Evaluation losses; None where unknown.

    Returns:
        Whether it was written, which takes matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(title=title, xlabel="step", ylabel=" / ".join(series), ylim=(0, 1))
    axes.title.set_fontsize(8)
    for name, values in series.items():
        axes.plot(steps, values, marker="o", markersize=4, label=name)
    last = list(series.values())[-1]
    top = max(last)
    axes.annotate(
        f"{top:.4f}", (steps[list(last).index(top)], top), textcoords="offset points", xytext=(0, 6), ha="center"
    )
    known = [(step, loss) for step, loss in zip(steps, losses) if loss is not None]
    if known:
        right = axes.twinx()
        right.set_ylabel("evaluation loss")
        right.plot(*zip(*known), linestyle="--", color="grey", label="evaluation loss")
    axes.legend(loc="best")
    axes.grid(alpha=0.3)
    temporary = path.with_name(f".{path.name}.tmp")
    figure.savefig(temporary, format="png", dpi=120)
    temporary.replace(path)
    return True
