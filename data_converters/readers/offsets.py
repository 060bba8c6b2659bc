"""Offsets in a text as tools count them: by characters or by UTF-16 units, with a line break of two characters as two or as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

Unit = Literal["code-points", "utf-16"]
Newlines = Literal["as-written", "one"]


class Counting(NamedTuple):
    r"""The way in which a tool counts the characters of a text. The fields are called as the keys of a card's `reader`.

    Attributes:
        offsets: Whether it counts code points, as Python does, or UTF-16 units, as JavaScript and Java do.
        newlines: Whether `\r\n` counts as the two characters that it is, or as one.
    """

    offsets: Unit = "code-points"
    newlines: Newlines = "as-written"

    def positions(self, text: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return, for each offset, the code points at which an entity with this offset begins and ends.

        The two differ between the two units of one character: an entity begins before the character, or ends after it. Both are as
        long as the text has offsets, with the one at its end.
        """
        in_units = self.offsets == "utf-16" and not text.isascii() and max(text) > "\uffff"
        joins = self.newlines == "one" and "\r\n" in text
        if not in_units and not joins:
            return range(len(text) + 1), range(len(text) + 1)
        starts: list[int] = []
        ends: list[int] = []
        before = ""
        for position, character in enumerate(text):
            if not (joins and before == "\r" and character == "\n"):
                starts.append(position)
                ends.append(position)
            if in_units and character > "\uffff":
                starts.append(position)
                ends.append(position + 1)
            before = character
        return [*starts, len(text)], [*ends, len(text)]

    def beside(self, other: Counting) -> str:
        """Return the keys of a card's `reader` that this way of counting has and another has not, as a card writes them."""
        return ", ".join(f"{key}: {own}" for key, own in self._asdict().items() if own != getattr(other, key))


COUNTINGS = tuple(Counting(unit, newlines) for unit in ("code-points", "utf-16") for newlines in ("as-written", "one"))
"""All ways of counting, the plainest first."""
