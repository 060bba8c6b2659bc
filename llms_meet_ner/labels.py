"""Labels with their long names and definitions, in the order in which an instruction lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

_LABEL_NAME = re.compile(r"(?!-)[^\s\[\]|<>{}\"]+(?<!-)")


@dataclass(frozen=True, slots=True)
class Label:
    """An entity type.

    Attributes:
        name: the tag in the corpus (`PER`): no white space, none of `[ ] | < > { } "`, no dash at either end (scorers cut
            tags at dashes).
        long: the name in words (`person`).
        definition: one line of prose for the model.
    """

    name: str
    long: str = ""
    definition: str = ""

    def __post_init__(self) -> None:
        if not _LABEL_NAME.fullmatch(self.name):
            raise ValueError(
                f'not a label name: {self.name!r} (it may not hold white space or any of [ ] | < > {{ }} ", nor begin or end with -)'
            )
        if "\n" in self.long or "\n" in self.definition:
            raise ValueError(f"label {self.name}: long name and definition are one line each")


class UnknownLabelError(ValueError):
    """A label is named that is not there."""


@dataclass(frozen=True)
class LabelSet:
    """An ordered set of labels, and what becomes of a corpus's own labels in it.

    Attributes:
        labels: that a model is asked for, in the order in which an instruction lists them.
        origins: every label that may stand in the corpus's files, with the label of this set that it counts as, or None where it
            counts as O. Empty where the files hold these labels and no others.

    Raises:
        ValueError: no label at all, two of one name, or an origin that leads to a label that is not in the set.
    """

    labels: tuple[Label, ...]
    origins: tuple[tuple[str, str | None], ...] = ()

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("a label set needs at least one label")
        twice = [name for name in self.names if self.names.count(name) > 1]
        if twice:
            raise ValueError(f"label {twice[0]} stands twice in the label set")
        for origin, target in self.origins:
            if target is not None and target not in self._known:
                raise ValueError(f"label {origin} is to count as {target}, which is not in the label set")
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
        """The labels that may stand in the corpus's files."""
        return tuple(self._targets) or self.names

    @cached_property
    def is_changed(self) -> bool:
        """Whether any label of the corpus counts as another one or as O."""
        return any(origin != target for origin, target in self.origins)

    def target_of(self, name: str) -> str | None:
        """Return what a label of the corpus counts as; None for O.

        Raises:
            KeyError: the corpus has no such label.
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

    def changed(
        self,
        *,
        keep: Iterable[str] = (),
        drop: Iterable[str] = (),
        merge: Mapping[str, Iterable[str]] | None = None,
        rename: Mapping[str, str] | None = None,
    ) -> LabelSet:
        """Return the set with some labels folded into O, into others, or called otherwise; its order stays.

        `keep` and `drop` come first and merging second, both in the names that the labels have now; renaming comes last. A new label
        takes the place, the long name and the definition of the first one merged into it, or of the one renamed.

        Args:
            keep: all others count as O; empty keeps all.
            drop: these count as O.
            merge: by label, those that count as it. The label itself may be a new one.
            rename: new name by old one.

        Raises:
            UnknownLabelError: one of the names is not in the set (or no longer, when its turn comes).
            ValueError: no label would be left, or one is renamed to another that is there.
        """
        left = set(self._named(keep, "keep")) or set(self.names)
        left -= set(self._named(drop, "drop"))
        target: dict[str, str] = {name: name for name in self.names if name in left}
        merged = {new: list(olds) for new, olds in (merge or {}).items()}
        named = [old for olds in merged.values() for old in olds]
        if twice := [name for name in named if named.count(name) > 1]:
            raise ValueError(f"merge: {twice[0]} stands there twice; a label has one target")
        for new, olds in merged.items():
            for old in olds:
                if target.get(old) is None:
                    raise UnknownLabelError(f"merge: there is no label {old}; there are: {', '.join(target)}")
                target[old] = new
        for old, new in (rename or {}).items():
            if old not in target.values():
                raise UnknownLabelError(
                    f"rename: there is no label {old}; there are: {', '.join(dict.fromkeys(target.values()))}"
                )
            if new in target.values():
                raise ValueError(f"rename: {old} cannot be called {new}: there is a label of that name; merge them")
        new_names = dict(rename or {})
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
        """Return the set with its labels called A, B, C, ... (after Z comes AA) and without long names.

        Args:
            definitions: whether to keep them.
        """
        letters = {label.name: _letters(number) for number, label in enumerate(self.labels)}
        return LabelSet(
            tuple(Label(letters[label.name], "", label.definition if definitions else "") for label in self.labels),
            tuple((origin, None if to is None else letters[to]) for origin, to in self._all_origins()),
        )

    def _all_origins(self) -> tuple[tuple[str, str | None], ...]:
        return self.origins or tuple((name, name) for name in self.names)

    def _named(self, names: Iterable[str], what: str) -> list[str]:
        listed = list(names)
        for name in listed:
            if name not in self._known:
                raise UnknownLabelError(f"{what}: there is no label {name}; there are: {', '.join(self.names)}")
        return listed

    @classmethod
    def of(cls, *names: str) -> LabelSet:
        """Make a label set of bare names: `LabelSet.of("PER", "LOC")`."""
        return cls(tuple(Label(name) for name in names))

    @classmethod
    def from_list(cls, rows: list[dict[str, Any]], origins: Mapping[str, str | None] | None = None) -> LabelSet:
        """Read what `to_list` and `dict(origins)` wrote."""
        labels = tuple(Label(row["name"], row.get("long", ""), row.get("definition", "")) for row in rows)
        return cls(labels, tuple((origins or {}).items()))

    def to_list(self) -> list[dict[str, str]]:
        """Return one mapping a label, for JSON: `name`, `long`, `definition`."""
        return [{"name": label.name, "long": label.long, "definition": label.definition} for label in self.labels]


def told_origins(origins: Mapping[str, str | None]) -> str:
    """Say what labels of a corpus count as where that is not themselves: `LOCderiv -> LOC, OTH -> O`; empty where all are kept."""
    return ", ".join(f"{origin} -> {target or 'O'}" for origin, target in origins.items() if origin != target)


def _letters(number: int) -> str:
    """Return A for 0, Z for 25, AA for 26, as spreadsheets name columns."""
    name = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        name = chr(ord("A") + digit) + name
    return name
