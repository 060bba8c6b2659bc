"""The marks of an inline format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Mark(NamedTuple):
    """A mark in an output.

    Attributes:
        text: Text of the mark.
        label: Label in the mark, inside the label set or not; empty if it has none.
        opens: Whether it begins an entity; otherwise it ends one.
        literal: Whether it may be text of the sentence: the source has the same characters.
    """

    text: str
    label: str
    opens: bool
    literal: bool


@dataclass(frozen=True, slots=True)
class Markup:
    """Marks that an inline format writes before and after an entity.

    Attributes:
        openers: Opening mark by label, written right before the first token. Either all labels have the same, or each has its own.
        closers: Closing mark by label, written right after the last token.

    Raises:
        ValueError: The two have different labels, or only some of the openers are equal.
    """

    openers: dict[str, str]
    closers: dict[str, str]

    def __post_init__(self) -> None:
        if self.openers.keys() != self.closers.keys() or len(set(self.openers.values())) not in {1, len(self.openers)}:
            raise ValueError(f"not a markup: {self.openers!r}, {self.closers!r}")

    @property
    def opens_with_label(self) -> bool:
        """Whether the opening mark tells the label."""
        return len(set(self.openers.values())) == len(self.openers)
