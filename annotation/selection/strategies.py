"""Strategies: from what a system says about each sentence to a score; the sentences with the highest scores are labelled first.

All of them but `random` read the `Uncertainty` of an answer. Its choices are the tags of a student's tokens, or the steps of constrained
decoding that chose between markup and none. H is the entropy of a choice, in nats; P is the probability of the whole answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ...errors import LmnError
from ...records import Uncertainty
from ..texts import drawn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RANDOM = "random"
CLUSTERS = "clusters"
DEFAULT_OVERHEAD = 5.0
"""Cost of a sentence besides its tokens, in tokens: what it takes to begin with it."""
_LARGEST_32 = 2**32


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be chosen.

    Attributes:
        id: Its id.
        tokens: Number of tokens.
        uncertainty: What the system says about it; None if it says nothing.
    """

    id: str
    tokens: int
    uncertainty: Uncertainty | None = None


@dataclass(frozen=True, slots=True)
class Aids:
    """What a strategy may need besides the sentences.

    Attributes:
        seed: Seed of what is drawn.
        overhead: Cost of a sentence besides its tokens, in tokens.
        embeddings: Returns a vector for each candidate (candidates, size); None if there are none.
    """

    seed: int = 0
    overhead: float = DEFAULT_OVERHEAD
    embeddings: Callable[[], NDArray[np.float64]] | None = None


class Strategy(NamedTuple):
    """A way to score sentences.

    Attributes:
        name: Name on the command line.
        means: What it looks for, in words.
        scores: Returns a score for each candidate, the higher the sooner it is chosen.
        needs_answers: Whether it reads the uncertainty of answers.
    """

    name: str
    means: str
    scores: Callable[[Sequence[Candidate], Aids], list[float]]
    needs_answers: bool = True


def random(pool: Sequence[Candidate], aids: Aids) -> list[float]:
    """Score by chance: a number from 0 to 1 that follows from the seed and the id alone."""
    return [int.from_bytes(drawn(aids.seed, one.id)[:4], "big") / _LARGEST_32 for one in pool]


def mean_entropy(pool: Sequence[Candidate], aids: Aids) -> list[float]:
    """Score by the mean of H: token entropy (Settles and Craven 2008), which favours no long sentences."""
    return [_said(one).mean for one in pool]


def max_entropy(pool: Sequence[Candidate], aids: Aids) -> list[float]:
    """Score by the largest H. Of two sentences alike, the longer one has more chances of a large value."""
    return [_said(one).max for one in pool]


def mnlp(pool: Sequence[Candidate], aids: Aids) -> list[float]:
    """Score by -log P divided by the number of choices: maximum normalised log-probability (Shen et al. 2018)."""
    return [-_log_probability(one) / max(1, _choices(one)) for one in pool]


def least_confidence(pool: Sequence[Candidate], aids: Aids) -> list[float]:
    """Score by 1 - P (Culotta and McCallum 2005). Long sentences have a small P, so that it prefers them."""
    return [-math.expm1(_log_probability(one)) for one in pool]


def entropy_per_cost(pool: Sequence[Candidate], aids: Aids) -> list[float]:
    """Score by the sum of H divided by the cost, which is the overhead of a sentence and its tokens (return on investment)."""
    return [_said(one).mean * _choices(one) / (aids.overhead + one.tokens) for one in pool]


def clusters(pool: Sequence[Candidate], aids: Aids) -> list[float]:
    """Score by entropy per cost within k-means clusters of the sentences' vectors, so that chosen sentences differ.

    The first sentence of every cluster comes before the second of any. There are sqrt(n/2) clusters of n sentences. The score is minus the
    place in the cluster, from 0, plus a share below 1 that orders equal places by entropy per cost.
    """
    if aids.embeddings is None:
        raise LmnError("needs vectors of the sentences", CLUSTERS)
    from sklearn.cluster import KMeans

    unsure = entropy_per_cost(pool, aids)
    count = max(1, round(math.sqrt(len(pool) / 2)))
    if count == 1:
        return unsure
    groups = KMeans(count, n_init=3, random_state=aids.seed % _LARGEST_32).fit_predict(aids.embeddings())
    scores = [0.0] * len(pool)
    places: dict[int, int] = {}
    for at in sorted(range(len(pool)), key=lambda at: (-unsure[at], pool[at].id)):
        group = int(groups[at])
        place = places.get(group, 0)
        places[group] = place + 1
        scores[at] = unsure[at] / (1 + unsure[at]) - place
    return scores


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        Strategy(RANDOM, "chance, to compare with", random, needs_answers=False),
        Strategy("mean-entropy", "the mean entropy of the choices", mean_entropy),
        Strategy("max-entropy", "the largest entropy of a choice", max_entropy),
        Strategy("mnlp", "a small probability of the answer, normalised by length", mnlp),
        Strategy("least-confidence", "a small probability of the answer, which long sentences have", least_confidence),
        Strategy("entropy-per-cost", "entropy for each token of cost", entropy_per_cost),
        Strategy(CLUSTERS, "entropy per cost within clusters of like sentences", clusters),
    )
}
"""Strategies by name."""


def strategy_of(name: str) -> Strategy:
    """Return a strategy by its name.

    Raises:
        LmnError: There is no such strategy.
    """
    if name not in STRATEGIES:
        raise LmnError("no such strategy", name, f"name one of {', '.join(STRATEGIES)}")
    return STRATEGIES[name]


def _said(one: Candidate) -> Uncertainty:
    if one.uncertainty is None:
        raise LmnError(
            "the answer has no uncertainty", one.id,
            f"let the model decode with --decoding constrained, or draw at random with --strategy {RANDOM}",
        )  # fmt: skip
    return one.uncertainty


def _log_probability(one: Candidate) -> float:
    value = _said(one).log_probability
    if value is None:
        raise LmnError(
            "the answer has no log_probability: it is of an earlier version", one.id, "answer again with --restart"
        )
    return value


def _choices(one: Candidate) -> int:
    value = _said(one).choices
    if value is None:
        raise LmnError(
            "the answer has no number of choices: it is of an earlier version", one.id, "answer again with --restart"
        )
    return value
