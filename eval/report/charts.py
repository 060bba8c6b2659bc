"""The report's plots: SVG by matplotlib, in the page's own colours for ink and lines."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from ...rendering.text import visible
from ..analysis.pairs import KINDS
from ..analysis.resampling import RATIOS

_COLOURS = ("#009e73", "#56b4e9", "#e69f00", "#d55e00", "#8c8c8c", "#cc79a7")
_HATCHES = ("", "//", "..", "xx", "\\\\", "++")
_MOST_LABELS = 40
_WIDTH = 7.2

Plot = tuple[str, str]
"""What it shows, and an svg element."""


def plots(document: dict[str, Any]) -> dict[str, list[Plot]] | None:
    """Return plots by the name of the section that they belong to; None where matplotlib is not installed."""
    try:
        import matplotlib as mpl
    except ImportError:
        return None
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": "report",
        "text.parse_math": False,
        "font.size": 9,
        "hatch.linewidth": 0.5,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no glyph for a letter: the page's own font has one
        found = {"errors": [_errors(document["analysis"]["errors"]["labels"])], "groups": list(_groups(document))}
        if document["calibration"]:
            found["confidence"] = [_reliability(document["calibration"]), _thresholds(document["calibration"])]
    return {name: of for name, of in found.items() if of}


def _axes(height: float, **settings: Any) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained", facecolor="none")
    axes = figure.add_subplot(facecolor="none", **settings)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any) -> str:
    """Return the element alone: no prolog, no metadata, and no ids that nothing refers to, which another plot may have too."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = file.getvalue()[file.getvalue().index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r'<g id="[^"]*">', "<g>", text).replace("<svg ", '<svg role="img" aria-hidden="true" ', 1).strip()


def _errors(labels: dict[str, dict[str, int]]) -> Plot:
    """Draw one bar a label, those with the most errors on top, cut in kinds of pairs."""
    title = "Entities by label and kind"
    names = sorted(labels, key=lambda label: -sum(labels[label][kind] for kind in KINDS[1:]))
    if len(names) > _MOST_LABELS:
        names, title = names[:_MOST_LABELS], f"{title}: the {_MOST_LABELS} labels with the most errors"
    figure, axes = _axes(1.1 + 0.28 * max(len(names), 1), xlabel="entities")
    left = [0] * len(names)
    for kind, colour, hatch in zip(KINDS, _COLOURS, _HATCHES):
        counts = [labels[name][kind] for name in names]
        places = range(len(names))
        axes.barh(places, counts, left=left, label=kind, color=colour, hatch=hatch, edgecolor="#ffffff", linewidth=0.4)
        left = [one + other for one, other in zip(left, counts)]
    axes.set_yticks(range(len(names)), [_short(name) for name in names])
    axes.invert_yaxis()
    figure.legend(loc="outside upper left", ncols=len(KINDS), frameon=False)
    return title, _svg(figure)


def _short(name: str) -> str:
    shown = visible(name)
    return shown if len(shown) <= 24 else f"{shown[:23]}…"


def _groups(document: dict[str, Any]) -> Iterator[Plot]:
    """Draw F1 by group, with the number of gold entities above each bar, where there are several groups."""
    several = {name: groups for name, groups in document["analysis"]["groups"].items() if len(groups) > 1}
    for name, groups in several.items():
        figure, axes = _axes(2.2, ylim=(0, 1.08), ylabel="F1", xlabel=name)
        bars = axes.bar(list(groups), [row["f1"] for row in groups.values()], width=0.6, color="#0072b2")
        axes.bar_label(bars, [f"{row['gold']:,}" for row in groups.values()], fontsize=8)
        axes.grid(axis="y", alpha=0.3)
        yield f"F1 by {name}; above the bars the number of gold entities", _svg(figure)


def _reliability(calibration: dict[str, Any]) -> Plot:
    """Draw the share of correct entities against their mean confidence, the dot the larger the more entities it stands for."""
    rows = [row for row in calibration["bins"] if row["predicted"]]
    figure, axes = _axes(3.4, xlim=(0, 1.02), ylim=(0, 1.05), xlabel="confidence", ylabel="share of correct entities")
    axes.plot([0, 1], [0, 1], linestyle="--", color="#8c8c8c", linewidth=1)
    sizes = [16 + 300 * row["predicted"] / calibration["predicted"] for row in rows]
    x, y = [row["confidence"] for row in rows], [row["accuracy"] for row in rows]
    axes.plot(x, y, color="#0072b2", linewidth=1)
    axes.scatter(x, y, s=sizes, color="#0072b2", alpha=0.75, clip_on=False, zorder=3)
    axes.grid(alpha=0.3)
    return (
        "Reliability: dots on the dashed line are as sure as they are right; larger dots stand for more entities",
        _svg(figure),
    )


def _thresholds(calibration: dict[str, Any]) -> Plot:
    """Draw precision, recall and F1 against the smallest confidence."""
    rows: Sequence[dict[str, Any]] = calibration["thresholds"]
    figure, axes = _axes(2.8, ylim=(0, 1.05), xlabel="smallest confidence that is kept")
    styles = zip(RATIOS, ("#0072b2", "#d55e00", "#009e73"), ("o", "s", "^"), ("-", "--", "-."))
    for key, colour, marker, line in styles:
        x, y = [row["from"] for row in rows], [row[key] for row in rows]
        axes.plot(x, y, color=colour, marker=marker, markersize=4, linestyle=line, label="F1" if key == "f1" else key)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    return "What a threshold keeps", _svg(figure)
