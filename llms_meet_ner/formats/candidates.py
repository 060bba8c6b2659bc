"""The entities of a JSON output, collected while it is read, and the alignment that they give."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..alignment import EXACT, FAILED, REPAIRED, Alignment, WrittenEntity
from ..sentence import Span
from .lookup import TokenRange
from .overlaps import resolve_overlaps

_MAX_QUOTED = 500
"""Characters of an entity's text that are kept if it is not on the tokens."""


@dataclass(slots=True)
class Candidates:
    """The entities of an output so far.

    Attributes:
        nested: Whether entities may lie inside entities.
        reasons: Words of `alignment.REASONS`.
        placed: Spans and the entities as written, in the order of the output.
        ungrounded: Entities without a place in the sentence.
        unknown_labels: Entities with a label outside the label set.
    """

    nested: bool
    reasons: set[str]
    placed: list[tuple[Span, WrittenEntity]] = field(default_factory=list)
    ungrounded: list[WrittenEntity] = field(default_factory=list)
    unknown_labels: list[WrittenEntity] = field(default_factory=list)

    def place(self, place: TokenRange, entity: WrittenEntity) -> None:
        """Put an entity on its tokens."""
        if place.snapped:
            self.reasons.add("snapped")
        self.placed.append((Span(place.start, place.end, entity.label), entity))

    def alignment(self) -> Alignment:
        """Resolve overlaps and return the alignment; it is `exact` if nothing had to be repaired."""
        spans, dropped, conflicts = resolve_overlaps(self.placed, self.nested)
        reasons = self.reasons | conflicts
        if self.ungrounded:
            reasons.add("ungrounded")
        if self.unknown_labels:
            reasons.add("unknown-label")
        return Alignment(
            spans=spans,
            status=REPAIRED if reasons else EXACT,
            reasons=tuple(sorted(reasons)),
            ungrounded=tuple(map(_shortened, self.ungrounded)),
            unknown_labels=tuple(map(_shortened, self.unknown_labels)),
            dropped=tuple(map(_shortened, dropped)),
        )


def failed_alignment(reasons: set[str]) -> Alignment:
    """Return the alignment of an output in which nothing could be read."""
    return Alignment((), FAILED, tuple(sorted(reasons if "empty" in reasons else reasons | {"unreadable"})))


def most_candidates(tokens: tuple[str, ...], labels: int) -> int:
    """Return how many entities of an output to read; it is more than a sentence can hold.

    Args:
        tokens: Tokens of the sentence.
        labels: Number of labels in the label set.
    """
    return 2 * len(tokens) * labels + 100


def _shortened(entity: WrittenEntity) -> WrittenEntity:
    return WrittenEntity(entity.text[:_MAX_QUOTED], entity.label[:_MAX_QUOTED])
