"""A batch of sentences: the best ones that a budget has room for, without two that are almost the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ...errors import LmnError
from .strategies import Candidate


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be labelled.

    Attributes:
        sentences: Number of sentences; None for a budget in tokens.
        tokens: Number of tokens; None for a budget in sentences.

    Raises:
        LmnError: Both are given, or neither.
    """

    sentences: int | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        if (self.sentences is None) == (self.tokens is None):
            raise LmnError(
                "how much may be labelled?", remedy="say either a number of sentences or a number of tokens (--help)"
            )

    def __str__(self) -> str:
        return f"{self.tokens:,} tokens" if self.sentences is None else f"{self.sentences:,} sentences"


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences that were chosen.

    Attributes:
        chosen: Their positions among the candidates, the best first.
        tokens: Number of their tokens.
        near: Number of sentences that were passed over because they are almost the same as a chosen one.
    """

    chosen: tuple[int, ...]
    tokens: int
    near: int


Near = Callable[[int], Sequence[int]]
"""Returns the positions of the candidates that are almost the same as one, itself included or not."""


def take(
    pool: Sequence[Candidate], scores: Sequence[float], budget: Budget, near: Near | None = None, known: Collection[int] = ()
) -> Batch:  # fmt: skip
    """Choose sentences in the order of their scores, equal ones by id, until the budget is full.

    A sentence that is longer than what is left of a budget in tokens is passed over, so that the budget is never exceeded, and no
    sentence that is left out would have had room.

    Args:
        pool: The candidates.
        scores: Score of each.
        budget: How much may be chosen.
        near: Finds sentences that are almost the same; None to take them as they come.
        known: Positions of candidates that are almost the same as sentences outside the pool, and are passed over, too.
    """
    order = sorted(range(len(pool)), key=lambda at: (-scores[at], pool[at].id))
    chosen: list[int] = []
    blocked = set(known)
    tokens = passed = 0
    for at in order:
        if budget.sentences is not None and len(chosen) >= budget.sentences:
            break
        if budget.tokens is not None and tokens + pool[at].tokens > budget.tokens:
            continue
        if at in blocked:
            passed += 1
            continue
        chosen.append(at)
        tokens += pool[at].tokens
        if near:
            blocked.update(near(at))
    return Batch(tuple(chosen), tokens, passed)
