"""The choice of entities in an output that can coexist on a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from ..alignment import WrittenEntity
from ..sentence import Span, outer_first


def resolve_overlaps(
    candidates: Sequence[tuple[Span, WrittenEntity]], nested: bool
) -> tuple[tuple[Span, ...], tuple[WrittenEntity, ...], set[str]]:
    """Keep the entities that can coexist.

    - Two entities that cross: the one that begins first stays.
    - Two equal spans with one label: one stays.
    - In a flat format, of two that nest the outer one stays; of two over the same tokens, the one written first.

    Args:
        candidates: Spans and the entities as written, in the order of the output.
        nested: Whether entities may lie inside entities.

    Returns:
        The spans kept, in the order of `outer_first`; the entities dropped, ordered by position; and why they were dropped:
        `nested` (equal spans too) or `crossing`.
    """
    kept: list[Span] = []
    dropped: list[WrittenEntity] = []
    reasons: set[str] = set()
    known: set[Span] = set()
    around: list[Span] = []  # kept spans that the next one may lie in, the innermost last
    for span, entity in sorted(candidates, key=lambda candidate: (candidate[0].start, -candidate[0].end)):
        while around and around[-1].end <= span.start:
            around.pop()
        if around and around[-1].end < span.end:
            reasons.add("crossing")
            dropped.append(entity)
        elif around and (not nested or span in known):
            reasons.add("nested")
            dropped.append(entity)
        else:
            kept.append(span)
            known.add(span)
            around.append(span)
    return tuple(sorted(kept, key=outer_first)), tuple(dropped), reasons
