"""Where listed texts that name no position stand in a sentence: every way to put them on it, the leftmost one first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .lookup import TokenRange

_MAX_CHECKS = 200_000
"""Pairs of entities that are looked at; a search that needs more is given up."""


class TooManyAssignmentsError(Exception):
    """The search was given up: more steps than are worth taking."""


class ListedText(NamedTuple):
    """A listed entity: its label, and the places where its text stands, from left to right."""

    label: str
    places: tuple[TokenRange, ...]


def assignments(listed: Sequence[ListedText], *, nested: bool) -> Iterator[tuple[TokenRange, ...]]:
    """Yield every way in which all the entities can stand together and, under each label, in the order in which they are listed.

    The first one is the leftmost: the first entity at the first place that any such way has for it, and so on.

    Args:
        listed: entities, those with one label next to each other.
        nested: whether entities may lie inside entities.

    Yields:
        One place an entity.

    Raises:
        TooManyAssignmentsError: the entities stand in each other's way so often that the search would go on and on.
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
    """Put entities on a sentence that cannot all stand there as they are listed.

    Each takes the first place that is free and right of the one before it under the same label, else the first that is free, else
    the first of all, where it is in another's way. In a flat format a place is free where no token is taken, in a nested one where
    no entity with the same label takes exactly this one.
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
    """Whether the next entity can stand at a place, the ones before it being where they were put."""
    number = len(chosen)
    if number and listed[number - 1].label == listed[number].label and not _follows(place, chosen[-1], nested):
        return False
    return not any(_clash(place, other, nested) for other in chosen)


def _follows(place: TokenRange, before: TokenRange, nested: bool) -> bool:
    """Whether a place comes after another in the order in which entities with one label are listed."""
    if nested:
        return (place.start, -place.end) > (before.start, -before.end)
    return place.start >= before.end


def _clash(one: TokenRange, other: TokenRange, nested: bool) -> bool:
    """Whether entities at two places cannot stand together; two with one label at the same place are left to `_follows`."""
    if one.end <= other.start or other.end <= one.start:
        return False
    if not nested:
        return True
    inside = other.start <= one.start and one.end <= other.end
    return not (inside or (one.start <= other.start and other.end <= one.end))


def _ordered_domains(listed: Sequence[ListedText], nested: bool) -> list[list[TokenRange]]:
    """Return for each entity the places that leave room for those listed before and after it under the same label."""
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
