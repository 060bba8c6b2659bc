"""Options that keep, drop, merge and rename a card's labels, for every command that reads a corpus."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import cloup

from ...cli.options import catch_errors
from ...errors import LmnError
from ...formats import format_names
from ...formats.instructions import VARIANTS
from ..label_change import LabelChange

R = TypeVar("R")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TAKEN_NAME = re.compile(r"system|aug\d.*")


def labels_mark(name: str | None, change: LabelChange) -> str:
    """Return the part of a data set's name that tells the changed labels: the user's name for them, or the change's own mark.

    Raises:
        LmnError: The name has other characters than names of data sets, it is reserved there, or no label changes.
    """
    if name is None:
        return change.mark
    if not change:
        raise LmnError(
            "none of --keep, --drop, --merge and --rename is given",
            f"--as {name}",
            "--as names the labels that these options make",
        )
    if not _NAME.fullmatch(name):
        raise LmnError("letters, digits, _ and -, as in the names of data sets and files", f"--as {name!r}")
    if name in (*VARIANTS, *format_names()) or _TAKEN_NAME.fullmatch(name):
        raise LmnError("this word is reserved in data set names", f"--as {name}", "choose another")
    return name


def label_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add `--keep`, `--drop`, `--merge` and `--rename`, handed over as `change` (LabelChange)."""

    @cloup.option_group(
        "Labels",
        cloup.option("--keep", metavar="LABEL,...", help="Labels to keep; all others count as O."),
        cloup.option("--drop", metavar="LABEL,...", help="Labels that count as O."),
        cloup.option(
            "--merge", multiple=True, metavar="NEW=LABEL,...", help="Labels that count as one; may be repeated."
        ),
        cloup.option("--rename", multiple=True, metavar="OLD=NEW", help="New name for a label; may be repeated."),
    )
    @wraps(command)
    def wrapped(
        *args: Any, keep: str | None, drop: str | None, merge: tuple[str, ...], rename: tuple[str, ...], **kwargs: Any
    ) -> R:
        change = LabelChange(
            keep=_names("--keep", keep),
            drop=_names("--drop", drop),
            merge=tuple((new, _names("--merge", olds)) for new, olds in (_pair("--merge", text) for text in merge)),
            rename=tuple(_pair("--rename", text) for text in rename),
        )
        return command(*args, change=change, **kwargs)

    return catch_errors(wrapped)


def _names(option: str, text: str | None) -> tuple[str, ...]:
    """Split the list that an option gives at its commas."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if "" in names:
        raise LmnError("a label is missing", f"{option} {text!r}", "write labels with commas between them, as PER,ORG")
    return tuple(dict.fromkeys(names))


def _pair(option: str, text: str) -> tuple[str, str]:
    left, equals, right = (part.strip() for part in text.partition("="))
    if not (left and equals and right):
        shape = "NEW=LABEL,LABEL" if option == "--merge" else "OLD=NEW"
        raise LmnError(f"write {option} {shape}", f"{option} {text!r}")
    return left, right
