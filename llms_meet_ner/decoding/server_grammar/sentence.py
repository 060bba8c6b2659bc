"""What a server may write for one sentence: the grammar that it is sent, and the check of what comes back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from ...errors import LmnError
from ...formats.inline import InlineFormat
from ...labels import LabelSet
from ..grammar import Grammar
from .dialects import written
from .rules import MOST_RULES, TooManyRulesError, rules_of

DEFAULT_DEPTH = 2
"""Number of entities that may be open at once in a nested format: each level multiplies the rules."""
TOP_LOGPROBS = 20
"""Number of tokens whose log-probabilities a server is asked for at each token of an output; vLLM lists no more unless told to."""
_SPARE = 8
"""Tokens of a bound beside those of the output: the end, and a leading space."""
_UNWRITABLE = re.compile("[\x00-\x08\x0a-\x1f\ud800-\udfff\U00040000-\U000dffff]")
"""Control characters, and code points without a character: some tokenizers have no token for them."""
_STAND_IN = "?"


class Step(NamedTuple):
    """What a piece of an output leads to.

    Attributes:
        state: State of the grammar after it.
        mark: Bytes of the mark that it writes; empty if it writes none.
        is_spaced: Whether it begins with the space that may come before an output and is not part of it.
    """

    state: int
    mark: bytes
    is_spaced: bool = False


class Faithful(NamedTuple):
    """An output that is the sentence with well-formed marks.

    Attributes:
        written: The output as the server wrote it, without a space before it.
        own: The same with the sentence's own characters.
        ranges: (start, end) of each entity with its marks, in bytes of `written`, end exclusive; outer entities come first.
    """

    written: str
    own: str
    ranges: tuple[tuple[int, int], ...]


class SentenceGrammar:
    """The outputs that a server may write for a sentence.

    A control character other than a tab is a question mark in them, as where the model runs here and its tokenizer cannot write it.

    Attributes:
        tokens: Tokens as the server writes them.
        automaton: The outputs as an automaton over bytes.
        bound: Number of tokens that no output exceeds: that of its bytes, and some to spare.
    """

    def __init__(self, tokens: Sequence[str], fmt: InlineFormat, labels: LabelSet, depth: int = DEFAULT_DEPTH) -> None:
        """Prepare a sentence.

        Args:
            tokens: Tokens of the sentence.
            fmt: Format of the output.
            labels: Label set.
            depth: Number of entities that may be open at once if the format is nested, at least 1.
        """
        self._own, self._format, self._labels = tuple(tokens), fmt, labels
        self.tokens = tuple(_UNWRITABLE.sub(_STAND_IN, token) for token in tokens)
        encoded = [token.encode() for token in self.tokens]
        markup = fmt.markup(labels)
        self.automaton = Grammar(encoded, markup, nested=fmt.nested, join=fmt.join.encode(), depth=depth)
        longest = max(len((markup.openers[label] + markup.closers[label]).encode()) for label in labels.names)
        marks = len(encoded) * longest * (depth if fmt.nested else 1)
        self.bound = sum(map(len, encoded)) + len(fmt.join) * (len(encoded) - 1) + marks + _SPARE

    @cached_property
    def text(self) -> str:
        """The grammar as a server is sent it.

        Raises:
            LmnError: It has more rules than a server compiles in seconds.
        """
        try:
            return written(rules_of(self.automaton))
        except TooManyRulesError:
            raise LmnError(
                f"the grammar of a sentence of {len(self.tokens):,} tokens with {len(self._labels):,} labels has more than {MOST_RULES:,} "
                "rules, which no server compiles in seconds",
                remedy="take a smaller --grammar-depth, the format bracketed, --engine local, or --decoding free",
            ) from None

    def step(self, state: int, text: bytes) -> Step | None:
        """Return where a piece of an output leads; None if it may not come next.

        Args:
            state: State before it. Before the first piece, a space may come that is not part of the output.
            text: Bytes of the piece.
        """
        found = self._walk(state, text)
        if found is None and state == Grammar.START and text.startswith(b" "):
            found = self._walk(state, text[1:])
            return found and found._replace(is_spaced=True)
        return found

    def read(self, text: str) -> Faithful | None:
        """Return the output that a text is: the sentence with well-formed marks of the label set; None if it is something else."""
        for written_text in (text, text.removeprefix(" ")):
            end = self._walk(Grammar.START, written_text.encode("utf-8", "surrogatepass"))
            if end is not None and self.automaton.is_final(end.state):
                return self._faithful(written_text)
        return None

    def begins(self, text: str) -> bool:
        """Return whether a text is the beginning of an output."""
        return self.step(Grammar.START, text.encode("utf-8", "surrogatepass")) is not None

    def _walk(self, state: int, text: bytes) -> Step | None:
        marks = bytearray()
        for byte in text:
            transition = self.automaton.transitions(state).get(byte)
            if transition is None:
                return None
            state = transition.state
            if transition.is_mark:
                marks.append(byte)
        return Step(state, bytes(marks))

    def _faithful(self, text: str) -> Faithful:
        spans = self._format.parse(text, self.tokens, self._labels).spans
        ranges = self._format.entity_ranges(self.tokens, spans)
        in_bytes = tuple((len(text[:start].encode()), len(text[:end].encode())) for start, end in ranges)
        own = text if self.tokens == self._own else self._format.write(self._own, spans)
        return Faithful(text, own, in_bytes)
