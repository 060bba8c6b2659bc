"""Bar charts as inline SVG: no script, no file beside the page; colours are the page's CSS variables `--c0`, `--c1`, ..."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

_WIDTH = 720
_BAR = 14
_CHARACTER = 8.5
"""Width of a character of the labels, roughly, in pixels."""
_MOST_LEFT = 210
_VALUE = 96
"""Room for row names and for the notes beside bars."""
COLOURS = 8


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart.

    Attributes:
        name: in the legend.
        values: one a row, not negative, as lengths of bars.
        notes: one a row: what the value is, in words, shown beside a bar of its own, else where the pointer rests.
    """

    name: str
    values: Sequence[float]
    notes: Sequence[str]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.notes):
            raise ValueError(f"series {self.name}: {len(self.values)} values, {len(self.notes)} notes")


def bars(title: str, rows: Sequence[str], series: Sequence[Series]) -> str:
    """Draw horizontal bars, one a row and series, on one scale."""
    most = max((value for one in series for value in one.values), default=0) or 1
    step, left = _BAR * len(series) + 10, _left(rows)
    shapes = []
    for number, row in enumerate(rows):
        top = number * step + 5
        shapes.append(_name(row, left, top + _BAR * len(series) / 2))
        for rank, one in enumerate(series):
            width = (_WIDTH - left - _VALUE) * one.values[number] / most
            y = top + rank * _BAR
            shapes.append(_bar(left, y, width, _BAR - 2, rank, f"{row}, {one.name}: {one.notes[number]}"))
            shapes.append(_text(left + width + 5, y + _BAR - 4, one.notes[number], "note"))
    return _figure(title, shapes, step * len(rows) + 5, [one.name for one in series])


def stacked(title: str, rows: Sequence[str], series: Sequence[Series]) -> str:
    """Draw one horizontal bar a row, cut in parts; each row's values should sum to 1, or all be 0."""
    step, left = _BAR + 8, _left(rows)
    shapes = []
    for number, row in enumerate(rows):
        x = left
        shapes.append(_name(row, left, number * step + 5 + _BAR / 2))
        for rank, one in enumerate(series):
            width = (_WIDTH - left - 10) * one.values[number]
            shapes.append(_bar(x, number * step + 5, width, _BAR, rank, f"{row}, {one.name}: {one.notes[number]}"))
            x += width
    return _figure(title, shapes, step * len(rows) + 5, [one.name for one in series])


def columns(title: str, bins: Sequence[str], series: Sequence[Series], axis: str) -> str:
    """Draw upright bars, a group a bin, with a note where the pointer rests; `axis` says below what the bins are."""
    most = max((value for one in series for value in one.values), default=0) or 1
    height, left = 180, 20
    group = (_WIDTH - 2 * left) / max(len(bins), 1)
    width = min(group * 0.8 / max(len(series), 1), 40)
    every = ceil(max(map(len, bins), default=1) * _CHARACTER / group)
    shapes = []
    for number, name in enumerate(bins):
        middle = left + group * (number + 0.5)
        for rank, one in enumerate(series):
            tall = height * one.values[number] / most
            x = middle + width * (rank - len(series) / 2)
            note = f"{name} {axis}, {one.name}: {one.notes[number]}"
            shapes.append(_bar(x, height - tall + 10, width * 0.92, tall, rank, note))
        if number % every == 0:
            shapes.append(_text(middle, height + 26, name, "tick"))
    shapes.append(f'<line class="axis" x1="{left}" x2="{_WIDTH - left}" y1="{height + 10.5}" y2="{height + 10.5}"/>')
    shapes.append(_text(_WIDTH / 2, height + 46, axis, "tick"))
    return _figure(title, shapes, height + 54, [one.name for one in series])


def _left(rows: Sequence[str]) -> float:
    """Return the room that row names take."""
    return min(_MOST_LEFT, 12 + _CHARACTER * max(map(len, rows), default=0))


def _name(row: str, left: float, middle: float) -> str:
    room = int((_MOST_LEFT - 12) / _CHARACTER)
    shown = row if len(row) <= room else row[: room - 1] + "…"
    return (
        f'<text class="row" x="{left - 8:.1f}" y="{middle + 4:.1f}">{escape(shown)}<title>{escape(row)}</title></text>'
    )


def _bar(x: float, y: float, width: float, height: float, colour: int, note: str) -> str:
    return (
        f'<rect class="c{colour % COLOURS}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}">'
        f"<title>{escape(note)}</title></rect>"
    )


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _figure(title: str, shapes: Sequence[str], height: float, legend: Sequence[str]) -> str:
    keys = "".join(
        f'<span><i class="c{number % COLOURS}"></i>{escape(name)}</span>' for number, name in enumerate(legend)
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><p class="legend">{keys}</p>\n'
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {_WIDTH} {height:.0f}">\n'
        + "\n".join(shapes)
        + "\n</svg></figure>"
    )
