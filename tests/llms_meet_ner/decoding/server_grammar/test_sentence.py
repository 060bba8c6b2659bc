"""The grammar of a sentence, as xgrammar and as the client read it: gold in, near misses out."""

from __future__ import annotations

import pytest
from annotations import sentences, tokens_strategy
from constraints import FORMS, LABELS, TOKENS
from grammar_oracle import Oracle, grammar_of, near_misses
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.decoding.server_grammar import rules
from llms_meet_ner.formats import get_inline_format
from llms_meet_ner.sentence import JOINS, Join, Span


@given(st.data(), st.sampled_from(FORMS), st.booleans(), st.sampled_from(JOINS), st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_gold_is_accepted_and_a_near_miss_only_if_it_is_an_output(
    data: st.DataObject, form: str, nested: bool, join: Join, at: int
) -> None:
    gold: Sentence = data.draw(sentences(TOKENS | tokens_strategy, LABELS.names, nested=nested, most=3))
    grammar = grammar_of(gold.tokens, form, nested=nested, join=join, depth=3)
    fmt = get_inline_format(form, nested=nested, join=join)
    text = fmt.write(grammar.tokens, gold.spans)
    oracle = Oracle(grammar.text)
    assert oracle.accepts(text)
    assert oracle.accepts(f" {text}")
    read = grammar.read(text)
    assert read is not None
    assert read.written == text
    assert len(text.encode()) < grammar.bound
    if not fmt.is_ambiguous(gold, LABELS):
        assert read.own == fmt.render(gold)
        assert [text.encode()[start:end].decode() for start, end in read.ranges] == [
            text[start:end] for start, end in fmt.entity_ranges(grammar.tokens, gold.spans)
        ]
    for miss in near_misses(text, at):
        assert oracle.accepts(miss) == (grammar.read(miss) is not None), miss


def test_near_misses_of_plain_sentences_are_no_outputs() -> None:
    gold = Sentence("a", ("Ada", "Lovelace", "met", "Babbage"), (Span(0, 2, "PER"), Span(3, 4, "LOC")))
    for form in FORMS:
        grammar = grammar_of(gold.tokens, form)
        text = get_inline_format(form).render(gold)
        assert grammar.read(text) is not None
        found = [
            miss for at in range(len(text)) for miss in near_misses(text, at) if miss != text and grammar.read(miss)
        ]
        assert set(found) <= ({text.replace("PER", "LOC", 1)} if form == "bracketed" else set())


def test_what_tokenizers_cannot_write_is_a_question_mark_on_the_way() -> None:
    grammar = grammar_of(("a\x04", "\t", "b\x00\U00050000"))
    assert grammar.tokens == ("a?", "\t", "b??")
    found = grammar.read("[a? | PER] \t b??")
    assert found is not None
    assert (found.own, found.ranges) == ("[a\x04 | PER] \t b\x00\U00050000", ((0, 10),))
    assert grammar.read("[a\x04 | PER] \t b??") is None


def test_a_space_before_an_output_is_not_part_of_it() -> None:
    grammar = grammar_of(("Ada", "met"))
    found = grammar.read(" [Ada | PER] met")
    assert found is not None
    assert found.own == "[Ada | PER] met"
    assert grammar.read("  Ada met") is None
    spaced = grammar_of((" Ada", "met")).read(" Ada met")
    assert spaced is not None
    assert spaced.own == " Ada met"


@pytest.mark.parametrize(
    ("text", "begins"), [("", True), (" [Ad", True), ("Ada met", True), ("Ada met him", False), ("Bob", False)]
)
def test_the_beginning_of_an_output_is_known(text: str, begins: bool) -> None:
    assert grammar_of(("Ada", "met")).begins(text) == begins


def test_a_grammar_that_no_server_compiles_is_refused_with_what_makes_it_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "MOST_RULES", 300)
    tokens = ("x",) * 30
    with pytest.raises(LmnError, match="30 tokens with 3 labels has more than 5,000 rules") as caught:
        _ = grammar_of(tokens, "xml", nested=True).text
    assert "take a smaller --grammar-depth, the format bracketed" in str(caught.value)
    assert grammar_of(tokens, "xml", nested=True, depth=1).text
    assert grammar_of(tokens, "bracketed", nested=True).text
