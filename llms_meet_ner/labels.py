"""Labels with their long names and definitions, in the order in which an instruction lists them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Literal

from .characters import harmful_in
from .errors import LmnError
from .typed_json import written_as

Operation = Literal["keep", "drop", "merge", "rename"]

OUTSIDE = "O"
"""The tag of a token outside of entities, which no label of a card is called."""
_LONGEST = 200
_LABEL_NAME = re.compile(r"(?!-)[^\s\[\]|<>{}\"]+(?<!-)")


@dataclass(frozen=True, slots=True)
class Label:
    """An entity type.

    Attributes:
        name: Tag in the corpus (`PER`). It holds no white space and none of `[ ] | < > { } "`, and has no dash at either end,
            because scorers cut tags at dashes. It has at most 200 characters.
        long: Name in words (`person`).
        definition: One line of prose for the model.

    Raises:
        ValueError: One of the above does not hold, or a text holds a control character, half a surrogate pair or a mark that reorders
            a line.
    """

    name: str
    long: str = ""
    definition: str = ""

    def __post_init__(self) -> None:
        if not _LABEL_NAME.fullmatch(self.name):
            raise ValueError(
                f'not a label name: {self.name!r} (it may not hold white space or any of [ ] | < > {{ }} ", nor begin or end with -)'
            )
        if len(self.name) > _LONGEST:
            raise ValueError(f"a label name of {len(self.name):,} characters; the most is {_LONGEST}")
        if "\n" in self.long or "\n" in self.definition:
            raise ValueError(f"label {self.name}: long name and definition are one line each")
        for text in (self.name, self.long, self.definition):
            if harmful := harmful_in(text.replace("\t", " ")):
                raise ValueError(
                    f"label {self.name!r}: holds {harmful}, which is no part of a name or of a line of prose"
                )


def writable_name(name: str, taken: Collection[str] = ()) -> str:
    """Return a name that a format can write, as close as possible to a label's name in the corpus files.

    Args:
        name: Label in the corpus files: `Disease or Syndrome`.
        taken: Names of other labels, which are not returned.

    Returns:
        The name itself if a label can have it, otherwise one such as `Disease_or_Syndrome`.
    """
    kept = "".join(" " if harmful_in(character) else character for character in name)
    words = re.sub(r'[\s\[\]|<>{}"]+', "_", kept).strip("-_")[: _LONGEST - 5].strip("-_")
    first = name if _is_writable(name) else words or "LABEL"
    numbered = (first if number == 1 else f"{first}_{number}" for number in count(1))
    return next(new for new in numbered if new not in taken and new != OUTSIDE)


def _is_writable(name: str) -> bool:
    try:
        Label(name)
    except ValueError:
        return False
    return True


class LabelChangeError(LmnError):
    """A label set cannot be changed as asked. Its place is the operation that fails, such as `merge`."""

    @property
    def operation(self) -> str:
        """Operation that fails."""
        return str(self.where)


@dataclass(frozen=True)
class LabelSet:
    """An ordered set of labels, with what each label of the corpus files counts as.

    Attributes:
        labels: Labels that a model is asked for, in the order in which an instruction lists them.
        origins: Every label that may occur in the corpus files, with the label of this set that it counts as, or None if it
            counts as O. Empty where the files hold exactly the labels of this set.

    Raises:
        ValueError: There is no label, two labels have the same name, or an origin leads to a label outside the set.
    """

    labels: tuple[Label, ...]
    origins: tuple[tuple[str, str | None], ...] = ()

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("a label set needs at least one label")
        if len(self._known) < len(self.labels):
            twice = Counter(self.names).most_common(1)[0][0]
            raise ValueError(f"label {twice} is listed twice in the label set")
        for origin, target in self.origins:
            if harmful := harmful_in(origin):
                raise ValueError(f"label {origin!r} of the corpus: holds {harmful}")
            if target is not None and target not in self._known:
                raise ValueError(f"label {origin} counts as {target}, which is not in the label set")
        if len(self._targets) < len(self.origins):
            raise ValueError(f"a label has two targets: {self.origins!r}")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The label names, in order."""
        return tuple(label.name for label in self.labels)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def _targets(self) -> dict[str, str | None]:
        return dict(self.origins)

    @cached_property
    def corpus_names(self) -> tuple[str, ...]:
        """The labels that may occur in the corpus files."""
        return tuple(self._targets) or self.names

    @cached_property
    def is_changed(self) -> bool:
        """Whether any label of the corpus counts as another label or as O."""
        return any(origin != target for origin, target in self.origins)

    def target_of(self, name: str) -> str | None:
        """Return the label that a label of the corpus counts as; None for O.

        Raises:
            KeyError: The corpus has no such label.
        """
        if name in self._targets:
            return self._targets[name]
        if self.origins or name not in self._known:
            raise KeyError(name)
        return name

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def counted_as(self, other: LabelSet) -> dict[str, str | None]:
        """Return what each label of this set counts as in another set for the same corpus files; None for O.

        Raises:
            KeyError: The other set is for a corpus with other labels.
        """
        named = [(name, self.target_of(name)) for name in self.corpus_names]
        return {own: other.target_of(name) for name, own in named if own is not None}

    def changed(
        self,
        *,
        keep: Iterable[str] = (),
        drop: Iterable[str] = (),
        merge: Mapping[str, Iterable[str]] | None = None,
        rename: Mapping[str, str] | None = None,
    ) -> LabelSet:
        """Return the set with some labels dropped, merged or renamed, in the same order.

        A label is named as the set calls it, or as the corpus files do where that is another name.
        `keep` and `drop` come first, then `merge`, both with the names that the labels have now; `rename` comes last. A merged label
        takes the place, long name and definition of the first label merged into it. A renamed label keeps its own.

        Args:
            keep: Labels to keep; all others count as O. Empty keeps all.
            drop: Labels that count as O.
            merge: Labels that count as one, by the name of that one. It may be a new name.
            rename: New names by old ones.

        Raises:
            LabelChangeError: A change names a label that is not in the set, or no longer when its turn comes; a label is merged
                twice, or renamed to the name of another; no label is left; or a new name cannot be a label's.
        """
        left = set(self._own_names("keep", keep)) or set(self.names)
        left -= set(self._own_names("drop", drop))
        if not left:
            raise LabelChangeError("no label is left", "drop", "drop fewer labels")
        target: dict[str, str] = {name: name for name in self.names if name in left}
        merged = {new: self._as_called(olds, target) for new, olds in (merge or {}).items()}
        named = [old for olds in merged.values() for old in olds]
        if twice := [name for name in named if named.count(name) > 1]:
            raise LabelChangeError(f"{twice[0]} is listed twice", "merge", "a label has one target")
        for new, olds in merged.items():
            for old in olds:
                if target.get(old) is None:
                    raise _unknown_label("merge", old, target)
                target[old] = _new_name("merge", new)
        new_names = {self._as_called([old], target.values())[0]: new for old, new in (rename or {}).items()}
        for old, new in new_names.items():
            if old == new and old in target.values():
                continue
            if old not in target.values():
                raise _unknown_label("rename", old, target.values())
            if new in target.values():
                raise LabelChangeError(
                    f"{old} cannot be called {new}: there is a label of that name", "rename", "merge them"
                )
            _new_name("rename", new)
        final = {name: new_names.get(to, to) for name, to in target.items()}
        by_name = {label.name: label for label in self.labels}
        labels: dict[str, Label] = {}
        for name, to in target.items():
            source = by_name.get(to, by_name[name])
            labels.setdefault(final[name], replace(source, name=final[name]))
        return LabelSet(
            tuple(labels.values()),
            tuple((origin, None if to is None else final.get(to)) for origin, to in self._all_origins()),
        )

    def lettered(self, *, definitions: bool) -> LabelSet:
        """Return the set with its labels called A, B, C, ... (AA comes after Z) and without long names.

        Args:
            definitions: Whether the labels keep their definitions.
        """
        letters = {label.name: _letters(number) for number, label in enumerate(self.labels)}
        return LabelSet(
            tuple(Label(letters[label.name], "", label.definition if definitions else "") for label in self.labels),
            tuple((origin, None if to is None else letters[to]) for origin, to in self._all_origins()),
        )

    def _all_origins(self) -> tuple[tuple[str, str | None], ...]:
        return self.origins or tuple((name, name) for name in self.names)

    def _own_names(self, operation: Operation, names: Iterable[str]) -> list[str]:
        """Return names of labels as the set calls them. A label of the corpus that counts as O already can be dropped again."""
        called = self._as_called(names, self._known)
        for name in called:
            if name not in self._known and not (operation == "drop" and name in self._targets):
                raise _unknown_label(operation, name, self.names)
        return called

    def _as_called(self, names: Iterable[str], known: Collection[str]) -> list[str]:
        """Return labels as the set calls them, where they are named as the corpus files do; two names of one label become one."""
        given = list(names)
        called = [name if name in known else self._targets.get(name) or name for name in given]
        return called if len(set(given)) < len(given) else list(dict.fromkeys(called))

    @classmethod
    def of(cls, *names: str) -> LabelSet:
        """Make a label set of bare names: `LabelSet.of("PER", "LOC")`."""
        return cls(tuple(Label(name) for name in names))


written_as(Label, "name long? definition?")
written_as(LabelSet, "labels label_origins=:origins?")


def _unknown_label(operation: Operation, name: str, known: Iterable[str]) -> LabelChangeError:
    """Return the error for a change that names a label which is not there when the change is made."""
    return LabelChangeError(f"there is no label {name}", operation, f"there are: {', '.join(dict.fromkeys(known))}")


def _new_name(operation: Operation, name: str) -> str:
    """Return a new name of a label.

    Raises:
        LabelChangeError: A label cannot have this name.
    """
    if name == OUTSIDE:
        raise LabelChangeError(f"no label is called {OUTSIDE}", operation, "drop what is to count as O")
    try:
        return Label(name).name
    except ValueError as error:
        raise LabelChangeError(str(error), operation, "choose another name") from error


def same_labels(one: LabelSet, other: LabelSet) -> bool:
    """Return whether two sets hold the same labels, in any order, and each label of the corpus counts as the same one in both."""
    if set(one.names) != set(other.names) or set(one.corpus_names) != set(other.corpus_names):
        return False
    return all(one.target_of(name) == other.target_of(name) for name in one.corpus_names)


def describe_origins(origins: Mapping[str, str | None]) -> str:
    """Return the labels that count as others, as text: `LOCderiv -> LOC, OTH -> O`. Empty where all count as themselves."""
    return ", ".join(f"{origin} -> {target or 'O'}" for origin, target in origins.items() if origin != target)


def _letters(number: int) -> str:
    """Return A for 0, Z for 25, AA for 26, as spreadsheets name columns."""
    name = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        name = chr(ord("A") + digit) + name
    return name
