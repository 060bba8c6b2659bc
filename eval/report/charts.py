"""The charts of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...counts import RATIOS
from ...rendering.charts import Axis, BarSeries, Chart, PointSeries, columns, curves, stacked
from ..scored_run.analysis import KINDS, KindCounts
from ..scored_run.run import ScoredRun
from ..scored_run.trust import Calibration, Threshold

_KIND_COLOURS = (2, 4, 1, 5, 6, 3)
_RATIO_COLOURS = (0, 5, 2)
_MOST_LABELS = 40


def charts(run: ScoredRun) -> dict[str, list[Chart]]:
    """Return charts by the name of the section that they belong to."""
    found = {"errors": [_errors(run.analysis.errors.labels)], "groups": list(_groups(run))}
    if run.calibration:
        found["confidence"] = [_reliability(run.calibration), _thresholds(run.calibration.thresholds)]
    return found


def _errors(labels: dict[str, KindCounts]) -> Chart:
    """Draw one bar per label, cut into kinds of pairs, with the labels with the most errors on top."""
    title = "Entities by label and kind"
    names = sorted(labels, key=lambda label: -sum(labels[label].of(kind) for kind in KINDS[1:]))
    if len(names) > _MOST_LABELS:
        names, title = names[:_MOST_LABELS], f"{title}: the {_MOST_LABELS} labels with the most errors"
    series = []
    for kind, colour in zip(KINDS, _KIND_COLOURS):
        counts = [labels[name].of(kind) for name in names]
        series.append(BarSeries(kind, counts, [f"{count:,}" for count in counts], colour))
    return stacked(title, names, series, Axis("entities", shape=",.0f"))


def _groups(run: ScoredRun) -> Iterator[Chart]:
    """Draw F1 by group, with the number of gold entities above each bar, where there are several groups."""
    for name, groups in run.analysis.groups.items():
        if len(groups) > 1:
            golds = [f"{counts.gold:,}" for counts in groups.values()]
            series = BarSeries("gold entities", [counts.f1 for counts in groups.values()], golds)
            title = f"F1 by {name}; above the bars the number of gold entities"
            yield columns(title, list(groups), [series], name, Axis("F1", 1), noted=True)


def _reliability(calibration: Calibration) -> Chart:
    """Draw the share of correct entities against their mean confidence. Larger dots represent more entities."""
    rows = [(row, row.confidence, row.accuracy) for row in calibration.bins]
    filled = [(row, x, y) for row, x, y in rows if x is not None and y is not None]
    curve = PointSeries(
        "entities",
        [(x, y) for _, x, y in filled],
        [f"confidence {x:.4f}, correct {y:.4f} of {row.predicted:,} entities" for row, x, y in filled],
        [row.predicted / calibration.predicted for row, _, _ in filled],
    )
    title = "Reliability: dots on the dashed line are as sure as they are right; larger dots stand for more entities"
    return curves(title, [curve], Axis("confidence", 1), Axis("share of correct entities", 1), diagonal=True)


def _thresholds(rows: Sequence[Threshold]) -> Chart:
    """Draw precision, recall and F1 by minimum confidence."""
    found = []
    for key, colour in zip(RATIOS, _RATIO_COLOURS):
        name = "F1" if key == "f1" else key
        values: list[float] = [getattr(row.counts, key) for row in rows]
        notes = [f"from {row.least:.2f}: {name} {value:.4f}" for row, value in zip(rows, values)]
        found.append(PointSeries(name, [(row.least, value) for row, value in zip(rows, values)], notes, colour=colour))
    return curves("What a threshold keeps", found, Axis("smallest confidence that is kept", 1), Axis("ratio", 1))
