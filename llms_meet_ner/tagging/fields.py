"""Errors of fields: of the text, and of the entities beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import LmnError, listed


def check_free(name: str, columns: Iterable[str], where: object) -> None:
    """Make sure that no field has the name of the entities.

    Raises:
        LmnError: One has.
    """
    if name in columns:
        raise LmnError(
            f"has a field {name!r} already", where, f"name another for the entities: --entities-field lmn_{name}"
        )


def no_field(name: str, columns: Sequence[str], where: object) -> LmnError:
    """Return the error that a file or a record has no field of a name."""
    there = f"it has: {listed(list(columns), 12)}" if columns else "it has none"
    return LmnError(f"no field {name!r}; {there}", where, "--field NAME names the field with the text")


def not_a_text(value: Any, name: str, where: object) -> LmnError:
    """Return the error that a field holds no text."""
    what = "null" if value is None else f"{type(value).__name__}, not a text: {value!r:.40}"
    return LmnError(f"field {name!r} is {what}", where, "--on-error skip leaves such records out")
