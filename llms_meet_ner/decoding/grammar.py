"""The grammar of a sentence: all outputs that it can have in an inline format, as an automaton over bytes.

An output is the sentence with opening marks before tokens and closing marks after tokens; every entity is closed. The grammar is
a graph. Its arcs are pieces of text (a token, a space, a mark), and its nodes lie between them:

    (before New) --"["--> (before New, open) --"New"--> (after New, open) --" | LOC]"--> (after New) --" "--> (before York)

Where nothing stands between two tokens, no arc leads from the one to the next: a node after a token is a node before the next, too.

A byte of the output may be part of several arcs at once, because tokens of the sentence may look like marks. A state is therefore
a set of positions in the graph, and all of them are followed. States are made when they are first reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ..formats.markup import Markup

MAX_DEPTH = 8
"""Number of entities that may be open at once in a nested format; in a flat format it is one."""
UNKNOWN = -1
"""Rank of a label that is not known yet, because only the closing mark tells it."""


class Node(NamedTuple):
    """A node: a point between two pieces of text.

    The rank of a label is its position in the sorted label set. Entities over the same tokens have rising ranks from the outer
    one to the inner one, which is the order in which formats write them. So they close by falling rank, and none is written
    twice.

    Attributes:
        token: Position of the token that comes next or was written last.
        after: Whether that token has been written.
        open: Label ranks of the open entities, outermost first; entities with the same first token form one inner tuple. The
            rank is `UNKNOWN` if only the closing mark tells the label.
        fresh: Before the token: whether the last group in `open` begins at this token.
        below: After the token: rank of the label that closed last here, if an entity with the same first token is still open,
            else -1. The next one to close must have a lower rank.
    """

    token: int
    after: bool
    open: tuple[tuple[int, ...], ...] = ()
    fresh: bool = False
    below: int = -1


class Arc(NamedTuple):
    """An arc: a piece of text between two nodes.

    Attributes:
        text: Bytes of a token, of what stands after it, or of a mark.
        to: Node after the piece.
        is_mark: Whether the piece is a mark.
        label: Label that the mark tells; empty for an opening mark without a label, and for other pieces.
    """

    text: bytes
    to: Node
    is_mark: bool = False
    label: str = ""


class ArcPosition(NamedTuple):
    """A position in the graph: some bytes of an arc are written, but never all.

    Attributes:
        node: Node at which the arc begins.
        arc: Number of the arc among those of the node, counted from 0.
        offset: Number of bytes of the arc's text that are written.
    """

    node: Node
    arc: int
    offset: int


class Transition(NamedTuple):
    """A transition from one state to another by one byte.

    Attributes:
        state: State after the byte.
        is_mark: Whether the byte can only be part of a mark, not of the sentence.
    """

    state: int
    is_mark: bool


class Grammar:
    """The grammar of one sentence. States are numbers from 0; `START` is the first.

    Attributes:
        tokens: Tokens of the sentence in UTF-8.
    """

    START = 0

    def __init__(
        self, tokens: Sequence[bytes], markup: Markup, *, nested: bool, join: bytes = b" ", leading: bytes = b"",
        depth: int = MAX_DEPTH,
    ) -> None:  # fmt: skip
        """Prepare the grammar.

        Args:
            tokens: Tokens of the sentence in UTF-8; none is empty.
            markup: Markup of the format.
            nested: Whether entities may lie inside entities.
            join: Bytes between two tokens; may be empty.
            leading: Bytes before everything else: the space that some tokenizers put before a text, or nothing.
            depth: Number of entities that may be open at once if entities may nest, at least 1.
        """
        self.tokens = tuple(tokens)
        self._join = join
        labels = sorted(markup.closers)
        self._closers = [(label, markup.closers[label].encode()) for label in labels]
        if markup.opens_with_label:
            self._openers = [(rank, label, markup.openers[label].encode()) for rank, label in enumerate(labels)]
        else:
            self._openers = [(UNKNOWN, "", markup.openers[labels[0]].encode())]
        self._most_open = depth if nested else 1
        self._arcs: dict[Node, tuple[Arc, ...]] = {}
        self._positions: list[frozenset[ArcPosition]] = []
        self._final: list[bool] = []
        self._numbers: dict[tuple[frozenset[ArcPosition], bool], int] = {}
        self._transitions: dict[int, dict[int, Transition]] = {}
        first = Node(0, after=False)
        if leading:
            before = Node(-1, after=True)
            self._arcs[before] = (Arc(leading, first),)
            first = before
        self._number(self._enter(first))

    def transitions(self, state: int) -> dict[int, Transition]:
        """Return the transitions from a state by the byte that may come next."""
        found = self._transitions.get(state)
        if found is None:
            found = self._transitions[state] = self._find_transitions(state)
        return found

    def is_final(self, state: int) -> bool:
        """Return whether the output may end at a state."""
        return self._final[state]

    def positions(self, state: int) -> frozenset[ArcPosition]:
        """Return the positions that a state stands for."""
        return self._positions[state]

    def arcs(self, node: Node) -> tuple[Arc, ...]:
        """Return the arcs from a node; the text of the sentence comes first, marks after it. Those of `next_node` are not among them."""
        found = self._arcs.get(node)
        if found is None:
            found = self._arcs[node] = tuple(self._after(node) if node.after else self._before(node))
        return found

    def next_node(self, node: Node) -> Node | None:
        """Return the node before the next token that a node is, too, because nothing stands between; None if there is none."""
        is_both = not self._join and node.after and 0 <= node.token < len(self.tokens) - 1
        if not is_both or not self._can_close(node.open, node.token + 1):
            return None
        return Node(node.token + 1, after=False, open=node.open)

    def is_end(self, node: Node) -> bool:
        """Return whether the output may end at a node."""
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
        if self._join and node.token < len(self.tokens) - 1 and self._can_close(node.open, node.token + 1):
            arcs.append(Arc(self._join, Node(node.token + 1, after=False, open=node.open)))
        if not node.open:
            return arcs
        *outer, (*same_start, own) = node.open
        for rank in range(len(self._closers)) if own == UNKNOWN else (own,):
            # entities close here by falling rank, so at most `rank` of the others can close at this token; `left` cannot
            left = len(same_start) - rank
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
        """Return whether enough tokens are left, from this one on, for all open entities to close.

        At one token, entities with the same first token can only close by falling rank. Each exception takes one more token.
        """
        more = 0
        for same_start in opened:
            if same_start[0] == UNKNOWN:
                more += (len(same_start) - 1) // len(self._closers)
            else:
                more += sum(outer >= inner for outer, inner in pairwise(same_start))
        return more < len(self.tokens) - token

    def _enter(self, node: Node) -> tuple[frozenset[ArcPosition], bool]:
        """Return the positions at the start of each arc of a node, and whether the output may end there."""
        nodes = [node] if (following := self.next_node(node)) is None else [node, following]
        found = frozenset(ArcPosition(at, arc, 0) for at in nodes for arc in range(len(self.arcs(at))))
        return found, self.is_end(node)

    def _find_transitions(self, state: int) -> dict[int, Transition]:
        reached: dict[int, set[ArcPosition]] = {}
        final: set[int] = set()
        in_sentence: set[int] = set()
        for position in self._positions[state]:
            arc = self.arcs(position.node)[position.arc]
            byte = arc.text[position.offset]
            places = reached.setdefault(byte, set())
            if not arc.is_mark:
                in_sentence.add(byte)
            if position.offset + 1 < len(arc.text):
                places.add(ArcPosition(position.node, position.arc, position.offset + 1))
            else:
                entered, ends = self._enter(arc.to)
                places |= entered
                if ends:
                    final.add(byte)
        return {
            byte: Transition(self._number((frozenset(places), byte in final)), byte not in in_sentence)
            for byte, places in reached.items()
        }

    def _number(self, key: tuple[frozenset[ArcPosition], bool]) -> int:
        """Return the state with these positions, a new one if there is none yet."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._positions)
            self._positions.append(key[0])
            self._final.append(key[1])
        return number
