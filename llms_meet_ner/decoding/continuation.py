"""The rest of an output as a plan has it, from any state of the grammar."""

from __future__ import annotations

from typing import Protocol

from .grammar import Arc, Grammar, Node


class EntityPlan(Protocol):
    """Says where entities are expected to open and close. Tokens are given by their positions."""

    def opens(self, token: int) -> bool:
        """Return whether an entity begins at a token."""
        ...

    def closes(self, token: int) -> bool:
        """Return whether an open entity ends with a token."""
        ...

    def label_at(self, token: int) -> str:
        """Return the expected label of an entity that holds a token."""
        ...


def continuation(grammar: Grammar, state: int, plan: EntityPlan) -> bytes:
    """Return the bytes from a state to an end of the output, as the plan has it.

    If the state stands for several positions, the first of these is taken: a position inside an arc that the plan itself would
    have chosen; a node; a position inside a mark with the plan's label; any other.
    """
    written = []
    node, text = _first_node(grammar, state, plan)
    written.append(text)
    while not grammar.is_end(node):
        arc = _choice(grammar, node, plan)
        written.append(b"" if isinstance(arc, Node) else arc.text)
        node = arc if isinstance(arc, Node) else arc.to
    return b"".join(written)


def _first_node(grammar: Grammar, state: int, plan: EntityPlan) -> tuple[Node, bytes]:
    """Return the first node that is reached, and the bytes up to it."""
    best: tuple[int, Node, bytes] | None = None
    for position in sorted(grammar.positions(state)):
        arc = grammar.arcs(position.node)[position.arc]
        if position.offset and arc == _choice(grammar, position.node, plan):
            return arc.to, arc.text[position.offset :]
        if position.offset == 0:
            found = (0, position.node, b"")
        else:
            rank = 1 if arc.label == plan.label_at(position.node.token) else 2
            found = (rank, arc.to, arc.text[position.offset :])
        if best is None or found[0] < best[0]:
            best = found
    assert best is not None, "a state that is not final stands for at least one position"
    return best[1], best[2]


def _choice(grammar: Grammar, node: Node, plan: EntityPlan) -> Arc | Node:
    """Return the arc that the plan takes from a node, or the next node if it takes none of its own."""
    arcs = grammar.arcs(node)
    following = grammar.next_node(node)
    if node.token < 0:
        return arcs[0]
    if node.after:
        goes_on = following is not None or not arcs[0].is_mark
        wants_mark = bool(node.open) and (not goes_on or plan.closes(node.token))
    else:
        wants_mark = not node.open and plan.opens(node.token)
    marks = [arc for arc in arcs if arc.is_mark] if wants_mark else []
    label = plan.label_at(node.token) if marks else ""
    if following is not None and not marks:
        return following
    return next((arc for arc in marks if arc.label == label), (marks or arcs)[0])
