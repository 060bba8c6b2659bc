"""Sentences: how notebooks show them."""

from __future__ import annotations

from hostile import TOKENS
from strict_html import parsed

from llms_meet_ner import Sentence, Span
from llms_meet_ner.rendering.text import visible
from llms_meet_ner.sentence import Where


def test_a_notebook_draws_the_entities() -> None:
    spans = (Span(0, 3, "ORG"), Span(2, 3, "LOC"), Span(4, 5, "PER"))
    sentence = Sentence("demo/testb/0", ("Bank", "of", "Oslo", "hired", "Anna"), spans, Where("a.conll", 7))
    page = parsed(sentence._repr_html_())
    assert "".join(page.text).replace("\n", "") == "a.conll:7: demo/testb/0Bank of OsloLOCORG hired AnnaPER"


def test_hostile_tokens_are_drawn_as_text() -> None:
    spans = tuple(Span(at, at + 1, TOKENS[-at - 1]) for at in range(0, len(TOKENS), 2))
    page = parsed(Sentence("x/y/0", tuple(TOKENS), spans)._repr_html_())
    assert set(page.tags) == {"div", "span"}
    shown = "".join(page.text)
    assert all(visible(token) in shown for token in TOKENS)
