"""The tokens that may come next in a sentence's output, and what each of them writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..formats.markup import Markup
from .grammar import Grammar
from .vocabulary import Tree, Vocabulary

END = -1
"""The state after a stop token."""


@dataclass(frozen=True, slots=True)
class AllowedTokens:
    """What may follow a state.

    Attributes:
        ids: token ids, ascending; shape (n,).
        targets: for each id the state that it leads to.
        groups: for each id the number of its group; shape (n,).
        marks: by group, the markup that its tokens write, empty for those that write none. With two groups or more the step is
            a decision.
    """

    ids: NDArray[np.int64]
    targets: dict[int, int]
    groups: NDArray[np.int64]
    marks: tuple[bytes, ...]


class Constraint:
    """Token by token, the outputs that one sentence can have. States are those of its grammar, and `END`.

    Attributes:
        grammar: of the sentence.
        start: the first state.
    """

    start = Grammar.START

    def __init__(self, tokens: Sequence[str], markup: Markup, vocabulary: Vocabulary, *, nested: bool) -> None:
        """Prepare a sentence. A character that the vocabulary cannot write becomes a question mark (`Vocabulary.spellable`)."""
        self.tokens = tuple(vocabulary.spellable(token) for token in tokens)
        encoded = [token.encode() for token in self.tokens]
        self.grammar = Grammar(encoded, markup, nested=nested, leading=vocabulary.leading)
        self._vocabulary = vocabulary
        self._moves: dict[int, AllowedTokens] = {}

    def open_at(self, state: int) -> int | None:
        """Return the token up to which the output is written if an entity is open there, else None."""
        nodes = [position.node for position in self.grammar.positions(state)]
        return min((node.token for node in nodes), default=0) if nodes and all(node.open for node in nodes) else None

    def moves(self, state: int) -> AllowedTokens:
        """Return what may follow a state other than `END`. There is always something."""
        found = self._moves.get(state)
        if found is None:
            found = self._moves[state] = self._find_moves(state)
        return found

    def is_done(self, state: int) -> bool:
        """Whether nothing but the end can follow."""
        return state == END or (self.grammar.is_final(state) and not self.grammar.steps(state))

    def _find_moves(self, state: int) -> AllowedTokens:
        targets: dict[int, int] = {}
        written: dict[int, bytes] = {}
        if self.grammar.is_final(state):
            targets = dict.fromkeys(self._vocabulary.stop_ids, END)
            written = dict.fromkeys(targets, b"")
        pending: list[tuple[Tree, int, bytes]] = [(self._vocabulary.tree, state, b"")]
        while pending:
            tree, at, marks = pending.pop()
            for byte, step in self.grammar.steps(at).items():
                below = tree.get(byte)
                if below is None:
                    continue
                now = marks + bytes((byte,)) if step.is_mark else marks
                for index in below.get(Vocabulary.IDS, ()):
                    targets[index], written[index] = step.state, now
                pending.append((below, step.state, now))
        ids = sorted(targets)
        numbers: dict[bytes, int] = {}
        groups = [numbers.setdefault(written[index], len(numbers)) for index in ids]
        return AllowedTokens(np.array(ids, dtype=np.int64), targets, np.array(groups, dtype=np.int64), tuple(numbers))
