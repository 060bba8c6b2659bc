"""Label work on the command line: keep, drop, merge and rename a card's labels, for every command that reads a corpus."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from ...cli.options import catch_errors
from ...errors import LmnError
from ...formats import format_names
from ...formats.instructions import VARIANTS
from ...labels import LabelSet
from ..cards import Card

R = TypeVar("R")
_ODD = re.compile(r"[^-.\w]+")
_PLAIN = re.compile(r"\w+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TAKEN_NAME = re.compile(r"system|aug\d.*")
_LONGEST_MARK = 40


@dataclass(frozen=True, slots=True)
class LabelChange:
    """What is to become of the labels of a card. Its order: keep and drop, then merge, then rename, as `LabelSet.changed` says.

    Attributes:
        keep: labels to keep, all others count as O; empty keeps all.
        drop: labels that count as O.
        merge: pairs of a label, new or not, and those that count as it.
        rename: pairs of an old and a new name.

    Raises:
        LmnError: a label is merged into two others, or renamed twice, or two are renamed to one.
    """

    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    merge: tuple[tuple[str, tuple[str, ...]], ...] = ()
    rename: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        merged = [old for _, olds in self.merge for old in olds]
        for option, names in (("--merge", merged), ("--rename", [old for old, _ in self.rename])):
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise LmnError(f"{option}: {twice[0]} stands there twice; a label has one target")
        new_names = [new for _, new in self.rename]
        if len(set(new_names)) < len(new_names):
            raise LmnError(
                f"--rename: two labels cannot have one name ({', '.join(new_names)}); --merge makes one of them"
            )
        if len(new := {new for new, _ in self.merge}) < len(self.merge):
            raise LmnError(f"--merge: give all labels that count as one in one list ({', '.join(sorted(new))})")

    def __bool__(self) -> bool:
        """Whether anything is to change."""
        return bool(self.keep or self.drop or self.merge or self.rename)

    def of(self, card: Card) -> Card:
        """Return the card with the labels changed: what is read by it, and what is asked for with it, has those.

        Raises:
            LmnError: a label is named that the card does not have (the message lists those it has), or none is left.
        """
        if not self:
            return card
        try:
            changed = card.labels.changed(
                keep=self.keep, drop=self.drop, merge=dict(self.merge), rename=dict(self.rename)
            )
        except ValueError as error:
            option = str(error).partition(":")[0]
            told = f"--{error}" if option in ("keep", "drop", "merge", "rename") else f"changed labels: {error}"
            raise LmnError(told) from error
        return card.with_labels(changed)

    @property
    def mark(self) -> str:
        """What tells the change in the name of a data set: `keep-PER-ORG`; cut, with a hash of the whole, where it is long or odd."""
        words = [("keep", *self.keep)] if self.keep else []
        words += [("drop", *self.drop)] if self.drop else []
        words += [("merge", new, *olds) for new, olds in self.merge]
        words += [("rename", old, new) for old, new in self.rename]
        mark = ".".join("-".join(part) for part in words)
        if len(mark) <= _LONGEST_MARK and all(_PLAIN.fullmatch(word) for part in words for word in part):
            return mark
        sha1 = hashlib.sha1(repr(words).encode(), usedforsecurity=False).hexdigest()[:8]
        start = _ODD.sub("_", mark)[: _LONGEST_MARK - 9].rstrip(".-")
        return f"{start}-{sha1}"


def same_labels(one: LabelSet, other: LabelSet) -> bool:
    """Whether two label sets ask for the same labels and read each label of the corpus alike, whatever the order."""
    if set(one.names) != set(other.names) or set(one.corpus_names) != set(other.corpus_names):
        return False
    return all(one.target_of(name) == other.target_of(name) for name in one.corpus_names)


def variant_name(name: str | None, change: LabelChange) -> str:
    """Return the mark of changed labels in the name of a data set: the name that the user gives, or that of the change.

    Raises:
        LmnError: the name is not one, stands for something else, or there is nothing to name.
    """
    if name is None:
        return change.mark
    if not change:
        raise LmnError("--as names what --keep, --drop, --merge and --rename make of a corpus; none of them is given")
    if not _NAME.fullmatch(name):
        raise LmnError(f"--as {name!r}: letters, digits, _ and -, as it stands in names of data sets and files")
    if name in (*VARIANTS, *format_names()) or _TAKEN_NAME.fullmatch(name):
        raise LmnError(f"--as {name}: in the name of a data set that stands for something else; take another name")
    return name


def label_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add `--keep`, `--drop`, `--merge` and `--rename`, handed over as `change` (LabelChange)."""

    @click.option("--keep", metavar="LABEL,...", help="Labels to keep; all others count as O.")
    @click.option("--drop", metavar="LABEL,...", help="Labels that count as O.")
    @click.option(
        "--merge", multiple=True, metavar="NEW=LABEL,...", help="Labels that count as one; may be given again."
    )
    @click.option("--rename", multiple=True, metavar="OLD=NEW", help="Another name for a label; may be given again.")
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
    """Split what an option lists at its commas."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if "" in names:
        raise LmnError(f"{option} {text!r}: a label is missing; write labels with commas between them, as PER,ORG")
    return tuple(dict.fromkeys(names))


def _pair(option: str, text: str) -> tuple[str, str]:
    left, equals, right = (part.strip() for part in text.partition("="))
    if not (left and equals and right):
        shape = "NEW=LABEL,LABEL" if option == "--merge" else "OLD=NEW"
        raise LmnError(f"{option} {text!r}: write {option} {shape}")
    return left, right
