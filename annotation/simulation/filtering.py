"""Which of a model's labels are kept: those of sentences that are probably right, by confidences calibrated on what the expert labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...sentence import Sentence
from .llm_labels import LlmLabels


@dataclass(frozen=True, slots=True)
class Kept:
    """Labels of a model that are kept, and by what rule.

    Attributes:
        sentences: The sentences with the model's labels.
        calibrated_on: Number of the expert's sentences that the model has labelled, too.
        right: Number of these whose entities the model has found exactly.
    """

    sentences: tuple[Sentence, ...]
    calibrated_on: int
    right: int


def kept_by_confidence(labels: LlmLabels, expert: Sequence[Sentence], others: Sequence[Sentence], least: float) -> Kept:
    """Return the labels of a model that are probably right.

    How probable that is for a sentence comes from a logistic regression of "the model's entities are exactly the expert's" on the model's
    certainty, over the sentences of the expert, so it costs no further labels. If the model is right on all of them or on none, every
    sentence has the probability (right + 1) / (sentences + 2).

    Args:
        labels: Labels of the model, with certainties.
        expert: Sentences that the expert has labelled.
        others: Sentences of the pool that the model's labels are wanted for.
        least: Least probability of a sentence that is kept.
    """
    both = [sentence for sentence in expert if sentence.id in labels.sentences]
    right = [labels.sentences[sentence.id].spans == sentence.spans for sentence in both]
    wanted = [sentence.id for sentence in others if sentence.id in labels.sentences]
    chances = _chances(
        [labels.certainties[sentence.id] for sentence in both], right, [labels.certainties[name] for name in wanted]
    )
    kept = tuple(labels.sentences[name] for name, chance in zip(wanted, chances, strict=True) if chance >= least)
    return Kept(kept, len(both), sum(right))


def _chances(known: Sequence[float], right: Sequence[bool], asked: Sequence[float]) -> list[float]:
    """Return the probability of being right for each certainty that is asked for."""
    if len(set(right)) < 2 or not asked:
        return [(sum(right) + 1) / (len(right) + 2)] * len(asked)
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit([[value] for value in known], list(right))
    chances: list[float] = model.predict_proba([[value] for value in asked])[:, 1].tolist()
    return chances
