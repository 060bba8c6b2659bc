"""Charts: shapes in proportion to their numbers, names and notes escaped when they are drawn."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hostile import TOKENS
from hypothesis import given
from hypothesis import strategies as st
from strict_html import parsed

from llms_meet_ner.rendering.charts import Axis, BarSeries, Chart, PointSeries, bars, columns, curves, stacked
from llms_meet_ner.rendering.html import html_environment
from llms_meet_ner.rendering.text import visible

COUNTS = [BarSeries("train", [4, 1, 0], ["4", "1", "0"]), BarSeries("test", [2, 2, 2], ["2", "2", "2"], colour=5)]
ROWS = ["PER", "LOC", "a name that is much too long for the room it has"]


def drawn(chart: Chart) -> str:
    """Return what the template makes of a chart."""
    text = '{% from "rendering/chart.html.jinja" import chart %}{{ chart(one) }}'
    return html_environment().from_string(text).render(one=chart)


def test_bars_are_as_long_as_their_numbers() -> None:
    chart = bars("Entities", ROWS, COUNTS)
    widths = {bar.note: bar.width for bar in chart.bars}
    assert widths["PER, train: 4"] == 4 * widths["LOC, train: 1"] == 2 * widths["LOC, test: 2"]
    assert widths[f"{ROWS[2]}, train: 0"] == 0
    assert {(bar.colour, bar.hatch) for bar in chart.bars} == {(0, 0), (5, 0)}
    assert [key.name for key in chart.legend] == ["train", "test"]
    assert all(bar.y + bar.height <= chart.height for bar in chart.bars)


def test_parts_of_a_bar_follow_each_other_and_are_hatched() -> None:
    chart = stacked("Kinds", ROWS, COUNTS, Axis("entities", shape=",.0f"))
    first, second, *_ = chart.bars
    assert first.x + first.width == second.x
    assert first.width == 2 * second.width
    assert [bar.hatch for bar in chart.bars[:2]] == [0, 1]
    longest = first.width + second.width
    assert longest == pytest.approx(chart.width - first.x - 10)
    ticks = [text.text for text in chart.texts if text.style == "tick"]
    assert ticks == ["0", "2", "4", "6", "entities"]
    assert not stacked("Kinds", ROWS, COUNTS).lines


def test_columns_stand_on_the_axis_and_have_room_for_their_names() -> None:
    names = [f"{at}-{at + 1}" for at in range(1, 60, 2)]
    series = [BarSeries("F1", [at / 30 for at in range(30)], ["note"] * 30)]
    chart = columns("F1 by length", names, series, "tokens", Axis("F1", 1), noted=True)
    assert {round(bar.y + bar.height, 6) for bar in chart.bars} == {190}
    assert chart.bars[20].height == pytest.approx(2 * chart.bars[10].height)
    assert not chart.legend
    told = [text for text in chart.texts if "-" in text.text]
    assert len(told) < len(names)
    assert all(one.x + 8.5 * len(one.text) <= other.x for one, other in pairwise(told))
    assert sum(text.text == "note" for text in chart.texts) == 30


def test_curves_go_through_their_points() -> None:
    found = [
        PointSeries("precision", [(0, 0.5), (0.5, 1)], ["a", "b"]),
        PointSeries("recall", [(0, 1), (1, 0)], ["c", "d"], [0.25, 1], colour=5),
    ]
    chart = curves("Thresholds", found, Axis("confidence", 1), Axis("ratio", 1), diagonal=True)
    assert [(dot.x, dot.y) for dot in chart.dots[:2]] == list(chart.curves[0].points)
    (left, middle), (_, top) = chart.curves[0].points
    assert (left, middle, top) == (58, 100, 10)
    assert chart.dots[3].radius > chart.dots[2].radius > chart.dots[0].radius
    (diagonal,) = [line for line in chart.lines if line.style == "diagonal"]
    assert (diagonal.x1, diagonal.y1, diagonal.y2) == (58, 190, 10)
    assert [key.style for key in chart.legend] == ["line d0", "line d1"]


def test_intervals_are_upright_lines_at_their_points() -> None:
    found = [PointSeries("F1", [(0, 0.5), (1, 0.8)], ["a", "b"], colour=3, intervals=[(0.25, 0.75), (0.8, 1)])]
    _, first, second = curves("F1", found, Axis("tokens"), Axis("F1", 1)).curves
    assert list(first.points) == [(58, 145), (58, 55)]
    assert (second.points[1][1], second.colour) == (10, 3)


@pytest.mark.parametrize(
    ("axis", "top", "written"),
    [
        (Axis("x"), 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Axis("x", shape=".0%"), 0.17, ["0%", "5%", "10%", "15%"]),
        (Axis("x", shape=",.0f"), 1, ["0", "1"]),
        (Axis("x", shape=",.0f"), 12_345, ["0", "5,000", "10,000"]),
    ],
)
def test_ticks_are_round_numbers(axis: Axis, top: float, written: list[str]) -> None:
    assert [text for _, text in axis.ticks(top)] == written
    assert all(0 <= value <= top * 1.001 for value, _ in axis.ticks(top))


@given(st.floats(1e-6, 1e9))
def test_there_are_a_few_ticks(top: float) -> None:
    assert 2 <= len(Axis("x").ticks(top)) <= 6


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="bars a: 1 values, 0 notes"):
        BarSeries("a", [1], [])
    with pytest.raises(ValueError, match="points a: 1 points, 1 notes, 2 weights"):
        PointSeries("a", [(0, 1)], ["x"], [1, 2])
    with pytest.raises(ValueError, match="points a: 1 points, 1 notes, 0 weights, 2 intervals"):
        PointSeries("a", [(0, 1)], ["x"], intervals=[(0, 1), (0, 1)])


def test_charts_of_nothing_are_drawn() -> None:
    parsed(drawn(bars("empty", [], [])))
    parsed(drawn(stacked("empty", [], [])))
    parsed(drawn(columns("empty", [], [BarSeries("a", [], [])], "x", Axis("y"))))
    parsed(drawn(curves("empty", [], Axis("x"), Axis("y"))))


def test_hostile_names_and_notes_show_as_text() -> None:
    series = [BarSeries(token, [1] * len(TOKENS), TOKENS) for token in TOKENS[:3]]
    for chart in (bars(TOKENS[0], TOKENS, series), columns(TOKENS[1], TOKENS, series, TOKENS[2], Axis(TOKENS[3]))):
        text = drawn(chart)
        page = parsed(text)
        assert set(page.tags) <= {"figure", "figcaption", "p", "span", "i", "svg", "line", "rect", "title", "text"}
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert text.replace("\n", "") == visible(text.replace("\n", ""))
        shown = "".join(page.text)
        assert all(visible(token) in shown for token in TOKENS)
