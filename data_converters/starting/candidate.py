"""A guess at how files are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..readers import Docstart

_TAG = re.compile(r"O|[BIESULM][-_]\S.*|\S.*[-_][BIESULM]")
_MOST = 0.9


@dataclass(frozen=True, slots=True)
class Candidate:
    """A guess at how files are read.

    Attributes:
        reader: Keys of the card's `reader`; `scheme` is missing where a layout needs one and it is not guessed yet.
        why: Reason for the guess, in words.
        docstart: Treatment of `-DOCSTART-` lines.
        nested: Whether entities may lie inside entities.
        marked: Whether the files have marks that only one tool writes.
    """

    reader: dict[str, Any]
    why: str
    docstart: Docstart = "none"
    nested: bool = False
    marked: bool = False


def is_tag(value: object) -> bool:
    """Return whether a value looks like a tag with a prefix or suffix, or is O."""
    return isinstance(value, str) and bool(_TAG.fullmatch(value))


def are_tags(values: Iterable[object]) -> bool:
    """Return whether nearly all of some values look like tags, those that are not O in particular."""
    listed = list(values)
    found = [is_tag(value) for value in listed if value != "O"]
    return bool(listed) and sum(found) >= _MOST * len(found)


def are_bare_labels(values: Iterable[object]) -> bool:
    """Return whether some values look like tags without prefixes: few different ones, and O among the most frequent."""
    listed = list(values)
    different = set(map(str, listed))
    few = len(different) <= max(2, min(100, len(listed) // 5))
    return few and len(different) > 1 and listed.count("O") >= 0.3 * len(listed)
