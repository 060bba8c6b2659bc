"""Plots as PNG files, drawn with matplotlib if it is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from ..files import atomic_write_bytes

_DECIMALS = 4

Line = Sequence[tuple[int, float]]
"""Points of a line: step and value."""


Figure = Any
"""A figure of matplotlib, which is not installed everywhere."""


def save_plot(path: Path, lines: Mapping[str, Line], axis: str) -> bool:
    """Draw lines as `draw_plot` does, and save them as PNG. The file gets its name only when it is whole.

    Returns:
        Whether the file was written. It is not if matplotlib is missing.

    Raises:
        LmnError: The file cannot be written.
    """
    figure = draw_plot(lines, axis)
    if figure is not None:
        with atomic_write_bytes(path) as file:
            save_figure(figure, file)
    return figure is not None


def save_figure(figure: Figure, file: IO[bytes]) -> None:
    """Write a figure as PNG to an open file."""
    figure.savefig(file, format="png", dpi=120, metadata={"Software": None})


def draw_plot(
    lines: Mapping[str, Line], axis: str, *, title: str = "", limits: tuple[float, float] | None = None,
    right: tuple[str, Line] | None = None, marked: Line = (),
) -> Figure | None:  # fmt: skip
    """Draw lines against the training step.

    Args:
        lines: Lines by name, drawn on the left axis.
        axis: Title of the left axis.
        title: Title above the plot; empty for none.
        limits: Lowest and highest value of the left axis; None to fit it to the lines.
        right: Name and points of a dashed line with an axis of its own on the right, or None.
        marked: Points that have their value written above them.

    Returns:
        The figure, or None if matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(title=title, xlabel="step", ylabel=axis, ylim=limits)
    axes.title.set_fontsize(8)
    for name, line in lines.items():
        axes.plot(*zip(*line), marker="o", markersize=4, label=name)
    for point in marked:
        value = f"{point[1]:.{_DECIMALS}f}"
        axes.annotate(value, point, textcoords="offset points", xytext=(0, 6), ha="center")
    if right:
        name, line = right
        other = axes.twinx()
        other.set_ylabel(name)
        other.plot(*zip(*line), linestyle="--", color="grey", label=name)
    axes.legend(loc="best")
    axes.grid(alpha=0.3)
    return figure
