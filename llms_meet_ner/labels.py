"""Labels with their long names and definitions, in the order in which an instruction lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class LabelSet:
    """An ordered set of labels.

    Raises:
        ValueError: no label at all, or two of one name.
    """

    labels: tuple[Label, ...]

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("a label set needs at least one label")
        twice = [name for name in self.names if self.names.count(name) > 1]
        if twice:
            raise ValueError(f"label {twice[0]} stands twice in the label set")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The label names, in order."""
        return tuple(label.name for label in self.labels)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def of(cls, *names: str) -> LabelSet:
        """Make a label set of bare names: `LabelSet.of("PER", "LOC")`."""
        return cls(tuple(Label(name) for name in names))

    @classmethod
    def from_list(cls, rows: list[dict[str, Any]]) -> LabelSet:
        """Read what `to_list` wrote."""
        return cls(tuple(Label(row["name"], row.get("long", ""), row.get("definition", "")) for row in rows))

    def to_list(self) -> list[dict[str, str]]:
        """Return one mapping a label, for JSON: `name`, `long`, `definition`."""
        return [{"name": label.name, "long": label.long, "definition": label.definition} for label in self.labels]
