"""Which of the entities that a text claims can stand together: no two alike, none across another, in flat corpora none inside another."""

from __future__ import annotations

from collections.abc import Sequence

from ..alignment import WrittenEntity
from ..sentence import Span, outer_first


def settle(
    claimed: Sequence[tuple[Span, WrittenEntity]], nested: bool
) -> tuple[tuple[Span, ...], tuple[WrittenEntity, ...], set[str]]:
    """Keep the entities that can stand together.

    Of two that nest in a flat format the outer one stays, of two over the same tokens the one claimed first, of two that cross the
    one that begins first.

    Args:
        claimed: spans and how they were written, in the order in which they were written.
        nested: whether entities may lie inside entities.

    Returns:
        The spans kept, in the order of `outer_first`; the mentions of the others, in the order of their places; and why those were
        dropped: `nested` (a doubled one too) or `crossing`.
    """
    kept: list[Span] = []
    dropped: list[WrittenEntity] = []
    reasons: set[str] = set()
    around: list[Span] = []  # spans kept, each inside the one before, that may reach to where the next one begins
    for span, mention in sorted(claimed, key=lambda claim: (claim[0].start, -claim[0].end)):
        while around and around[-1].end <= span.start:
            around.pop()
        if around and around[-1].end < span.end:
            reasons.add("crossing")
            dropped.append(mention)
        elif around and (not nested or _is_among(span, around)):
            reasons.add("nested")
            dropped.append(mention)
        else:
            kept.append(span)
            around.append(span)
    return tuple(sorted(kept, key=outer_first)), tuple(dropped), reasons


def _is_among(span: Span, around: Sequence[Span]) -> bool:
    """Whether a span stands among those around it; it can only be one of the last, which cover the same tokens."""
    for other in reversed(around):
        if other == span:
            return True
        if (other.start, other.end) != (span.start, span.end):
            return False
    return False
