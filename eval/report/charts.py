"""The charts of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...rendering.charts import Axis, BarSeries, Chart, PointSeries, columns, curves, stacked
from ..analysis.pairs import KINDS
from ..analysis.resampling import RATIOS

_KIND_COLOURS = (2, 4, 1, 5, 6, 3)
_RATIO_COLOURS = (0, 5, 2)
_MOST_LABELS = 40


def charts(document: dict[str, Any]) -> dict[str, list[Chart]]:
    """Return charts by the name of the section that they belong to."""
    found = {"errors": [_errors(document["analysis"]["errors"]["labels"])], "groups": list(_groups(document))}
    if document["calibration"]:
        found["confidence"] = [_reliability(document["calibration"]), _thresholds(document["calibration"])]
    return found


def _errors(labels: dict[str, dict[str, int]]) -> Chart:
    """Draw one bar a label, those with the most errors on top, cut in kinds of pairs."""
    title = "Entities by label and kind"
    names = sorted(labels, key=lambda label: -sum(labels[label][kind] for kind in KINDS[1:]))
    if len(names) > _MOST_LABELS:
        names, title = names[:_MOST_LABELS], f"{title}: the {_MOST_LABELS} labels with the most errors"
    series = []
    for kind, colour in zip(KINDS, _KIND_COLOURS):
        counts = [labels[name][kind] for name in names]
        series.append(BarSeries(kind, counts, [f"{count:,}" for count in counts], colour))
    return stacked(title, names, series, Axis("entities", shape=",.0f"))


def _groups(document: dict[str, Any]) -> Iterator[Chart]:
    """Draw F1 by group, with the number of gold entities above each bar, where there are several groups."""
    for name, groups in document["analysis"]["groups"].items():
        if len(groups) > 1:
            golds = [f"{row['gold']:,}" for row in groups.values()]
            series = BarSeries("gold entities", [row["f1"] for row in groups.values()], golds)
            title = f"F1 by {name}; above the bars the number of gold entities"
            yield columns(title, list(groups), [series], name, Axis("F1", 1), noted=True)


def _reliability(calibration: dict[str, Any]) -> Chart:
    """Draw the share of correct entities against their mean confidence, the dot the larger the more entities it stands for."""
    rows = [row for row in calibration["bins"] if row["predicted"]]
    curve = PointSeries(
        "entities",
        [(row["confidence"], row["accuracy"]) for row in rows],
        [
            f"confidence {row['confidence']:.4f}, correct {row['accuracy']:.4f} of {row['predicted']:,} entities"
            for row in rows
        ],
        [row["predicted"] / calibration["predicted"] for row in rows],
    )
    title = "Reliability: dots on the dashed line are as sure as they are right; larger dots stand for more entities"
    return curves(title, [curve], Axis("confidence", 1), Axis("share of correct entities", 1), diagonal=True)


def _thresholds(calibration: dict[str, Any]) -> Chart:
    """Draw precision, recall and F1 against the smallest confidence."""
    rows: Sequence[dict[str, Any]] = calibration["thresholds"]
    found = []
    for key, colour in zip(RATIOS, _RATIO_COLOURS):
        name = "F1" if key == "f1" else key
        notes = [f"from {row['from']:.2f}: {name} {row[key]:.4f}" for row in rows]
        found.append(PointSeries(name, [(row["from"], row[key]) for row in rows], notes, colour=colour))
    return curves("What a threshold keeps", found, Axis("smallest confidence that is kept", 1), Axis("ratio", 1))
