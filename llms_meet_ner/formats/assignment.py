"""Puts texts that name no position on a sentence: every way to do it, the leftmost one first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple, Protocol

from .lookup import TokenRange

_MAX_STEPS = 200_000
"""Steps that the search may take in vain, in a short sentence, before it gives up. To try a place is a step, or some for a long one."""
_TOKENS_A_STEP = 25
_start_of = attrgetter("start")


class TooManyAssignmentsError(Exception):
    """The search gave up: it would take too many steps."""


class ListedText(NamedTuple):
    """A text that an output lists as an entity.

    Attributes:
        label: Label under which it is listed.
        places: Places where the text is in the sentence, from left to right.
    """

    label: str
    places: Sequence[TokenRange]


class _Domain(NamedTuple):
    """The places of a text that leave room for the texts before and after it under the same label.

    Attributes:
        places: All places of the text.
        first: Number of the first place in the domain.
        last: Number of the last one.
        before: Place that those of the domain follow, or None.
        after: Place that follows those of the domain, or None.
        continues: Whether the previous text has the same label.
    """

    places: Sequence[TokenRange]
    first: int
    last: int
    before: TokenRange | None
    after: TokenRange | None
    continues: bool

    def has(self, place: TokenRange, chosen: Sequence[TokenRange], nested: bool) -> bool:
        """Return whether a place between the first and the last one can be had, after the places chosen so far."""
        before, after = self.before, self.after
        return (
            (before is None or _follows(place, before, nested))
            and (after is None or _follows(after, place, nested))
            and not (self.continues and chosen and not _follows(place, chosen[-1], nested))
        )


class _Sentence(Protocol):
    """The places that are taken in a sentence."""

    def fits(self, place: TokenRange) -> bool:
        """Return whether a place can coexist with all that are taken."""
        ...

    def take(self, place: TokenRange) -> None:
        """Take a place that fits."""
        ...

    def give_back(self, place: TokenRange) -> None:
        """Give back the place that was taken last."""
        ...


class _FlatSentence:
    """A sentence whose tokens belong to one place at most."""

    def __init__(self, length: int) -> None:
        self._taken = bytearray(length)

    def fits(self, place: TokenRange) -> bool:
        return self._taken.find(1, place.start, place.end) < 0

    def take(self, place: TokenRange) -> None:
        self._taken[place.start : place.end] = b"\1" * (place.end - place.start)

    def give_back(self, place: TokenRange) -> None:
        self._taken[place.start : place.end] = bytes(place.end - place.start)


class _NestedSentence:
    """A sentence whose places may lie inside each other, but not cross.

    Of the places around a point between two tokens, it keeps the least end and the greatest start. A new place crosses one of
    them if it begins at the point and ends after the least end, or ends at the point and begins before the greatest start.
    """

    def __init__(self, length: int) -> None:
        self._ends = [length + 1] * (length + 1)
        self._starts = [-1] * (length + 1)
        self._before: list[tuple[list[int], list[int]]] = []

    def fits(self, place: TokenRange) -> bool:
        return self._ends[place.start] >= place.end and self._starts[place.end] <= place.start

    def take(self, place: TokenRange) -> None:
        start, end = place.start, place.end
        points = slice(start + 1, end)
        ends, starts = self._ends[points], self._starts[points]
        self._before.append((ends, starts))
        self._ends[points] = [min(least, end) for least in ends]
        self._starts[points] = [max(greatest, start) for greatest in starts]

    def give_back(self, place: TokenRange) -> None:
        points = slice(place.start + 1, place.end)
        self._ends[points], self._starts[points] = self._before.pop()


def assignments(listed: Sequence[ListedText], *, nested: bool) -> Iterator[tuple[TokenRange, ...]]:
    """Yield every way to give each text a place so that all places can coexist and the texts of each label keep their order.

    The first one yielded is the leftmost: the first text has the first place that any of these ways gives it, and so on.
    Where no text has to go back for a later one, the time to find it grows linearly with the texts.

    Args:
        listed: Texts; those with the same label are next to each other.
        nested: Whether entities may lie inside entities.

    Yields:
        One place for each text.

    Raises:
        TooManyAssignmentsError: The texts exclude each other so often that the search would take too many steps.
    """
    domains = _domains(listed, nested)
    if domains is None:
        return
    length = max((place.end for places in _distinct(listed) for place in places), default=0)
    sentence: _Sentence = _NestedSentence(length) if nested else _FlatSentence(length)
    left = _MAX_STEPS + 10 * length + sum(_steps(domain.places[domain.first]) for domain in domains)
    chosen: list[TokenRange] = []
    cursors = [domains[0].first if domains else 0]
    while cursors:
        number = len(cursors) - 1
        if number == len(domains):
            yield tuple(chosen)
        elif cursors[number] <= domains[number].last:
            domain = domains[number]
            place = domain.places[cursors[number]]
            cursors[number] += 1
            left -= _steps(place)
            if left < 0:
                raise TooManyAssignmentsError
            if domain.has(place, chosen, nested) and sentence.fits(place):
                sentence.take(place)
                chosen.append(place)
                cursors.append(_first_cursor(domains, number + 1, place, nested))
            continue
        cursors.pop()
        if chosen:
            sentence.give_back(chosen.pop())


def assign_loosely(listed: Sequence[ListedText], *, nested: bool) -> tuple[TokenRange, ...]:
    """Give each text a place although not all of them can coexist in their order; some will overlap.

    Each text takes the first free place to the right of the previous text with its label. Without one, it takes the first
    free place, or else its first place. In a flat format a place is free if none of its tokens is taken; in a
    nested format, if no text with the same label has exactly this place.
    """
    chosen: list[TokenRange] = []
    tokens = _FlatSentence(max((place.end for places in _distinct(listed) for place in places), default=0))
    taken: set[tuple[str, int, int]] = set()
    free: dict[tuple[str, int], _FreePlaces] = {}
    last: TokenRange | None = None
    for number, (label, places) in enumerate(listed):
        if number and listed[number - 1].label != label:
            last = None
        key = (label if nested else "", id(places))
        if key not in free:
            free[key] = _FreePlaces(places, partial(_is_new, taken, label) if nested else tokens.fits)
        place = free[key].following(last, nested) or free[key].at(0) or places[0]
        chosen.append(place)
        if nested:
            taken.add((label, place.start, place.end))
        else:
            tokens.take(place)
        last = place
    return tuple(chosen)


class _FreePlaces:
    """Those places of a text that are still free; one that is taken is never free again.

    A taken place is skipped once: from then on its number leads to the next one that may be free.
    """

    def __init__(self, places: Sequence[TokenRange], is_free: Callable[[TokenRange], bool]) -> None:
        self._places = places
        self._is_free = is_free
        self._next: dict[int, int] = {}

    def at(self, number: int) -> TokenRange | None:
        """Return the first free place from a number on."""
        number = self._number(number)
        return self._places[number] if number < len(self._places) else None

    def following(self, last: TokenRange | None, nested: bool) -> TokenRange | None:
        """Return the first free place that comes after another one; None for any place."""
        if last is None:
            return self.at(0)
        number = self._number(_first_after(self._places, last, nested))
        while number < len(self._places) and not _follows(self._places[number], last, nested):
            number = self._number(number + 1)
        return self._places[number] if number < len(self._places) else None

    def _number(self, number: int) -> int:
        passed = []
        while number < len(self._places):
            if number not in self._next:
                if self._is_free(self._places[number]):
                    break
                self._next[number] = number + 1
            passed.append(number)
            number = self._next[number]
        for other in passed:
            self._next[other] = number
        return number


def _is_new(taken: set[tuple[str, int, int]], label: str, place: TokenRange) -> bool:
    return (label, place.start, place.end) not in taken


def _distinct(listed: Sequence[ListedText]) -> Iterable[Sequence[TokenRange]]:
    """Return the places of the texts; texts that share theirs count once."""
    return {id(text.places): text.places for text in listed}.values()


def _steps(place: TokenRange) -> int:
    """Return how many steps it takes to try a place."""
    return 1 + (place.end - place.start) // _TOKENS_A_STEP


def _follows(place: TokenRange, before: TokenRange, nested: bool) -> bool:
    """Return whether a place comes after another one in the order in which entities with one label are listed."""
    if nested:
        return (place.start, -place.end) > (before.start, -before.end)
    return place.start >= before.end


def _first_after(places: Sequence[TokenRange], before: TokenRange, nested: bool) -> int:
    """Return a number below which no place comes after another one; from it on, nearly all do."""
    return bisect_left(places, before.start if nested else before.end, key=_start_of)


def _first_cursor(domains: Sequence[_Domain], number: int, before: TokenRange, nested: bool) -> int:
    """Return the first number to try for a text, if the text before it has a place."""
    if number == len(domains):
        return 0
    domain = domains[number]
    return max(domain.first, _first_after(domain.places, before, nested)) if domain.continues else domain.first


def _domains(listed: Sequence[ListedText], nested: bool) -> list[_Domain] | None:
    """Return for each text the places that leave room for the texts before and after it under the same label.

    If a text has none, return None.
    """
    firsts: list[int] = []
    befores: list[TokenRange | None] = []
    before: TokenRange | None = None
    for number, (label, places) in enumerate(listed):
        if number and listed[number - 1].label != label:
            before = None
        first = 0 if before is None else _first_after(places, before, nested)
        while before is not None and first < len(places) and not _follows(places[first], before, nested):
            first += 1
        if first == len(places):
            return None
        firsts.append(first)
        befores.append(before)
        before = places[first]
    domains: list[_Domain] = []
    after: TokenRange | None = None
    for number in range(len(listed) - 1, -1, -1):
        label, places = listed[number]
        if number + 1 < len(listed) and listed[number + 1].label != label:
            after = None
        continues = number > 0 and listed[number - 1].label == label
        domain = _Domain(places, firsts[number], len(places) - 1, befores[number], after, continues)
        last = len(places) if after is None else bisect_right(places, after.start, key=_start_of)
        last -= 1
        while last >= domain.first and not domain.has(places[last], (), nested):
            last -= 1
        if last < domain.first:
            return None
        domains.append(domain._replace(last=last))
        after = places[last]
    return domains[::-1]
