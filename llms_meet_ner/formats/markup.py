"""The marks of an inline format."""

from __future__ import annotations

from dataclasses import dataclass


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
