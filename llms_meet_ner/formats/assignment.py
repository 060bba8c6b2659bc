"""Puts texts that name no position on a sentence: every way to do it, the leftmost one first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .lookup import TokenRange

_MAX_CHECKS = 200_000
"""Pairs of entities that are compared before the search gives up."""


class TooManyAssignmentsError(Exception):
    """The search gave up: it would take too many steps."""


class ListedText(NamedTuple):
    """A text that an output lists as an entity.

    Attributes:
        label: Label under which it is listed.
        places: Places where the text is in the sentence, from left to right.
    """

    label: str
    places: tuple[TokenRange, ...]


def assignments(listed: Sequence[ListedText], *, nested: bool) -> Iterator[tuple[TokenRange, ...]]:
    """Yield every way to give each text a place so that all places can coexist and the texts of each label keep their order.

    The first one yielded is the leftmost: the first text has the first place that any of these ways gives it, and so on.

    Args:
        listed: Texts; those with the same label are next to each other.
        nested: Whether entities may lie inside entities.

    Yields:
        One place for each text.

    Raises:
        TooManyAssignmentsError: The texts exclude each other so often that the search would take too many steps.
    """
    domains = _ordered_domains(listed, nested)
    if not all(domains):
        return
    checks = 0
    chosen: list[TokenRange] = []
    cursors = [0]
    while cursors:
        number = len(cursors) - 1
        if number == len(domains):
            yield tuple(chosen)
        elif cursors[number] < len(domains[number]):
            place = domains[number][cursors[number]]
            cursors[number] += 1
            checks += number + 1
            if checks > _MAX_CHECKS:
                raise TooManyAssignmentsError
            if _fits(place, listed, chosen, nested):
                chosen.append(place)
                cursors.append(0)
            continue
        cursors.pop()
        if chosen:
            chosen.pop()


def assign_loosely(listed: Sequence[ListedText], *, nested: bool) -> tuple[TokenRange, ...]:
    """Give each text a place although not all of them can coexist in their order; some will overlap.

    Each text takes the first free place to the right of the previous text with its label. Without one, it takes the first
    free place, or else its first place. In a flat format a place is free if none of its tokens is taken; in a
    nested format, if no text with the same label has exactly this place.
    """
    chosen: list[TokenRange] = []
    taken: set[tuple[str, int, int]] = set()
    tokens: set[int] = set()
    last: TokenRange | None = None
    for number, (label, places) in enumerate(listed):
        if number and listed[number - 1].label != label:
            last = None
        free = [
            place
            for place in places
            if ((label, place.start, place.end) not in taken if nested else tokens.isdisjoint(range(*place[:2])))
        ]
        place = next((place for place in free if last is None or _follows(place, last, nested)), (free or places)[0])
        chosen.append(place)
        taken.add((label, place.start, place.end))
        tokens.update(range(place.start, place.end))
        last = place
    return tuple(chosen)


def _fits(place: TokenRange, listed: Sequence[ListedText], chosen: Sequence[TokenRange], nested: bool) -> bool:
    """Return whether the next text can have a place, given the places of those before it."""
    number = len(chosen)
    if number and listed[number - 1].label == listed[number].label and not _follows(place, chosen[-1], nested):
        return False
    return not any(_clash(place, other, nested) for other in chosen)


def _follows(place: TokenRange, before: TokenRange, nested: bool) -> bool:
    """Return whether a place comes after another one in the order in which entities with one label are listed."""
    if nested:
        return (place.start, -place.end) > (before.start, -before.end)
    return place.start >= before.end


def _clash(one: TokenRange, other: TokenRange, nested: bool) -> bool:
    """Return whether entities at two places exclude each other. Equal places under one label are left to `_follows`."""
    if one.end <= other.start or other.end <= one.start:
        return False
    if not nested:
        return True
    inside = other.start <= one.start and one.end <= other.end
    return not (inside or (one.start <= other.start and other.end <= one.end))


def _ordered_domains(listed: Sequence[ListedText], nested: bool) -> list[list[TokenRange]]:
    """Return for each text the places that leave room for the texts before and after it under the same label."""
    domains: list[list[TokenRange]] = []
    before: TokenRange | None = None
    for number, (label, places) in enumerate(listed):
        if number and listed[number - 1].label != label:
            before = None
        found = [place for place in places if before is None or _follows(place, before, nested)]
        before = found[0] if found else before
        domains.append(found)
    after: TokenRange | None = None
    for number in range(len(listed) - 1, -1, -1):
        if number + 1 < len(listed) and listed[number + 1].label != listed[number].label:
            after = None
        found = [place for place in domains[number] if after is None or _follows(after, place, nested)]
        after = found[-1] if found else after
        domains[number] = found
    return domains
