"""The annotation tools: how each writes a sentence with its suggestions, and who corrected it when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ...data_converters.readers import ReaderOptions
from ...data_converters.readers.offsets import Unit
from ...labels import LabelSet
from .suggestions import Marked, Suggested


class Correction(NamedTuple):
    """Who corrected a sentence, and when.

    Attributes:
        id: Id of the sentence; None if the record has none.
        annotator: Name, address or number of the annotator; None if the record does not say.
        date: Time of the correction, in UTC; None if the record does not say.
    """

    id: str | None
    annotator: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that lies beside the export, with settings of the tool.

    Attributes:
        suffix: End of its name, which comes after that of the export.
        text: Its content.
    """

    suffix: str
    text: str


class Tool(Protocol):
    """An annotation tool."""

    @property
    def name(self) -> str:
        """Name on the command line, which is also the type of its reader."""

    @property
    def unit(self) -> Unit:
        """Unit of its offsets."""

    @property
    def is_list(self) -> bool:
        """Whether its file is one JSON list; otherwise it has a record a line."""

    @property
    def hint(self) -> str:
        """How the file is brought into the tool, with `{file}`, `{companion}` and `{labels}`."""

    @property
    def unannotated(self) -> str:
        """Advice for records that nobody annotated to the end."""

    def takes(self, marked: Marked) -> bool:
        """Return whether the tool can show a suggestion."""

    def record(self, one: Suggested, marked: Sequence[Marked]) -> dict[str, Any]:
        """Return a sentence as the tool imports it."""

    def companion(self, labels: LabelSet, *, nested: bool) -> Companion | None:
        """Return settings of the tool for a label set; None if it needs none."""

    def options(self, annotator: str | None, *, reviewed: bool, keys: dict[str, Any]) -> ReaderOptions:
        """Return the options of the reader of its exports.

        Args:
            annotator: Annotator whose annotations are read; None for the only one.
            reviewed: Whether all records were looked at, where the tool does not say.
            keys: More keys of the reader.
        """

    def correction(self, record: Any, annotator: str | None) -> Correction:
        """Return who corrected a record of an export, and when."""


def smallest(marked: Sequence[Marked]) -> float | None:
    """Return the smallest confidence of some entities; None if there is none."""
    sure = [one.confidence for one in marked if one.confidence is not None]
    return min(sure) if sure else None


def text_in(value: Any) -> str | None:
    """Return a value that is a text with something in it; None for anything else."""
    return value if isinstance(value, str) and value.strip() else None
