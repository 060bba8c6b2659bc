"""Spans drawn for notebooks: inside each other, with any text in them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hostile import TOKENS
from hypothesis import given
from hypothesis import strategies as st
from strict_html import parsed

from llms_meet_ner.rendering.notebook import DrawnSpan, drawn_tables, drawn_text
from llms_meet_ner.rendering.tables import Table
from llms_meet_ner.rendering.text import visible, visible_lines


def bracketed(html: str) -> str:
    """Return the text of a drawing, a bracket at each end of a span."""
    opened = re.sub(r'<span(?: title="[^"]*")? style="background[^>]*>', "[", html)
    return re.sub(r"<[^>]*>", "", re.sub(r"<span[^>]*>(.*?)</span></span>", r"|\1]", opened, flags=re.DOTALL))


def test_spans_lie_inside_each_other() -> None:
    text = "University of the Free State in South Africa"
    spans = [DrawnSpan(32, 44, "LOC"), DrawnSpan(0, 44, "ORG"), DrawnSpan(18, 28, "LOC"), DrawnSpan(0, 28, "ORG")]
    drawn = drawn_text(text, spans, "demo/testb/0")
    assert bracketed(drawn) == "demo/testb/0[[University of the [Free State|LOC]|ORG] in [South Africa|LOC]|ORG]"
    assert bracketed(drawn_text("no entity", [])) == "no entity"
    same = drawn_text("a b", [DrawnSpan(0, 3, "X"), DrawnSpan(0, 3, "Y")])
    assert bracketed(same) == "[[a b|Y]|X]"


def test_a_label_has_one_colour_everywhere() -> None:
    one, other = (drawn_text("x y", [DrawnSpan(at, at + 1, "PER")]) for at in (0, 2))
    assert re.findall(r"hsl\(\d+", one) == re.findall(r"hsl\(\d+", other)
    assert "hsl(220 " in one


def test_line_breaks_stay_and_hidden_characters_show_as_codes() -> None:
    drawn = drawn_text("a\n\u202eb\tc", [DrawnSpan(0, 4, "X\u200b", "confidence\u202e 0.5")])
    assert bracketed(drawn) == "[a\n\\u202eb|X\\u200b]\tc"
    assert 'title="confidence\\u202e 0.5"' in drawn


def test_spans_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="not a span: start 2, end 2"):
        DrawnSpan(2, 2, "X")
    with pytest.raises(ValueError, match="ends after the text"):
        drawn_text("ab", [DrawnSpan(0, 3, "X")])
    with pytest.raises(ValueError, match="crosses"):
        drawn_text("abc", [DrawnSpan(0, 2, "X"), DrawnSpan(1, 3, "Y")])


@st.composite
def drawings(draw: Any) -> tuple[list[str], list[DrawnSpan]]:
    """Draw pieces of text, some of them spans of their own, all of them in one."""
    pieces = draw(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(min_size=1, max_size=4)), min_size=1, max_size=6))
    spans, at = [], 0
    for piece in pieces:
        if draw(st.booleans()):
            spans.append(DrawnSpan(at, at + len(piece), draw(st.sampled_from(TOKENS)), draw(st.sampled_from(TOKENS))))
        at += len(piece)
    return pieces, [*spans, DrawnSpan(0, at, "ALL")]


@given(drawings())
def test_any_text_label_and_note_shows_as_text(drawing: tuple[list[str], list[DrawnSpan]]) -> None:
    pieces, spans = drawing
    drawn = drawn_text("".join(pieces), spans, TOKENS[0])
    page = parsed(drawn)
    assert set(page.tags) == {"div", "span"}
    assert {name for name, _ in page.attributes} <= {"style", "title", "dir"}
    assert not [value for name, value in page.attributes if name == "style" and "url" in str(value)]
    shown = "".join(page.text)
    assert all(visible_lines(piece) in shown for piece in pieces)
    assert all(visible(span.label) in shown for span in spans)
    titles = [value for name, value in page.attributes if name == "title"]
    assert sorted(map(str, titles)) == sorted(visible(span.note) for span in spans if span.note)


def test_tables_are_drawn_below_each_other() -> None:
    page = parsed(drawn_tables([Table(("<i>", "F1"), [("PER", "0.5")], ("a note",)), Table(("b",), [])]))
    assert page.tags["table"] == 2
    assert "".join(page.text).split() == ["a", "note", "<i>F1", "PER0.5", "b"]
