"""Texts that try to be markup, and a reading of Markdown by a parser of others that shows whether they are."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st
from llms_meet_ner.data_converters.stats.text import visible
from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
GITHUB = MarkdownIt("gfm-like", {"linkify": False, "html": True})
HOSTILE = [
    "<script>alert(1)</script>", "]]>", "</textarea>", "---", "- a", "1. a", "# a", "a | b", "`a`", "```", "[a](http://b.c)", "![a](b)",
    "**a**", "__a__", "~~a~~", "&lt;", "&#60;", "<!-- a", "<a@b.cd>", "\\", "\\|", "a\n\n# b", "    a", "> a", "$$a$$", "http://a.bc",
    "a\u2028b", "\x00", "\u202eabc", "{{ a }}", "%a: b", "'", '"', ": a", "yes", "null", "1e3", "--- !!python/object", "=", "+ a", "*",
    "www.a.bc", "<https://a.bc>", "[^1]", ":smile:", "@all", "#1", "a: b: c", "ftp://a.bc", "$x$", "\u200b", "\x85", "\\u202e", "{a}", "^a^",
     "| --- |", "a: [", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from([*"`*_[]()<>&|\\~$#-+=!:.\"' \n\t1aé", *HOSTILE]), max_size=12).map("".join),
    st.text(max_size=20),
)


def shown(text: str) -> str:
    """What a reader is to see of a text in a line."""
    return visible(re.sub(r"[ \t\n\r\v\f]+", " ", text)).strip()


def inlines(markdown: str, parser: MarkdownIt = MARKDOWN) -> list[Any]:
    """Return the inline tokens of a text, after making sure that it holds no HTML."""
    tokens = parser.parse(markdown)
    flat = [child for token in tokens for child in [token, *(token.children or [])]]
    assert not [token for token in flat if token.type.startswith("html")], markdown
    return [token for token in tokens if token.type == "inline"]


def text_of(inline: Any) -> str:
    assert {child.type for child in inline.children} <= {"text", "text_special"}, inline.content
    return "".join(child.content for child in inline.children)
