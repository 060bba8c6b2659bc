"""Probabilities of entities and entropies of sentences, from the choices that decoding made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..records import Uncertainty
from .constraint import AllowedTokens

DIGITS = 4
"""After the point; the rest is rounding of the device."""


class Choice(NamedTuple):
    """One step of constrained decoding.

    Attributes:
        token: the id that was taken, the likeliest of those allowed.
        mark: the markup that it writes, empty for none.
        probability: of its group: of writing this markup, or none, here; over the allowed tokens.
        entropy: of the groups, in nats; 0 where there is only one.
        is_decision: whether there were two groups or more.
    """

    token: int
    mark: bytes
    probability: float
    entropy: float
    is_decision: bool

    @classmethod
    def of(cls, moves: AllowedTokens, logits: NDArray[np.float32]) -> Choice:
        """Take the likeliest move; of equal ones the lowest id.

        Args:
            moves: allowed.
            logits: one for each, shape (n,).
        """
        best = int(logits.argmax())
        token = int(moves.ids[best])
        if len(moves.marks) < 2:
            return cls(token, moves.marks[0], 1.0, 0.0, is_decision=False)
        weights = np.exp(logits.astype(np.float64) - float(logits[best]))
        groups = np.bincount(moves.groups, weights, len(moves.marks)) / weights.sum()
        entropy = -float(np.sum(groups * np.log(np.maximum(groups, 1e-300))))
        group = int(moves.groups[best])
        return cls(token, moves.marks[group], min(1.0, float(groups[group])), max(0.0, entropy), is_decision=True)


def confidences(
    choices: Sequence[Choice], lengths: Sequence[int], ranges: Sequence[tuple[int, int]]
) -> tuple[float, ...]:
    """Return for each entity the product of the probabilities of the choices that made it.

    Those are the steps that wrote any byte of it, from its opening mark to its closing one, without the steps that lie wholly
    inside an entity inside it: opening here, not closing before, closing here, with this label, each given what was written
    before.

    Args:
        choices: one for each output token.
        lengths: of the tokens, in bytes.
        ranges: of the entities with their marks, in bytes of the output, end exclusive, the outer one first.
    """
    ends = np.cumsum(lengths, dtype=np.int64)
    starts = ends - np.asarray(lengths, dtype=np.int64)
    probabilities = np.array([choice.probability for choice in choices])
    found = []
    for start, end in ranges:
        mine = (starts < end) & (ends > start)
        for inner_start, inner_end in ranges:
            if (inner_start, inner_end) != (start, end) and start <= inner_start and inner_end <= end:
                mine &= ~((starts >= inner_start) & (ends <= inner_end))
        found.append(round(float(np.prod(probabilities[mine])), DIGITS))
    return tuple(found)


def uncertainty(choices: Sequence[Choice]) -> Uncertainty:
    """Return mean and maximum entropy, in nats, of the steps that were decisions; zeros where there was none."""
    entropies = [choice.entropy for choice in choices if choice.is_decision]
    if not entropies:
        return Uncertainty(0.0, 0.0)
    return Uncertainty(round(float(np.mean(entropies)), DIGITS), round(max(entropies), DIGITS))
