"""Charts for pages: their shapes, in pixels of an svg element. `chart.html.jinja` draws them, `page.css` colours them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10, sqrt
from typing import NamedTuple

from .text import visible

COLOURS = 8
"""Number of colours in `page.css`, `--c0` to `--c7`."""
_HATCHES = 6
_WIDTH = 720
_BAR = 14
_HEIGHT = 180
"""Height of the drawing area of charts with a vertical axis."""
_CHARACTER = 8.5
"""Width of a character of a label, roughly."""
_MOST_LEFT = 210
"""Most room for row names."""
_VALUE = 96
"""Room for the notes to the right of the bars."""
_AXIS_LEFT = 58
"""Room for a vertical axis and what is written at it."""


@dataclass(frozen=True, slots=True)
class BarSeries:
    """One colour of a bar chart.

    Attributes:
        name: Name in the legend.
        values: Lengths of the bars, one per row; not negative.
        notes: Description of each value, shown next to a bar that has room, otherwise under the pointer.
        colour: Number of its colour; None for its rank among the series.

    Raises:
        ValueError: The numbers of notes and values differ.
    """

    name: str
    values: Sequence[float]
    notes: Sequence[str]
    colour: int | None = None

    def __post_init__(self) -> None:
        if len(self.values) != len(self.notes):
            raise ValueError(f"bars {self.name}: {len(self.values)} values, {len(self.notes)} notes")


@dataclass(frozen=True, slots=True)
class PointSeries:
    """One line of a chart with two axes.

    Attributes:
        name: Name in the legend.
        points: Values on both axes, from left to right.
        notes: Description of each point, shown under the pointer.
        weights: Share of the whole behind each point, which makes its dot larger; empty for dots of equal size.
        colour: Number of its colour.
        intervals: Lower and upper end of an interval on the vertical axis at each point; empty for none.

    Raises:
        ValueError: The number of notes, weights or intervals is not the number of points.
    """

    name: str
    points: Sequence[tuple[float, float]]
    notes: Sequence[str]
    weights: Sequence[float] = ()
    colour: int = 0
    intervals: Sequence[tuple[float, float]] = ()

    def __post_init__(self) -> None:
        sizes = len(self.notes), *(len(given) for given in (self.weights, self.intervals) if given)
        if set(sizes) != {len(self.points)}:
            raise ValueError(
                f"points {self.name}: {len(self.points)} points, {len(self.notes)} notes, {len(self.weights)} weights, "
                f"{len(self.intervals)} intervals"
            )


class Axis(NamedTuple):
    """A numeric axis from 0.

    Attributes:
        title: Name of the measured quantity.
        top: Largest value; None for the largest that is drawn.
        shape: Format of the numbers at its ticks, as of `format`; a tick of a format without digits is a whole number.
    """

    title: str
    top: float | None = None
    shape: str = ".1f"

    def ticks(self, top: float) -> list[tuple[float, str]]:
        """Return round numbers from 0 to at most `top`, six at most, and how they are written."""
        power = 10.0 ** floor(log10(top))
        step = next(step * power for step in (0.2, 0.5, 1, 2) if top / (step * power) < 5.5)
        step = max(step, 1) if self.shape.endswith(".0f") else step
        values = [number * step for number in range(floor(top / step * (1 + 1e-9)) + 1)]
        return [(value, format(value, self.shape)) for value in values]


class Key(NamedTuple):
    """An entry of a legend: its name, the number of its colour, and what its sample looks like."""

    name: str
    colour: int
    style: str


class Line(NamedTuple):
    """A straight line, and what kind of line it is: `axis`, `grid` or `diagonal`."""

    x1: float
    y1: float
    x2: float
    y2: float
    style: str


class Bar(NamedTuple):
    """A rectangle by its upper left corner, the numbers of its colour and its hatch, and a note."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    hatch: int
    note: str


class Polyline(NamedTuple):
    """A line through points, the numbers of its colour and its dashes."""

    points: Sequence[tuple[float, float]]
    colour: int
    dash: int


class Dot(NamedTuple):
    """A disc by its middle, the number of its colour, and a note."""

    x: float
    y: float
    radius: float
    colour: int
    note: str


class Text(NamedTuple):
    """A text by the place it is set at, and what kind of text it is.

    Attributes:
        x: Place from the left.
        y: Place of the base line from the top.
        text: Text to show.
        style: `row` (ends at its place), `tick` (is centred there) or `note` (begins there).
        whole: Whole text if `text` is shortened; empty otherwise.
        upright: Whether it runs from the bottom to the top.
    """

    x: float
    y: float
    text: str
    style: str
    whole: str = ""
    upright: bool = False


@dataclass(slots=True)
class Chart:
    """Shapes of a chart. They are drawn in the order of the attributes, later ones above earlier ones.

    Attributes:
        title: Title of the chart.
        width: Width of the whole.
        height: Height of the whole.
        legend: Entries of the legend; empty for a chart that needs none.
        lines: Axes and grids.
        bars: Bars.
        curves: Lines through values.
        dots: Values.
        texts: Names and numbers.
    """

    title: str
    width: float = _WIDTH
    height: float = 0
    legend: list[Key] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    curves: list[Polyline] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


def bars(title: str, rows: Sequence[str], series: Sequence[BarSeries]) -> Chart:
    """Draw horizontal bars on one scale, one for each row and series, each with its note."""
    chart = Chart(title, legend=_legend(series))
    most = max((value for one in series for value in one.values), default=0) or 1
    step, left = _BAR * len(series) + 10, _left(rows)
    for number, row in enumerate(rows):
        top = number * step + 5
        chart.texts.append(_row_name(row, left, top + _BAR * len(series) / 2))
        for rank, one in enumerate(series):
            width = (_WIDTH - left - _VALUE) * one.values[number] / most
            y = top + rank * _BAR
            note = f"{row}, {one.name}: {one.notes[number]}"
            chart.bars.append(Bar(left, y, width, _BAR - 2, _colour(one, rank), 0, note))
            chart.texts.append(Text(left + width + 5, y + _BAR - 4, one.notes[number], "note"))
    chart.height = step * len(rows) + 5
    return chart


def stacked(title: str, rows: Sequence[str], series: Sequence[BarSeries], axis: Axis | None = None) -> Chart:
    """Draw one horizontal bar per row, cut into parts that are also hatched. There is no axis: the longest bar is as wide as the chart."""
    chart = Chart(title, legend=_legend(series, hatched=True))
    step, left = _BAR + 8, _left(rows)
    most = max((sum(one.values[number] for one in series) for number in range(len(rows))), default=0) or 1
    bottom = step * len(rows) + 5
    scale = (_WIDTH - left - 10) / most
    chart.height = bottom
    if axis:
        for value, written in axis.ticks(most):
            x = left + value * scale
            chart.lines.append(Line(x, 0, x, bottom, "grid"))
            chart.texts.append(Text(x, bottom + 16, written, "tick"))
        chart.texts.append(Text(left + (_WIDTH - left - 10) / 2, bottom + 34, axis.title, "tick"))
        chart.height += 42
    for number, row in enumerate(rows):
        x, y = left, number * step + 5.0
        chart.texts.append(_row_name(row, left, y + _BAR / 2))
        for rank, one in enumerate(series):
            width = scale * one.values[number]
            note = f"{row}, {one.name}: {one.notes[number]}"
            chart.bars.append(Bar(x, y, width, _BAR, _colour(one, rank), rank % _HATCHES, note))
            x += width
    return chart


def columns(
    title: str, bins: Sequence[str], series: Sequence[BarSeries], axis: str, side: Axis, *, noted: bool = False
) -> Chart:
    """Draw upright bars, one group per bin.

    Args:
        title: Title of the chart.
        bins: Names of the groups, from left to right.
        series: Bars of each group.
        axis: Name of the bins, written below them.
        side: Vertical axis.
        noted: Whether each bar has its note above it, and not only under the pointer.
    """
    chart = Chart(title, height=_HEIGHT + 54, legend=_legend(series) if len(series) > 1 else [])
    top = side.top or max((value for one in series for value in one.values), default=0) or 1
    _draw_side(chart, side, top)
    group = (_WIDTH - _AXIS_LEFT - 10) / max(len(bins), 1)
    width = min(group * 0.8 / max(len(series), 1), 40 if len(series) > 1 else 70)
    every = max(1, ceil(max(map(len, bins), default=1) * _CHARACTER / group))
    for number, name in enumerate(bins):
        middle = _AXIS_LEFT + group * (number + 0.5)
        for rank, one in enumerate(series):
            tall = _HEIGHT * one.values[number] / top
            x, y = middle + width * (rank - len(series) / 2), _HEIGHT - tall + 10
            note = f"{name} {axis}, {one.name}: {one.notes[number]}"
            chart.bars.append(Bar(x, y, width * 0.92, tall, _colour(one, rank), 0, note))
            if noted:
                chart.texts.append(Text(x + width * 0.46, y - 3, one.notes[number], "tick note"))
        if number % every == 0:
            chart.texts.append(Text(middle, _HEIGHT + 26, name, "tick"))
    chart.texts.append(Text((_AXIS_LEFT + _WIDTH) / 2, _HEIGHT + 46, axis, "tick"))
    return chart


def curves(title: str, found: Sequence[PointSeries], axis: Axis, side: Axis, *, diagonal: bool = False) -> Chart:
    """Draw lines through dots.

    Args:
        title: Title of the chart.
        found: Lines, which need a legend if there are several.
        axis: Horizontal axis.
        side: Vertical axis.
        diagonal: Whether to draw the line on which both axes have the same value.
    """
    legend = [Key(one.name, one.colour % COLOURS, f"line d{rank}") for rank, one in enumerate(found)]
    chart = Chart(title, height=_HEIGHT + 54, legend=legend if len(found) > 1 else [])
    right = axis.top or max((x for one in found for x, _ in one.points), default=0) or 1
    top = side.top or max((y for one in found for _, y in one.points), default=0) or 1

    def placed(x: float, y: float) -> tuple[float, float]:
        return _AXIS_LEFT + (_WIDTH - _AXIS_LEFT - 16) * x / right, _HEIGHT + 10 - _HEIGHT * y / top

    _draw_side(chart, side, top)
    for value, written in axis.ticks(right):
        x, _ = placed(value, 0)
        chart.lines.append(Line(x, 10, x, _HEIGHT + 10, "grid"))
        chart.texts.append(Text(x, _HEIGHT + 26, written, "tick"))
    chart.texts.append(Text((_AXIS_LEFT + _WIDTH) / 2, _HEIGHT + 46, axis.title, "tick"))
    if diagonal:
        end = min(right, top)
        chart.lines.append(Line(*placed(0, 0), *placed(end, end), "diagonal"))
    for rank, one in enumerate(found):
        points = [placed(*point) for point in one.points]
        chart.curves.append(Polyline(points, one.colour % COLOURS, rank))
        for (x, _), ends in zip(one.points, one.intervals):
            chart.curves.append(Polyline([placed(x, end) for end in ends], one.colour % COLOURS, 0))
        weights = one.weights or [0.0] * len(points)
        chart.dots += [
            Dot(x, y, 3.5 + 8 * sqrt(weight), one.colour % COLOURS, note)
            for (x, y), weight, note in zip(points, weights, one.notes)
        ]
    return chart


def _draw_side(chart: Chart, side: Axis, top: float) -> None:
    """Add the vertical axis and its grid, and the line below."""
    for value, written in side.ticks(top):
        y = _HEIGHT + 10 - _HEIGHT * value / top
        chart.lines.append(Line(_AXIS_LEFT, y, _WIDTH, y, "grid" if value else "axis"))
        chart.texts.append(Text(_AXIS_LEFT - 6, y + 4, written, "row"))
    chart.texts.append(Text(12, 10 + _HEIGHT / 2, side.title, "tick", upright=True))


def _legend(series: Sequence[BarSeries], *, hatched: bool = False) -> list[Key]:
    return [
        Key(one.name, _colour(one, rank), f"h{rank % _HATCHES}" if hatched else "") for rank, one in enumerate(series)
    ]


def _colour(series: BarSeries, rank: int) -> int:
    return (rank if series.colour is None else series.colour) % COLOURS


def _left(rows: Sequence[str]) -> float:
    """Return the width that row names take."""
    return min(_MOST_LEFT, 12 + _CHARACTER * max((len(visible(row)) for row in rows), default=0))


def _row_name(row: str, left: float, middle: float) -> Text:
    room = int((_MOST_LEFT - 12) / _CHARACTER)
    shown = visible(row)
    shown = shown if len(shown) <= room else shown[: room - 1] + "…"
    return Text(left - 8, middle + 4, shown, "row", whole=row)
