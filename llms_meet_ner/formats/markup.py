"""The marks of a format that writes entities into the sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Markup:
    """What stands before and after an entity's text.

    Attributes:
        openers: by label, written right before its first token: the same for all labels, or another for each.
        closers: by label, written right after its last token.

    Raises:
        ValueError: the labels of the two differ, or some openers are the same and others not.
    """

    openers: dict[str, str]
    closers: dict[str, str]

    def __post_init__(self) -> None:
        if self.openers.keys() != self.closers.keys() or len(set(self.openers.values())) not in {1, len(self.openers)}:
            raise ValueError(f"not a markup: {self.openers!r}, {self.closers!r}")

    @property
    def opens_with_label(self) -> bool:
        """Whether the opener tells the label."""
        return len(set(self.openers.values())) == len(self.openers)
