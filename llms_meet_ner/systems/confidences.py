"""Minimum confidences, which need a system that gives confidences."""

from __future__ import annotations

from ..decoding.requests import CONSTRAINED
from ..errors import LmnError
from .system import System

OPTION = "--min-confidence"


def check_confidences(system: System) -> None:
    """Make sure that a system gives its entities confidences.

    Raises:
        LmnError: The system gives no confidences.
    """
    if not system.gives_confidences:
        raise LmnError(
            f"{system.name} gives no confidences", OPTION,
            f"leave it out, or use --decoding {CONSTRAINED} with the format bracketed or xml, here or on a server that lists "
            "probabilities (docs/serving.md)",
        )  # fmt: skip


def no_confidences(system: System, place: str) -> LmnError:
    """Return the error that a system, which should have, gave an entity no confidence.

    Args:
        system: The system.
        place: Beginning of the text that holds the entity.
    """
    return LmnError(
        f"{system.name} gave no confidences for {place!r}", OPTION,
        f"leave {OPTION} out, or start the server so that it lists probabilities (docs/serving.md)",
    )  # fmt: skip
