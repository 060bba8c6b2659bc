"""Output formats: how a sentence with its entities is written for a model, and how what the model writes is read back.

One module a format, in both directions. `get_format` finds one by name.
"""

from __future__ import annotations

from typing import Protocol

from ..alignment import Alignment
from ..errors import LmnError
from ..labels import LabelSet
from ..sentence import Sentence, Span
from .bracketed import BracketedFormat
from .grouped import GroupedFormat
from .markup import Markup
from .occurrence import OccurrenceFormat
from .offset import OffsetFormat
from .xml import XmlFormat

DEFAULT_FORMAT = "bracketed"
DEFAULT_VARIANT = "full"


class OutputFormat(Protocol):
    """What a format offers."""

    name: str
    nested: bool
    variants: tuple[str, ...]

    def __init__(self, nested: bool = False) -> None:
        """Make the format; `nested` says whether entities may lie inside entities."""
        ...

    def instruction(self, labels: LabelSet, variant: str) -> str:
        """Return the instruction text; raises `LmnError` for a variant that the format does not have."""
        ...

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write a sentence with its spans, without a line break.

        Args:
            sentence: its labels are in the label set.
            labels: for the formats that write labels without an entity too; the others do not look at it.

        Raises:
            ValueError: the format needs the label set.
        """
        ...

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        """Read generated text against the tokens of its sentence. Never raises on any text."""
        ...

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Whether another annotation of the same tokens renders alike, so that no parser could tell them apart."""
        ...


class InlineFormat(OutputFormat, Protocol):
    """A format that writes the sentence again, with marks around its entities: constrained decoding can write it."""

    def write(self, tokens: tuple[str, ...], spans: tuple[Span, ...]) -> str:
        """Write tokens with spans, which are in the order of `outer_first`."""
        ...

    def markup(self, labels: LabelSet) -> Markup:
        """Return what stands before and after an entity."""
        ...

    def entity_ranges(self, tokens: tuple[str, ...], spans: tuple[Span, ...]) -> list[tuple[int, int]]:
        """Return the character offsets of each entity, marks included, in the rendered text; end exclusive."""
        ...


_FORMATS: dict[str, type[OutputFormat]] = {
    BracketedFormat.name: BracketedFormat,
    XmlFormat.name: XmlFormat,
    GroupedFormat.name: GroupedFormat,
    OccurrenceFormat.name: OccurrenceFormat,
    OffsetFormat.name: OffsetFormat,
}
_INLINE: dict[str, type[InlineFormat]] = {BracketedFormat.name: BracketedFormat, XmlFormat.name: XmlFormat}


def get_format(name: str = DEFAULT_FORMAT, *, nested: bool = False) -> OutputFormat:
    """Return the format of that name.

    Args:
        name: one of `format_names()`.
        nested: whether entities may lie inside entities. In a flat format the outer one of two stays when parsing.

    Raises:
        LmnError: no such format; the message lists those there are.
    """
    if name not in _FORMATS:
        raise LmnError(f"no output format is called {name!r}; there are: {', '.join(_FORMATS)}")
    return _FORMATS[name](nested)


def get_inline_format(name: str, *, nested: bool = False) -> InlineFormat:
    """Return the inline format of that name.

    Raises:
        LmnError: no such format, or it does not write the sentence again.
    """
    if name not in _INLINE:
        get_format(name)
        raise LmnError(
            f"constrained decoding writes the sentence with marks in it, and the format {name} does not; --decoding free"
        )
    return _INLINE[name](nested)


def is_inline(name: str) -> bool:
    """Whether a format writes the sentence again, so that constrained decoding can write it."""
    return name in _INLINE


def format_names() -> tuple[str, ...]:
    """Return the names of all formats, the default one first."""
    return tuple(_FORMATS)
