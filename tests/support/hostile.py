"""Texts that try to be Markdown or HTML, and checks with someone else's parser whether they are."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from markdown_it import MarkdownIt

from llms_meet_ner import Sentence, Span, get_format
from llms_meet_ner.rendering.text import visible

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
GITHUB = MarkdownIt("gfm-like", {"linkify": False, "html": True})
HOSTILE = [
    "<script>alert(1)</script>", "]]>", "</textarea>", "---", "- a", "1. a", "# a", "a | b", "`a`", "```", "[a](http://b.c)", "![a](b)",
    "**a**", "__a__", "~~a~~", "&lt;", "&#60;", "<!-- a", "<a@b.cd>", "\\", "\\|", "a\n\n# b", "    a", "> a", "$$a$$", "http://a.bc",
    "a\u2028b", "\x00", "\u202eabc", "{{ a }}", "%a: b", "'", '"', ": a", "yes", "null", "1e3", "--- !!python/object", "=", "+ a", "*",
    "www.a.bc", "_www.a.bc", "<https://a.bc>", "[^1]", ":smile:", "@all", "#1", "a: b: c", "ftp://a.bc", "$x$", "\u200b", "\x85", "\\u202e", "{a}", "^a^",
    "| --- |", "a: [", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
]  # fmt: skip
TOKENS = [
    "<script>alert(1)</script>", "]]>", "</textarea>", "</script>", "<!--", "-->", "\u202egnp.exe", '"onload=', "'&amp;", "<img/src=x>",
    "$title", "${hash}", "\\u003c", "\u2028", "a\u200bb", "|", "`", "**x**", "[x](javascript:alert(1))", "https://example.org",
    "&#60;b&#62;", "__proto__", "\\", "%3Cb%3E", "$x$", "@all", ":smile:", "www.example.org", "1.", "_", "\x00", "\x85",
]  # fmt: skip
"""Hostile texts without white space, so that they can be tokens of a corpus."""
LABELS = ("LOC", "MISC", "ORG", "PER")
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from([*"`*_[]()<>&|\\~$#-+=!:.\"' \n\t1aé", *HOSTILE]), max_size=12).map("".join),
    st.text(max_size=20),
)


def shown(text: str) -> str:
    """Return what a reader should see of a text in one line."""
    return visible(re.sub(r"[ \t\n\r\v\f]+", " ", text)).strip()


def inlines(markdown: str, parser: MarkdownIt = MARKDOWN) -> list[Any]:
    """Return the inline tokens of a text, and check that it holds no HTML."""
    tokens = parser.parse(markdown)
    flat = [child for token in tokens for child in [token, *(token.children or [])]]
    assert not [token for token in flat if token.type.startswith("html")], markdown
    return [token for token in tokens if token.type == "inline"]


def text_of(inline: Any) -> str:
    assert {child.type for child in inline.children} <= {"text", "text_special"}, inline.content
    return "".join(child.content for child in inline.children)


def spoiled(sentence: Sentence, drawn: random.Random) -> Sentence:
    """Spoil the entities of a sentence: change some labels and ends, leave some out, add one."""
    kept = []
    for span in sentence.spans:
        fate = drawn.randrange(8)
        label = drawn.choice(LABELS) if fate in (0, 1) else span.label
        end = max(span.start + 1, span.end - 1) if fate in (1, 2) else span.end
        kept += [Span(span.start, end, label)] if fate != 3 else []
    if not kept and drawn.random() < 0.3:
        kept = [Span(0, 1, drawn.choice(LABELS))]
    return replace(sentence, spans=tuple(kept))


def adversarial(count: int, seed: int = 5) -> tuple[list[Sentence], list[str]]:
    """Return sentences of hostile tokens, and outputs for them: some correct, some wrong, some damaged."""
    drawn = random.Random(seed)
    pool = [
        *TOKENS,
        "[",
        "]",
        "[x | LOC]",
        "| PER]",
        "Oslo",
        "İstanbul",
        "𝔸",
        "e\u0301",
        "\U0001f469\u200d\U0001f680",
        "<br>",
        "&",
        "'",
        '"',
    ]
    sentences, outputs = [], []
    for number in range(count):
        tokens = tuple(drawn.choice(pool) for _ in range(drawn.randint(1, 12)))
        start = drawn.randrange(len(tokens))
        gold = Sentence(
            f"demo/testb/{number}", tokens, (Span(start, drawn.randint(start + 1, len(tokens)), drawn.choice(LABELS)),)
        )
        sentences.append(gold)
        output = get_format("bracketed").render(spoiled(gold, drawn))
        for _ in range(drawn.choice([0, 0, 1, 3, 10])):
            at = drawn.randrange(len(output) + 1)
            output = output[:at] + drawn.choice(pool) + output[at + drawn.randrange(4) :]
        outputs.append(output)
    return sentences, outputs
