"""What is put into Markdown shows as it is, in tables, lines, blocks and links."""

from __future__ import annotations

import re

import pytest
from hostile import GITHUB, HOSTILE, MARKDOWN, inlines, shown, text_of, texts
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from llms_meet_ner.rendering.markdown import (
    bullets,
    code,
    escaped,
    fenced,
    linked,
    markdown_environment,
    table,
    without_folders,
)
from llms_meet_ner.rendering.tables import Table
from llms_meet_ner.rendering.text import visible


@pytest.mark.parametrize("parser", [MARKDOWN, GITHUB], ids=["commonmark", "gfm"])
@given(rows=st.lists(st.lists(texts, min_size=2, max_size=2), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_cells_show_what_was_put_into_them(parser: MarkdownIt, rows: list[list[str]]) -> None:
    for numbers in (False, True):
        cells = [
            text_of(inline)
            for inline in inlines(table(Table(tuple(rows[0]), [tuple(row) for row in rows], numbers=numbers)), parser)
        ]
        assert cells == [shown(cell) for row in (rows[0], *rows) for cell in row]


@given(texts)
@settings(max_examples=200, deadline=None)
def test_a_line_and_a_block_show_what_was_put_into_them(text: str) -> None:
    for before, after in (("- ", ""), ("- x: ", "\n- y"), ("", "")):
        found = [text_of(inline) for inline in inlines(f"{before}{escaped(text)}{after}", GITHUB)]
        assert found == [text_of(inline) for inline in inlines(f"{before}{escaped(text)}{after}")]
        expected = [f"{before[2:]}{shown(text)}".strip(), after[3:]]
        assert found == [part for part in expected if part]
    first, block, *_ = [token for token in MARKDOWN.parse(f"x\n\n{fenced(text, 'text')}\n\ny") if token.content]
    assert (first.content, block.type) == ("x", "fence")
    literal = re.sub(r"\r\n?|[\v\f]", "\n", text)
    assert block.content == "\n".join("\t".join(map(visible, line.split("\t"))) for line in literal.split("\n")) + "\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_left_that_markdown_reads(text: str) -> None:
    bare = re.sub(r"\\.|&\w+;", "", escaped(text))
    assert not re.search(r"[<>`*_\[\]|~$#]|://|www\.", bare)


@given(texts)
def test_code_shows_what_was_put_into_it(text: str) -> None:
    (inline,) = inlines(f"x {code(text)} y")
    assert [child.type for child in inline.children] == ["text", "code_inline", "text"]
    assert inline.children[1].content.strip() == shown(text)


@given(texts)
def test_values_in_a_template_show_as_text(text: str) -> None:
    template = markdown_environment().from_string(
        "{{ it }}\n\n- x {{ code(1) }} {{ it }}\n- {{ linked(it, 'https://a.bc') }}"
    )
    first, *_ = found = inlines(template.render(it=text))
    assert text_of(first) == shown(text) if shown(text) else len(found) == 2
    assert f"x 1 {shown(text)}".strip() == "".join(child.content for child in found[-2].children)


def test_a_list_and_the_notes_of_a_table_are_escaped() -> None:
    assert bullets(["*a*", "- b"]) == "- \\*a\\*\n- \\- b"
    one = Table(("", "x"), [("a", "1")], ("<b>",), title="t|t")
    assert table(one) == "| t\\|t | x |\n|---|---:|\n| a | 1 |\n\n&lt;b&gt;"
    assert table(Table(("a",), [], ("b", "c"))).endswith("|---|\n\n- b\n- c")


@given(texts, texts)
def test_links_lead_where_a_browser_should_go(text: str, url: str) -> None:
    for address in (url, f"https://a.bc/{url}", f"javascript:{url}"):
        (inline,) = inlines(f"x {linked(text, address)}")
        links = [child.attrs["href"] for child in inline.children if child.type == "link_open"]
        assert all(link.startswith("http") for link in links)
    assert [child.type for child in inlines(linked("a", "https://a.bc"))[0].children] == [
        "link_open",
        "text",
        "link_close",
    ]


def test_absolute_paths_lose_their_folders() -> None:
    assert (
        without_folders("/home/me/a.json: no; see data/b.json, ~/c.txt or C:\\d\\e.f")
        == "a.json: no; see data/b.json, c.txt or e.f"
    )
