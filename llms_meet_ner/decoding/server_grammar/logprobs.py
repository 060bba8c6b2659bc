"""Confidences from the log-probabilities that a server sends with an answer.

They count only if the server took them after it had ruled out what the grammar forbids: then the tokens that it lists are the allowed ones,
as where the model runs here. A listed token that the grammar forbids proves the opposite, and the answer has no confidences.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ...records import Uncertainty
from ..confidence import Choice, confidences, uncertainty
from ..constraint import AllowedTokens
from ..grammar import Grammar
from .sentence import TOP_LOGPROBS, Faithful, SentenceGrammar, Step

_NEVER = -1000.0
"""Log-probability up to which a token counts as ruled out: servers leave those tokens out, or write -9999 or minus infinity."""
_ALL = 0.99
"""Least sum of the probabilities of the allowed tokens if all of them are listed; it is at most as far above one."""


class ServedChoices(NamedTuple):
    """The choices that a server made, as `decoding.confidence` takes them.

    Attributes:
        choices: Choice at each token of the output.
        lengths: Length of each token in bytes.
    """

    choices: list[Choice]
    lengths: list[int]


class _Listed(NamedTuple):
    """A token that a server lists: its bytes and its log-probability."""

    text: bytes
    logprob: float


def judged(
    grammar: SentenceGrammar, output: Faithful, rows: Any
) -> tuple[tuple[float, ...] | None, Uncertainty | None]:
    """Return the confidence of each entity and the uncertainty of the sentence; None for both if the server does not tell them.

    Args:
        grammar: Grammar of the sentence.
        output: Output that the server wrote.
        rows: `logprobs.content` of a chat completion: each token, its log-probability, and the likeliest tokens in its place.
    """
    found = served_choices(grammar, rows)
    if found is None:
        return None, None
    leading = sum(found.lengths) - len(output.written.encode())
    ranges = [(leading + start, leading + end) for start, end in output.ranges]
    return confidences(found.choices, found.lengths, ranges), uncertainty(found.choices)


def served_choices(grammar: SentenceGrammar, rows: Any) -> ServedChoices | None:
    """Return the choices behind an answer; None if what the server lists does not tell them.

    Args:
        grammar: Grammar of the sentence.
        rows: As for `judged`.
    """
    found = ServedChoices([], [])
    state = Grammar.START
    for row in rows if isinstance(rows, list) else []:
        token = _listed(row)
        step = _step(grammar, state, token.text) if token else None
        if grammar.automaton.is_final(state) and (step is None or step.state == state):
            break  # a stop token
        choice = _choice(grammar, state, row, token) if token and step else None
        if choice is None or token is None or step is None:
            return None
        found.choices.append(choice)
        found.lengths.append(len(token.text))
        state = step.state
    return found if found.choices and grammar.automaton.is_final(state) else None


def _choice(grammar: SentenceGrammar, state: int, row: Any, token: _Listed) -> Choice | None:
    """Return the choice of a token at a state; None if the listed tokens are not the allowed ones.

    Whether a space comes before the output is no choice here: the tokenizer decides it. So only tokens like the chosen one count.
    """
    rows = row.get("top_logprobs")
    others = [_listed(other) for other in rows] if isinstance(rows, list) else []
    options = [other for other in others if other and other.logprob > _NEVER]
    if token in options:
        options.remove(token)
    options.insert(0, token)
    steps = [_step(grammar, state, option.text) for option in options]
    total = sum(math.exp(min(0.0, option.logprob)) for option in options)
    is_forbidden = None in steps and not grammar.automaton.is_final(state)
    is_whole = total < 2 - _ALL and (len(options) >= TOP_LOGPROBS or total > _ALL)
    if is_forbidden or None in others or not others or not is_whole:
        return None
    ends = Step(state, b"")  # a stop token writes nothing
    likes = [
        (step or ends, option.logprob)
        for step, option in zip(steps, options)
        if (step or ends).is_spaced == (steps[0] or ends).is_spaced
    ]
    numbers: dict[bytes, int] = {}
    groups = [numbers.setdefault(step.mark, len(numbers)) for step, _ in likes]
    ids = np.arange(len(likes), dtype=np.int64)
    allowed = AllowedTokens(ids, {}, np.array(groups, dtype=np.int64), tuple(numbers))
    return Choice.of(allowed, np.array([logprob for _, logprob in likes]), 0)


def _step(grammar: SentenceGrammar, state: int, text: bytes) -> Step | None:
    """Return where a token leads; vLLM lists one that writes a part of a character as empty, and the character with the last of them."""
    return grammar.step(state, text) if text else Step(state, b"")


def _listed(row: Any) -> _Listed | None:
    match row:
        case {"bytes": [*numbers], "logprob": int() | float() as logprob}:
            if all(type(number) is int and 0 <= number < 256 for number in numbers):
                return _Listed(bytes(numbers), float(logprob))
        case {"token": str(token), "logprob": int() | float() as logprob}:
            return _Listed(token.encode("utf-8", "surrogatepass"), float(logprob))
    return None
