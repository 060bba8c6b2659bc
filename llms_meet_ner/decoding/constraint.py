"""The tokens that may come next in the output of a sentence, and the marks that each of them writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..formats.markup import Markup
from ..sentence import SPACE, Join
from .grammar import Grammar
from .vocabulary import Trie, Vocabulary

END = -1
"""The state after a stop token."""


@dataclass(frozen=True, slots=True)
class AllowedTokens:
    """The tokens that may come next at a state.

    Attributes:
        ids: Token ids in ascending order; shape (n,).
        targets: State that each id leads to.
        groups: Number of each id's group; shape (n,).
        marks: Bytes of the mark that each group writes; empty for the group that writes none. With two or more groups, the step
            is a decision.
    """

    ids: NDArray[np.int64]
    targets: dict[int, int]
    groups: NDArray[np.int64]
    marks: tuple[bytes, ...]

    def mark_of(self, token: int) -> bytes:
        """Return the mark that an allowed token writes; empty if it writes none."""
        return self.marks[int(self.groups[np.searchsorted(self.ids, token)])]


class Constraint:
    """The outputs that one sentence can have, token by token. States are the states of its grammar, and `END`.

    Attributes:
        tokens: Tokens of the sentence as the vocabulary can write them.
        grammar: Grammar of the sentence.
        start: First state.
    """

    start = Grammar.START

    def __init__(
        self, tokens: Sequence[str], markup: Markup, vocabulary: Vocabulary, *, nested: bool, join: Join = SPACE
    ) -> None:
        """Prepare a sentence.

        Args:
            tokens: Tokens of the sentence. A character that the vocabulary cannot write becomes a question mark
                (`Vocabulary.spellable`).
            markup: Markup of the format.
            vocabulary: Vocabulary of the tokenizer.
            nested: Whether entities may lie inside entities.
            join: Text between two tokens.
        """
        self.tokens = tuple(vocabulary.spellable(token) for token in tokens)
        encoded = [token.encode() for token in self.tokens]
        self.grammar = Grammar(encoded, markup, nested=nested, join=join.encode(), leading=vocabulary.leading)
        self._vocabulary = vocabulary
        self._next_tokens: dict[int, AllowedTokens] = {}

    def open_at(self, state: int) -> int | None:
        """Return the token that the output has reached if an entity is open at all positions of the state, else None."""
        nodes = [position.node for position in self.grammar.positions(state)]
        return min((node.token for node in nodes), default=0) if nodes and all(node.open for node in nodes) else None

    def next_tokens(self, state: int) -> AllowedTokens:
        """Return the tokens that may come next at a state other than `END`. There is always at least one."""
        found = self._next_tokens.get(state)
        if found is None:
            found = self._next_tokens[state] = self._find_next_tokens(state)
        return found

    def is_done(self, state: int) -> bool:
        """Return whether only the end can follow."""
        return state == END or (self.grammar.is_final(state) and not self.grammar.transitions(state))

    def _find_next_tokens(self, state: int) -> AllowedTokens:
        targets: dict[int, int] = {}
        written: dict[int, bytes] = {}
        if self.grammar.is_final(state):
            targets = dict.fromkeys(self._vocabulary.stop_ids, END)
            written = dict.fromkeys(targets, b"")
        pending: list[tuple[Trie, int, bytes]] = [(self._vocabulary.trie, state, b"")]
        while pending:
            trie, at, marks = pending.pop()
            for byte, transition in self.grammar.transitions(at).items():
                below = trie[byte]
                if below is None:
                    continue
                now = marks + bytes((byte,)) if transition.is_mark else marks
                for index in below.ids:
                    targets[index], written[index] = transition.state, now
                pending.append((below, transition.state, now))
        ids = sorted(targets)
        numbers: dict[bytes, int] = {}
        groups = [numbers.setdefault(written[index], len(numbers)) for index in ids]
        return AllowedTokens(np.array(ids, dtype=np.int64), targets, np.array(groups, dtype=np.int64), tuple(numbers))
