"""Changes to the labels of a card that a command makes: keep, drop, merge and rename."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ..errors import LmnError
from ..labels import LabelChangeError
from .cards import Card

_ODD = re.compile(r"[^-.\w]+")
_PLAIN = re.compile(r"\w+")
_LONGEST_MARK = 40


@dataclass(frozen=True, slots=True)
class LabelChange:
    """Change of a card's labels by a command: first keep and drop, then merge, then rename, as `LabelSet.changed` does.

    Attributes:
        keep: Labels to keep; all others count as O. Empty keeps all.
        drop: Labels that count as O.
        merge: Pairs of a label, new or not, and the labels that count as it.
        rename: Pairs of an old and a new name.

    Raises:
        LmnError: A label is merged twice or renamed twice, or two labels get the same name.
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
                raise LmnError(f"{twice[0]} is listed twice", option, "a label has one target")
        new_names = [new for _, new in self.rename]
        if len(set(new_names)) < len(new_names):
            raise LmnError(
                f"two labels cannot have one name ({', '.join(new_names)})", "--rename", "--merge makes one of them"
            )
        if len(new := {new for new, _ in self.merge}) < len(self.merge):
            raise LmnError(f"give all labels that count as one in one list ({', '.join(sorted(new))})", "--merge")

    def __bool__(self) -> bool:
        """Return whether anything changes."""
        return bool(self.keep or self.drop or self.merge or self.rename)

    def of(self, card: Card) -> Card:
        """Return the card with the labels changed. Its sentences are read with them, and its instruction asks for them.

        Raises:
            LmnError: As `LabelSet.changed`; the place is the option.
        """
        if not self:
            return card
        try:
            changed = card.labels.changed(
                keep=self.keep, drop=self.drop, merge=dict(self.merge), rename=dict(self.rename)
            )
        except LabelChangeError as error:
            raise error.at(f"--{error.operation}") from error
        return card.with_labels(changed)

    @property
    def mark(self) -> str:
        """The part of a data set's name that tells the change: `keep-PER-ORG`. A long or odd one is cut and ends in a hash of the whole."""
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
