"""The rules write what the automaton writes, which writes the renderings of all annotations."""

from __future__ import annotations

import pytest
from annotations import all_annotations
from constraints import FORMS, LABELS, TOKENS
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import LabelSet
from llms_meet_ner.decoding.grammar import Grammar
from llms_meet_ner.decoding.server_grammar import rules
from llms_meet_ner.decoding.server_grammar.rules import Rule, TooManyRulesError, rules_of
from llms_meet_ner.formats import get_inline_format
from llms_meet_ner.sentence import JOINS, SPACE, Join, Span


def automaton(
    tokens: tuple[str, ...], form: str, labels: LabelSet, *, nested: bool, join: Join = SPACE, depth: int = 2
) -> Grammar:
    fmt = get_inline_format(form, nested=nested, join=join)
    encoded = [token.encode() for token in tokens]
    return Grammar(encoded, fmt.markup(labels), nested=nested, join=join.encode(), depth=depth)


def texts_of(made: tuple[Rule, ...]) -> list[str]:
    found, pending = [], [("", 0)]
    while pending:
        text, rule = pending.pop()
        for more, after in made[rule]:
            if after is None:
                found.append(text + more)
            else:
                assert after > rule or rule == 0 == len(more), "a rule refers to later ones"
                pending.append((text + more, after))
    return found


def outputs_of(grammar: Grammar) -> set[bytes]:
    found, pending = set(), [(b"", Grammar.START)]
    while pending:
        text, state = pending.pop()
        if grammar.is_final(state):
            found.add(text)
        pending += [(text + bytes((byte,)), to.state) for byte, to in grammar.transitions(state).items()]
    return found


def deepest(spans: tuple[Span, ...], length: int) -> int:
    return max(sum(span.start <= at < span.end for span in spans) for at in range(length))


@pytest.mark.parametrize("join", JOINS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("nested", "labels", "depth"),
    [(False, ("A", "B"), 1), (True, ("A",), 2), (True, ("B", "A"), 2), (True, ("A", "B"), 3), (True, ("C", "A", "B"), 1)],
)  # fmt: skip
def test_the_texts_are_the_renderings_of_all_annotations_up_to_the_depth(
    form: str, nested: bool, labels: tuple[str, ...], depth: int, join: Join
) -> None:
    tokens = ("x", "y", "z")[: 2 if depth == 3 else 3]
    fmt = get_inline_format(form, nested=nested, join=join)
    made = rules_of(automaton(tokens, form, LabelSet.of(*labels), nested=nested, join=join, depth=depth))
    annotations = all_annotations(tokens, labels, nested, most=len(tokens) * (depth if depth < 3 else 4))
    expected = {fmt.write(tokens, spans) for spans in annotations if deepest(spans, len(tokens)) <= depth}
    found = texts_of(made)
    assert set(found) == expected
    assert len(found) == len(expected), "no text in two ways"


@given(TOKENS.filter(lambda tokens: len(tokens) < 4), st.sampled_from(FORMS), st.booleans(), st.sampled_from(JOINS))
@settings(max_examples=40, deadline=None)
def test_the_texts_are_those_of_the_automaton_also_where_tokens_look_like_marks(
    tokens: tuple[str, ...], form: str, nested: bool, join: Join
) -> None:
    tokens = tokens[: 2 if nested else 3]
    grammar = automaton(tokens, form, LABELS, nested=nested, join=join)
    assert {text.encode() for text in texts_of(rules_of(grammar))} == outputs_of(grammar)


def test_a_flat_sentence_has_two_rules_a_token_and_a_nested_one_more() -> None:
    tokens = tuple(f"token{number}" for number in range(100))
    labels = LabelSet.of("PER", "LOC", "ORG", "MISC")
    assert len(rules_of(automaton(tokens, "bracketed", labels, nested=False))) == 200
    assert len(rules_of(automaton(tokens, "xml", labels, nested=False))) == 496
    assert len(rules_of(automaton(tokens, "bracketed", labels, nested=True))) == 897


def test_too_many_rules_are_no_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    grammar = automaton(("x",) * 30, "bracketed", LABELS, nested=False)
    monkeypatch.setattr(rules, "MOST_RULES", 59)
    assert len(rules_of(grammar)) == 60, "the first has no number of its own"
    monkeypatch.setattr(rules, "MOST_RULES", 58)
    with pytest.raises(TooManyRulesError):
        rules_of(grammar)
