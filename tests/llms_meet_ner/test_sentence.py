"""Spans and sentences: what they refuse, which spans nest or cross, and how notebooks show them."""

from __future__ import annotations

import itertools

import pytest
from hostile import TOKENS
from strict_html import parsed

from llms_meet_ner import Sentence, Span
from llms_meet_ner.rendering.text import visible
from llms_meet_ner.sentence import Where, find_crossing, outer_first, tokens_sha1, without_nested


@pytest.mark.parametrize(("start", "end", "label"), [(0, 0, "X"), (2, 1, "X"), (-1, 1, "X"), (0, 1, "")])
def test_an_empty_or_negative_span_or_one_without_a_label_is_refused(start: int, end: int, label: str) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end, label)


@pytest.mark.parametrize(
    ("tokens", "spans", "message"),
    [
        ((), (), "a sentence needs tokens"),
        (("a", ""), (), "none may be empty"),
        (("a\nb",), (), "a line break"),
        (("a\rb",), (), "a line break"),
        (("a",), (Span(0, 2, "X"),), "ends after the last"),
        (("a", "b"), (Span(0, 1, "X"), Span(1, 3, "X")), "ends after the last"),
        (("a", "b"), (Span(0, 3, "X"), Span(0, 1, "X")), "ends after the last"),
        (("a", "b"), (Span(1, 2, "X"), Span(0, 1, "X")), "not sorted"),
        (("a", "b"), (Span(0, 1, "X"), Span(0, 2, "X")), "not sorted"),
        (("a", "b"), (Span(0, 1, "X"), Span(0, 1, "X")), "is repeated"),
        (("a", "b", "c"), (Span(0, 2, "X"), Span(1, 3, "X")), "cross"),
    ],
)
def test_a_sentence_that_breaks_a_rule_is_refused_with_its_place(
    tokens: tuple[str, ...], spans: tuple[Span, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=rf"^a\.txt:3: x/y/0: .*{message}"):
        Sentence("x/y/0", tokens, spans, Where("a.txt", 3))


def test_pairs_of_spans_are_disjoint_nested_or_crossing() -> None:
    spans = [Span(start, end, label) for start in range(4) for end in range(start + 1, 5) for label in "XY"]
    for pair in itertools.combinations(sorted(spans, key=outer_first), 2):
        first, second = pair
        inside = second.start < first.end and second.end <= first.end
        crossing = second.start < first.end < second.end
        assert (find_crossing(pair) == pair) == crossing
        if not crossing:
            assert without_nested(pair) == ((first,) if inside else pair)
            assert Sentence("x", tuple("abcd"), pair).is_nested == inside


def test_a_sentence_has_a_text_and_a_hash_and_a_place_that_is_not_compared() -> None:
    sentence = Sentence("x", ("New", "York"), where=Where("a.txt", 3))
    assert (sentence.text, sentence.is_docstart) == ("New York", False)
    assert sentence == Sentence("x", ("New", "York"))
    assert Sentence("x", ("-DOCSTART-",)).is_docstart
    assert tokens_sha1(("a", "b")) == "fcd127ffa1016069006ad91f3f361248f9bdf272"
    assert tokens_sha1(("a", "b")) != tokens_sha1(("a b",))


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
