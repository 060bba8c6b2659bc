"""The marks of a format that writes entities into the sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Markup:
    """What stands before and after an entity's text.

    Attributes:
        opener: written right before its first token.
        closers: by label, written right after its last token.
    """

    opener: str
    closers: dict[str, str]
