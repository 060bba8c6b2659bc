"""What a student says of a sentence that it was not trained on, with the probabilities of the gold beside its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...records import Uncertainty
from ...sentence import Sentence, Span
from ...typed_json import Share

if TYPE_CHECKING:
    from ...students.beliefs import Beliefs

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a student says of a sentence; all probabilities are over the tag sequences that BIO allows.

    Attributes:
        id: Sentence id.
        spans: Entities that the student marks.
        confidences: Probability of each.
        without: For each, the probability that no entity holds any of its tokens.
        gold: Probability of each gold entity.
        gold_without: For each, the probability that no entity holds any of its tokens.
        uncertainty: Entropy of the tags.
        tags: Probability of each tag of each token (tokens, tags).

    Raises:
        ValueError: There are more or fewer numbers than entities.
    """

    id: str
    spans: tuple[Span, ...]
    confidences: tuple[Share, ...]
    without: tuple[Share, ...]
    gold: tuple[Share, ...]
    gold_without: tuple[Share, ...]
    uncertainty: Uncertainty
    tags: tuple[tuple[Share, ...], ...]

    def __post_init__(self) -> None:
        if not len(self.spans) == len(self.confidences) == len(self.without) or len(self.gold) != len(
            self.gold_without
        ):
            raise ValueError("not as many probabilities as entities")


def judge(sentence: Sentence, beliefs: Beliefs) -> Judgement:
    """Return what a student says of a gold sentence."""
    answer = beliefs.answer
    spans, confidences = answer.spans or (), answer.confidences or ()
    return Judgement(
        sentence.id, spans, tuple(map(_rounded, confidences)), _without(beliefs, spans),
        tuple(_rounded(beliefs.of_entity(span)) for span in sentence.spans), _without(beliefs, sentence.spans),
        answer.uncertainty or Uncertainty(0.0, 0.0),
        tuple(tuple(map(_rounded, row)) for row in beliefs.tags(len(sentence.tokens))),
    )  # fmt: skip


def _without(beliefs: Beliefs, spans: Sequence[Span]) -> tuple[float, ...]:
    return tuple(_rounded(beliefs.of_none(span.start, span.end)) for span in spans)


def _rounded(value: float) -> float:
    return min(1.0, max(0.0, round(float(value), _DIGITS)))
