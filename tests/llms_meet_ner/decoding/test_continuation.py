"""The rest of an output as a plan has it, from every state."""

from __future__ import annotations

import random

import pytest
from constraints import FORMS, TOKENS, constraint
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import Span
from llms_meet_ner.decoding.constraint import END
from llms_meet_ner.decoding.continuation import continuation
from llms_meet_ner.decoding.guesser import GuessedPlan
from llms_meet_ner.sentence import JOINS, Join


@settings(max_examples=300, deadline=None)
@given(
    TOKENS,
    st.sampled_from(FORMS),
    st.booleans(),
    st.sampled_from(JOINS),
    st.sets(st.integers(0, 5)),
    st.randoms(use_true_random=False),
)
def test_a_plan_leads_from_every_state_to_an_end(
    tokens: tuple[str, ...], form: str, nested: bool, join: Join, starts: set[int], choose: random.Random
) -> None:
    name = "byte-level"
    allowed = constraint(tokens, name, nested=nested, form=form, join=join)
    plan = GuessedPlan(
        allowed.tokens, tuple(Span(at, at + 1, "LOC") for at in sorted(starts) if at < len(tokens)), "PER"
    )
    state, ids = allowed.start, list[int]()
    while not allowed.is_done(state):
        rest = continuation(allowed.grammar, state, plan)
        after = state
        for byte in rest:
            after = allowed.grammar.transitions(after)[byte].state
        assert allowed.grammar.is_final(after)
        moves = allowed.next_tokens(state)
        token = int(choose.choice(list(moves.ids)))
        if moves.targets[token] == END:
            break
        state = moves.targets[token]
        ids.append(token)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("bracketed", "[New York | LOC] beat [Essex | PERS] ."),
        ("xml", "<LOC>New York</LOC> beat <PERS>Essex</PERS> ."),
    ],
)
def test_a_plan_is_followed(form: str, expected: str) -> None:
    allowed = constraint(("New", "York", "beat", "Essex", "."), "byte-level", nested=False, form=form)
    plan = GuessedPlan(allowed.tokens, (Span(0, 2, "LOC"), Span(3, 4, "PERS")), "PER")
    assert continuation(allowed.grammar, allowed.start, plan).decode() == expected
    joined = constraint(("New", "York", "beat", "Essex", "."), "byte-level", nested=False, form=form, join="")
    unspaced = expected.replace("New York", "NewYork").replace(" beat ", "beat").removesuffix(" .") + "."
    assert continuation(joined.grammar, joined.start, plan).decode() == unspaced


@pytest.mark.parametrize(
    ("form", "begun", "rest"),
    [
        ("bracketed", "[York | PER", "S] won"),
        ("xml", "<PER", "S>York</PERS> won"),
        ("xml", "<LOC>York", "</LOC> won"),  # what was not planned is closed with its own label
    ],
)
def test_a_mark_that_was_begun_is_finished_as_planned(form: str, begun: str, rest: str) -> None:
    allowed = constraint(("York", "won"), "byte-level", nested=False, form=form)
    state = allowed.start
    for byte in begun.encode():
        state = allowed.grammar.transitions(state)[byte].state
    plan = GuessedPlan(allowed.tokens, (Span(0, 1, "PERS"),), "LOC")
    assert continuation(allowed.grammar, state, plan).decode() == rest
