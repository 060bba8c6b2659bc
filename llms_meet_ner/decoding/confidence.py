"""Probabilities of entities and the uncertainty of sentences, from the choices that decoding made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..records import Uncertainty
from .constraint import AllowedTokens

DIGITS = 4
"""Decimal places of a probability; later digits are rounding errors of the device."""


class Choice(NamedTuple):
    """One step of constrained decoding.

    Attributes:
        token: Id of the chosen token, the most likely one that was allowed.
        mark: Bytes of the mark that it writes; empty if it writes none.
        probability: Probability of its group among the allowed tokens: of writing this mark (or none) here.
        entropy: Entropy of the groups, in nats; 0 if there is only one group.
        is_decision: Whether there were two or more groups.
    """

    token: int
    mark: bytes
    probability: float
    entropy: float
    is_decision: bool

    @classmethod
    def of(cls, allowed: AllowedTokens, logits: NDArray[np.floating[Any]], chosen: int | None = None) -> Choice:
        """Choose the most likely token, the one with the lowest id in a tie.

        Args:
            allowed: The n allowed tokens.
            logits: Logit of each allowed token; shape (n,).
            chosen: Position of the token that was chosen elsewhere; None to choose here.
        """
        best = int(logits.argmax()) if chosen is None else chosen
        token = int(allowed.ids[best])
        if len(allowed.marks) < 2:
            return cls(token, allowed.marks[0], 1.0, 0.0, is_decision=False)
        weights = np.exp(logits.astype(np.float64) - float(logits[best]))
        groups = np.bincount(allowed.groups, weights, len(allowed.marks)) / weights.sum()
        entropy = -float(np.sum(groups * np.log(np.maximum(groups, 1e-300))))
        group = int(allowed.groups[best])
        return cls(token, allowed.marks[group], min(1.0, float(groups[group])), max(0.0, entropy), is_decision=True)


def confidences(
    choices: Sequence[Choice], lengths: Sequence[int], ranges: Sequence[tuple[int, int]]
) -> tuple[float, ...]:
    """Return the probability of each entity: the product over the steps that wrote it.

    These steps wrote at least one byte between the start of its opening mark and the end of its closing mark: they opened the
    entity here, did not close it earlier, and closed it here with this label, each given what was written before. Steps that
    lie completely inside a nested entity do not count.

    Args:
        choices: Choice at each token of the output.
        lengths: Length of each token in bytes.
        ranges: (start, end) of each entity with its marks, in bytes of the output, end exclusive; outer entities come first.

    Returns:
        Probabilities in the order of `ranges`, rounded to `DIGITS` decimal places.
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
    """Return the mean and the maximum entropy, in nats, of the steps that were decisions, and the probability of all of them.

    Without a decision, the entropies are 0 and the probability is 1.
    """
    decisions = [choice for choice in choices if choice.is_decision]
    if not decisions:
        return Uncertainty(0.0, 0.0, 0.0, 0)
    entropies = [choice.entropy for choice in decisions]
    log = sum(float(np.log(max(choice.probability, 1e-300))) for choice in decisions)
    return Uncertainty(
        round(float(np.mean(entropies)), DIGITS), round(max(entropies), DIGITS), round(min(0.0, log), DIGITS), len(decisions)
    )  # fmt: skip
