"""How far a proposal reaches: as many tokens as make an output cheapest.

A pass costs something by itself, such as reading the weights from memory, and something for each token. Tokens behind a wrong one
are computed mostly for nothing. Where passes are expensive (on a GPU, or for a sentence alone), a proposal is best the whole rest of the
output. Where tokens are (on a CPU, in a large batch), it is best cut before the first token that is likely to be wrong. Both costs
are measured while passes run (in float32), and so is how often proposed tokens are right. Outputs depend on neither.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

_TYPICAL = {"cpu": 32.0, "cuda": 256.0}
"""Cost of a pass by itself, in tokens, by device."""
_MEMORY = 64
"""Number of passes that the cost is measured by."""
_FEW = 6
"""Number of passes that must have been seen before the cost is measured."""
_SPREAD = 3
"""How many times as many tokens as the smallest pass the largest one must have had."""
_WASTE = 1 / 3
"""What a token behind a wrong one costs, where others cost 1: the choice there becomes a hint, which is mostly right."""
_PRIOR = 4
"""Number of proposed tokens that the first chance of a kind counts like."""


@dataclass(slots=True)
class PassCost:
    """The cost of a pass by itself, in tokens that could be computed in the same time.

    Attributes:
        first: Cost as long as it is not measured; infinite where only passes count.
        is_fixed: Whether the first cost holds for good.
    """

    first: float
    is_fixed: bool = False
    _passes: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_MEMORY))

    @classmethod
    def of_device(cls, device: str, dtype: str) -> PassCost:
        """Return the cost to begin with on a device, `cuda` or `cpu`. It is fixed in a data type of 16 bits.

        There the number of tokens in a pass can turn a close decision, and a measurement would make two runs of a command differ.
        The costs are typical ones: about as many tokens as a processor computes while it reads the weights from memory.
        """
        return cls(_TYPICAL[device], is_fixed=dtype != "float32")

    def note(self, tokens: int, seconds: float) -> None:
        """Note how long a pass took.

        Args:
            tokens: Number of tokens that were computed.
            seconds: Running time of the pass.
        """
        self._passes.append((tokens, seconds))

    @property
    def seconds(self) -> tuple[float, float] | None:
        """Seconds of a pass by itself and of a token, by least squares of the relative errors; None if too little is known."""
        counts = [tokens for tokens, _ in self._passes]
        if len(counts) < _FEW or max(counts) < _SPREAD * min(counts):
            return None
        weights = [1 / seconds for _, seconds in self._passes]
        (slope, alone), *_ = np.polyfit(counts, [seconds for _, seconds in self._passes], 1, w=weights, full=True)
        return max(0.0, float(alone)), max(0.0, float(slope))

    @property
    def tokens(self) -> float:
        """The cost in tokens. It is rounded to a power of two, so that most runs on a device take the same."""
        measured = None if self.is_fixed else self.seconds
        if measured is None:
            return self.first
        alone, each = measured
        if each == 0:
            return math.inf
        return float(2 ** round(math.log2(max(1.0, alone / each))))


@dataclass(slots=True)
class Chances:
    """How often proposed tokens of a kind are right, counted as they are checked."""

    _right: Counter[Hashable] = field(default_factory=Counter)
    _checked: Counter[Hashable] = field(default_factory=Counter)

    def note(self, kind: Hashable, *, is_right: bool) -> None:
        """Note whether a proposed token, with all tokens before it right, was right."""
        self._checked[kind] += 1
        self._right[kind] += is_right

    def of(self, kind: Hashable, first: float) -> float:
        """Return the chance that a token of a kind is right, which begins with a first estimate."""
        return (self._right[kind] + _PRIOR * first) / (self._checked[kind] + _PRIOR)


def best_reach(chances: Sequence[float], pass_tokens: float) -> int:
    """Return how many tokens of a proposal to check, so that the cost for each token that gets written is lowest.

    To check n tokens, a pass computes the one before them and all but the last. It writes at least one token: the model's choice
    at the first place where a proposed token is wrong, or at the last place.

    Args:
        chances: Chance of each token that it is right if all before it are; at least one.
        pass_tokens: Cost of the pass itself, in tokens.

    Returns:
        A number from 1 to the number of tokens.
    """
    if math.isinf(pass_tokens):
        return len(chances)
    written = np.cumsum([1.0, *np.cumprod(chances[:-1])])
    wasted = np.arange(1, len(chances) + 1) - written
    cost = (pass_tokens + written + _WASTE * wasted) / written
    return len(chances) - int(np.argmin(cost[::-1]))
