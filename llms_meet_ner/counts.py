"""Strict precision, recall and F1, derived from counts of entities."""

from __future__ import annotations

from dataclasses import dataclass

from .typed_json import written_as

RATIOS = ("precision", "recall", "f1")
"""Names of the ratios, in the order of every table."""


def ratio(part: float, whole: float) -> float:
    """Return a share; 0 if the whole is 0."""
    return part / whole if whole else 0.0


def harmonic_mean(precision: float, recall: float) -> float:
    """Return F1; 0 if precision and recall are both 0."""
    return ratio(2 * precision * recall, precision + recall)


@dataclass(frozen=True, slots=True)
class Counts:
    """Entity counts of strict matching: a predicted entity is correct if its span and its label are right.

    Attributes:
        correct: Number of predicted entities that are in the gold.
        predicted: Number of predicted entities.
        gold: Number of gold entities (the support).

    Raises:
        ValueError: A count is negative, or more entities are correct than are predicted or in the gold.
    """

    correct: int = 0
    predicted: int = 0
    gold: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= min(self.predicted, self.gold):
            raise ValueError(
                f"not valid counts: {self.correct} correct of {self.predicted} predicted and {self.gold} gold"
            )

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.correct + other.correct, self.predicted + other.predicted, self.gold + other.gold)

    @property
    def precision(self) -> float:
        """Share of the predicted entities that is correct; 0 if no entity is predicted."""
        return ratio(self.correct, self.predicted)

    @property
    def recall(self) -> float:
        """Share of the gold entities that is predicted; 0 if the gold has no entity."""
        return ratio(self.correct, self.gold)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return harmonic_mean(self.precision, self.recall)


written_as(Counts, "correct predicted gold precision recall f1")
