"""The grammar against every annotation, written one by one."""

from __future__ import annotations

import pytest
from annotations import all_annotations
from constraints import FORMS, TOKENIZERS, constraint

from llms_meet_ner import LabelSet
from llms_meet_ner.decoding.grammar import MAX_DEPTH, Grammar
from llms_meet_ner.formats import get_inline_format
from llms_meet_ner.sentence import JOINS, Join


@pytest.mark.parametrize("join", JOINS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("nested", "labels"), [(False, ("A", "B")), (True, ("A",)), (True, ("A", "B")), (True, ("B", "A", "C"))]
)
def test_the_outputs_are_the_renderings_of_all_annotations_each_once(
    form: str, nested: bool, labels: tuple[str, ...], join: Join
) -> None:
    tokens = ("x", "y", "z")[: 2 if len(labels) > 2 else 3]
    fmt = get_inline_format(form, nested=nested, join=join)
    encoded = [token.encode() for token in tokens]
    grammar = Grammar(encoded, fmt.markup(LabelSet.of(*labels)), nested=nested, join=join.encode())
    found: list[str] = []
    pending = [(position.node, b"") for position in grammar.positions(grammar.START)][:1]
    while pending:
        node, text = pending.pop()
        arcs = grammar.arcs(node)
        following = grammar.next_node(node)
        assert arcs or following or grammar.is_end(node), "a dead end"
        pending += [(following, text)] if following else []
        if grammar.is_end(node):
            found.append(text.decode())
        pending += [(arc.to, text + arc.text) for arc in arcs]
    spans = len(tokens) * (len(tokens) + 1) // 2 * len(labels)
    expected = [fmt.write(tokens, each) for each in all_annotations(tokens, labels, nested, most=spans)]
    assert sorted(found) == sorted(expected)


def test_nesting_is_bounded_and_never_leads_into_a_corner() -> None:
    two = LabelSet.of("A", "B")
    bracket = TOKENIZERS["byte-level"]().convert_tokens_to_ids("[")
    for length in (1, 3, 5):
        allowed = constraint(("x",) * length, "byte-level", nested=True, labels=two)
        state, opened = allowed.start, 0
        while bracket in allowed.next_tokens(state).targets:
            state, opened = allowed.next_tokens(state).targets[bracket], opened + 1
        assert opened == min(length * len(two), MAX_DEPTH)  # no token can close more than one of each label
    deep = constraint(("x",) * 20, "byte-level", nested=True)
    state, opened = deep.start, 0
    for _ in range(20):
        while bracket in deep.next_tokens(state).targets:
            state, opened = deep.next_tokens(state).targets[bracket], opened + 1
        for token in TOKENIZERS["byte-level"]().encode("x "):
            state = deep.next_tokens(state).targets.get(token, state)
    assert opened == MAX_DEPTH
