"""HTML from templates: every value is escaped, hidden characters show as codes, and what is missing raises."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hostile import TOKENS
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import Markup
from strict_html import parsed

from llms_meet_ner.rendering.html import html_environment
from llms_meet_ner.rendering.tables import Table
from llms_meet_ner.rendering.templates import source
from llms_meet_ner.rendering.text import visible


def rendered(text: str, **values: object) -> str:
    return html_environment().from_string(text).render(values)


def drawn(table: Table, **more: object) -> str:
    return rendered(
        '{% from "rendering/table.html.jinja" import table %}{{ table(one, links, heat) }}',
        **{"one": table, "links": {}, "heat": (), **more},
    )


@given(st.one_of(st.sampled_from(TOKENS), st.text(max_size=9)))
def test_values_show_as_text(text: str) -> None:
    page = parsed(rendered('<p title="{{ it }}">{{ it }}</p><i>{{ macro(it) }}</i>', it=text, macro=lambda it: it))
    assert dict(page.tags) == {"p": 1, "i": 1}
    assert page.attributes == [("title", visible(text))]
    assert "".join(page.text) == visible(text) * 2


def test_markup_is_written_as_it_is_and_a_name_that_is_not_there_raises() -> None:
    assert rendered("{{ it }}", it=Markup("<b>\u200b</b>")) == "<b>\u200b</b>"
    with pytest.raises(UndefinedError, match="'it' is undefined"):
        rendered("{{ it }}")


def test_numbers_have_filters() -> None:
    assert rendered("{{ 1234|count }} {{ 0.12345|ratio }} {{ 1.26|place }} {{ 3 }}") == "1,234 0.1235 1.3 3"


def test_files_of_packages_are_read_and_known_by_their_hash() -> None:
    script = source("eval.report/browser.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rendered('{{ script_hash("eval.report/browser.js") }}') == f"sha256-{digest}"
    assert rendered('{{ file("eval.report/browser.js") }}') == script
    with pytest.raises(FileNotFoundError):
        source("rendering/none.css")


def test_a_table_has_its_notes_links_and_colours() -> None:
    table = Table(("<b>", "x", "y"), [("a", "1", "2"), ("b", "0", "4")], ("one", "<i>two"))
    text = drawn(table, links={(1, 2): '#a="b"'}, heat=[[0.25, 0.75], [0, 1]])
    page = parsed(text)
    assert page.urls == ['#a="b"']
    assert [value for name, value in page.attributes if name == "style"] == [
        "--heat:0.250", "--heat:0.750", "--heat:1.000",
    ]  # fmt: skip
    assert page.tags["br"] == 1
    assert "".join(page.text).replace("\n", "") == "one<i>two<b>xya12b04"


def test_a_title_names_a_table_whose_first_cell_is_empty() -> None:
    text = drawn(Table(("", "F1"), [("ours", "1")], title="published: <x>", numbers=False))
    assert '<th scope="col">published: &lt;x&gt;</th>' in text
    assert 'aria-label="published: &lt;x&gt;"' in text
    assert '<table class="words">' in text


@given(st.lists(st.tuples(*[st.sampled_from(TOKENS)] * 3), min_size=1, max_size=3))
def test_cells_show_as_text(rows: list[tuple[str, ...]]) -> None:
    page = parsed(drawn(Table(rows[0], rows)))
    assert set(page.tags) == {"div", "table", "thead", "tbody", "tr", "th", "td"}
    shown = "".join(page.text)
    assert all(visible(cell) in shown for row in rows for cell in row)
