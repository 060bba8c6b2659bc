"""The outputs that a sentence can have in an inline format, as an automaton over bytes.

Every output is the sentence with openers before tokens and closers after tokens, each entity closed. Where tokens look like
markup several readings of the same bytes are followed at once, so a state is a set of positions, made when it is first reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ..formats.markup import Markup

MAX_DEPTH = 8
"""Entities inside each other that constrained decoding writes at most; in a flat format it is one."""
UNKNOWN = -1
"""In place of a label's rank."""


class Node(NamedTuple):
    """A place between pieces of text.

    Attributes:
        token: index of the token before or after which it is.
        after: whether it is after that token.
        open: the entities that are open, those with a common first token together, outermost first: of each the rank of its
            label, `UNKNOWN` where the label comes with the closer.
        fresh: before the token: whether the last of `open` begins at this token.
        below: after the token: rank of the label that was closed last here, if an entity with the same first token is still
            open, else -1. Such entities close by falling rank, so that none stands twice, in the order in which formats
            write entities over the same tokens.
    """

    token: int
    after: bool
    open: tuple[tuple[int, ...], ...] = ()
    fresh: bool = False
    below: int = -1


class Arc(NamedTuple):
    """A piece of text between two nodes: a token, the space after it, or a mark (with its label where it tells one)."""

    text: bytes
    to: Node
    is_mark: bool = False
    label: str = ""


class Position(NamedTuple):
    """A place inside an arc: so many bytes of the text of the `arc`-th arc of `node` are written, never all of them."""

    node: Node
    arc: int
    offset: int


class Step(NamedTuple):
    """What a byte leads to.

    Attributes:
        state: the next state.
        is_mark: whether the byte can only be part of markup, not of the sentence.
    """

    state: int
    is_mark: bool


class Grammar:
    """The automaton of one sentence. States are small integers, `START` the first."""

    START = 0

    def __init__(self, tokens: Sequence[bytes], markup: Markup, *, nested: bool, leading: bytes = b"") -> None:
        """Prepare the automaton.

        Args:
            tokens: of the sentence, UTF-8, none empty.
            markup: of the format.
            nested: whether entities may lie in entities.
            leading: written before everything else (the space that some tokenizers put before a text).
        """
        self.tokens = tuple(tokens)
        labels = sorted(markup.closers)
        self._closers = [(label, markup.closers[label].encode()) for label in labels]
        if markup.opens_with_label:
            self._openers = [(rank, label, markup.openers[label].encode()) for rank, label in enumerate(labels)]
        else:
            self._openers = [(UNKNOWN, "", markup.openers[labels[0]].encode())]
        self._most_open = MAX_DEPTH if nested else 1
        self._arcs: dict[Node, tuple[Arc, ...]] = {}
        self._positions: list[frozenset[Position]] = []
        self._final: list[bool] = []
        self._numbers: dict[tuple[frozenset[Position], bool], int] = {}
        self._steps: dict[int, dict[int, Step]] = {}
        first = Node(0, after=False)
        if leading:
            before = Node(-1, after=True)
            self._arcs[before] = (Arc(leading, first),)
            first = before
        self._number(self._enter(first))

    def steps(self, state: int) -> dict[int, Step]:
        """Return where each byte that may come next leads."""
        found = self._steps.get(state)
        if found is None:
            found = self._steps[state] = self._find_steps(state)
        return found

    def is_final(self, state: int) -> bool:
        """Whether the output may end here."""
        return self._final[state]

    def positions(self, state: int) -> frozenset[Position]:
        """Return the places that a state stands for."""
        return self._positions[state]

    def arcs(self, node: Node) -> tuple[Arc, ...]:
        """Return what may follow a node; the sentence's own text comes first."""
        found = self._arcs.get(node)
        if found is None:
            found = self._arcs[node] = tuple(self._after(node) if node.after else self._before(node))
        return found

    def is_end(self, node: Node) -> bool:
        """Whether the output may end at a node."""
        return node.after and node.token == len(self.tokens) - 1 and not node.open

    def _before(self, node: Node) -> list[Arc]:
        arcs = [Arc(self.tokens[node.token], Node(node.token, after=True, open=node.open))]
        if sum(map(len, node.open)) == self._most_open:
            return arcs
        outer, same_start = (node.open[:-1], node.open[-1]) if node.fresh else (node.open, ())
        for rank, label, text in self._openers:
            opened = (*outer, (*same_start, rank))
            if self._can_close(opened, node.token):
                arcs.append(
                    Arc(text, Node(node.token, after=False, open=opened, fresh=True), is_mark=True, label=label)
                )
        return arcs

    def _after(self, node: Node) -> list[Arc]:
        arcs = []
        if node.token < len(self.tokens) - 1 and self._can_close(node.open, node.token + 1):
            arcs.append(Arc(b" ", Node(node.token + 1, after=False, open=node.open)))
        if not node.open:
            return arcs
        *outer, (*same_start, own) = node.open
        for rank in range(len(self._closers)) if own == UNKNOWN else (own,):
            left = (
                len(same_start) - rank
            )  # so many cannot close here any more, with ranks below this one, if none is known
            if 0 <= node.below <= rank or (
                own == UNKNOWN and left > 0 and not self._can_close((*outer, (UNKNOWN,) * left), node.token + 1)
            ):
                continue
            label, text = self._closers[rank]
            if same_start:
                to = Node(node.token, after=True, open=(*outer, tuple(same_start)), below=rank)
            else:
                to = Node(node.token, after=True, open=tuple(outer))
            arcs.append(Arc(text, to, is_mark=True, label=label))
        return arcs

    def _can_close(self, opened: tuple[tuple[int, ...], ...], token: int) -> bool:
        """Whether tokens are left, from this one on, for all open entities to end, if those with one span have rising ranks."""
        more = 0
        for same_start in opened:
            if same_start[0] == UNKNOWN:
                more += (len(same_start) - 1) // len(self._closers)
            else:
                more += sum(outer >= inner for outer, inner in pairwise(same_start))
        return more < len(self.tokens) - token

    def _enter(self, node: Node) -> tuple[frozenset[Position], bool]:
        return frozenset(Position(node, arc, 0) for arc in range(len(self.arcs(node)))), self.is_end(node)

    def _find_steps(self, state: int) -> dict[int, Step]:
        reached: dict[int, set[Position]] = {}
        final: set[int] = set()
        in_sentence: set[int] = set()
        for position in self._positions[state]:
            arc = self.arcs(position.node)[position.arc]
            byte = arc.text[position.offset]
            places = reached.setdefault(byte, set())
            if not arc.is_mark:
                in_sentence.add(byte)
            if position.offset + 1 < len(arc.text):
                places.add(Position(position.node, position.arc, position.offset + 1))
            else:
                entered, ends = self._enter(arc.to)
                places |= entered
                if ends:
                    final.add(byte)
        return {
            byte: Step(self._number((frozenset(places), byte in final)), byte not in in_sentence)
            for byte, places in reached.items()
        }

    def _number(self, key: tuple[frozenset[Position], bool]) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._positions)
            self._positions.append(key[0])
            self._final.append(key[1])
        return number
