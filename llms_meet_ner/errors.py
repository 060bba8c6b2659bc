"""The one exception of this package, and the one place where its message is put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from .characters import escaped, shortened
from .masking import masked

_LINES = "\n\t"
"""Kept in a remedy alone: it may list files, one a line."""


class LmnError(Exception):
    """A mistake in what the user gave: a file, an option, a model. Commands print it as one line, without a traceback.

    Callers read the fields. The message is for people, and no code reads it back.

    Attributes:
        what: Description of the fault, quoting the value that was seen.
        where: File, file and line (`train.txt:12`) or name of the thing that is wrong; None if `what` says it.
        remedy: Advice for the user; None if there is none.
    """

    def __init__(self, what: str, where: object | None = None, remedy: str | None = None) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.remedy = remedy
        super().__init__(what, self.where, remedy)

    def __str__(self) -> str:
        """Return `where: what; remedy`, without the parts that are not given: safe to print, without secrets, and of bounded length."""
        place = f"{_shown(self.where, keep='')}: " if self.where else ""
        help_ = f"; {_shown(self.remedy, keep=_LINES)}" if self.remedy else ""
        return f"{place}{_shown(self.what)}{help_}"

    def at(self, where: object) -> Self:
        """Return the same error with another place."""
        return type(self)(self.what, where, self.remedy)

    def advising(self, more: str) -> Self:
        """Return the same error with more advice at its end."""
        return type(self)(self.what, self.where, f"{self.remedy}; {more}" if self.remedy else more)


def _shown(part: str, keep: str = "\t") -> str:
    """Return a part of a message as it is printed, in one line unless line breaks are kept."""
    return escaped(shortened(masked(part)), keep)


def install_command(extra: str) -> str:
    """Return the command that installs this package with one of its extras."""
    return f"pip install 'llms-meet-ner[{extra}]'"


def installing(extra: str) -> str:
    """Return the remedy for a missing package: how to install the extra that brings it."""
    return f"{install_command(extra)}, or pip install -e '.[{extra}]' in a checkout"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return names as a list in a message: `a, b, c`; of more than `most`, the first ones and how many are left."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
