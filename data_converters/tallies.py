"""Counts of numbers with their first places, for what shows only when a whole file has been read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from ..sentence import Where

MAX_PLACES = 1000
"""Number of places that are kept for each number."""
_LONGEST_NAME = 200


@dataclass(slots=True)
class Tally:
    """Numbers of one kind, such as lengths of sentences, with the first places of each number. Memory holds no more than that.

    Attributes:
        counts: How often each number was seen.
        places: For each number, its first places: where, and a text that names what has it.
        full: A number with as many places as are kept, which needs no `add` but only its count; -1 for none.
    """

    counts: Counter[int] = field(default_factory=Counter)
    places: dict[int, list[tuple[Where, str]]] = field(default_factory=dict)
    full: int = -1

    def add(self, number: int, file: str, line: int, name: str, times: int = 1) -> None:
        """Count a number.

        Args:
            number: The number.
            file: File in which it was seen.
            line: Line, from 1.
            name: What has the number; of a text of several lines, the first one is kept.
            times: How often it was seen, from that line on.
        """
        self.counts[number] += times
        places = self.places.setdefault(number, [])
        if len(places) < MAX_PLACES:
            places.append((Where(file, line), name[:_LONGEST_NAME].partition("\n")[0]))
        else:
            self.full = number

    def median(self) -> int:
        """Return the lower median of the numbers; 0 if there are none."""
        left = (self.counts.total() + 1) // 2
        for number in sorted(self.counts):
            left -= self.counts[number]
            if left <= 0:
                return number
        return 0

    def mode(self) -> int:
        """Return the number that was seen most often, of several the smallest; 0 if there are none."""
        return max(self.counts, key=lambda number: (self.counts[number], -number), default=0)

    def of(self, numbers: Collection[int]) -> list[tuple[Where, str, int]]:
        """Return the first places of some numbers in the order of the file: where, the text that names it, the number."""
        found = [(where, name, number) for number in numbers for where, name in self.places.get(number, ())]
        return sorted(found, key=lambda place: place[0].line)
