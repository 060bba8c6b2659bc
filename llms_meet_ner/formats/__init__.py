"""Output formats: how a sentence with its entities is written for a model, and how the model's output is read back.

Each format is one module, which writes and reads it. `get_format` finds a format by name.

| module | what it does |
|---|---|
| `bracketed.py` | the sentence again, entities in brackets with their labels |
| `xml.py` | the sentence again, entities in tags |
| `grouped.py` | JSON: the texts of the entities, grouped by label |
| `occurrence.py` | JSON: text, label, and which occurrence of the text in the sentence is meant |
| `offset.py` | JSON: text, label, and character offsets |
| `tags.py` | JSON: the tokens, and a tag of IOB2 for each |
| `instructions.py` | the instruction texts of all formats |
| `inline.py` | common parts of the formats that write the sentence again |
| `markup.py` | the marks of such a format, for constrained decoding |
| `grounding.py` | puts the entities of a damaged inline output on the tokens |
| `unspaced.py` | reads an inline output whose text is the sentence but for white space |
| `readings.py` | every way to read a marked text whose tokens look like marks |
| `json_text.py` | writes JSON in one line, and reads it even if it is damaged |
| `json_list.py` | reads a JSON list of entities |
| `wrapping.py` | finds the answer in an output that wraps it: in thinking, an introduction, a code block |
| `lookup.py` | finds texts in a sentence |
| `assignment.py` | puts texts that name no position on the sentence |
| `candidates.py` | collects the entities of a JSON output while it is read |
| `overlaps.py` | decides which entities can coexist |

Words used here:

- join: what stands between two tokens in the text that a model reads: a space, or nothing.
- source: the tokens of a sentence, joined; offsets count its characters (code points) from 0.
- mark: text before or after an entity in an inline format. Opening and closing marks together are the markup.
- place: the tokens that a text is found on (`TokenRange`).
- candidate: an entity of the output that has a place; overlaps decide whether it stays.
- reading: one way to read an ambiguous text.
"""

from __future__ import annotations

from typing import Protocol

from ..alignment import Alignment
from ..errors import LmnError
from ..labels import LabelSet
from ..sentence import SPACE, Join, Sentence
from .bracketed import BracketedFormat
from .grouped import GroupedFormat
from .inline import InlineFormat
from .occurrence import OccurrenceFormat
from .offset import OffsetFormat
from .tags import TagsFormat
from .xml import XmlFormat

DEFAULT_FORMAT = "bracketed"
DEFAULT_VARIANT = "full"


class OutputFormat(Protocol):
    """Protocol of all formats.

    Attributes:
        name: Name of the format, as options and files have it.
        nested: Whether entities may lie inside entities.
        join: Text between two tokens.
        variants: Names of the wordings that its instruction comes in.
    """

    name: str
    nested: bool
    join: Join
    variants: tuple[str, ...]

    def __init__(self, nested: bool = False, join: Join = SPACE) -> None:
        """Make the format; `nested` says whether entities may lie inside entities, and `join` what stands between two tokens."""
        ...

    def instruction(self, labels: LabelSet, variant: str) -> str:
        """Return the instruction text.

        Raises:
            LmnError: The format does not have this variant.
        """
        ...

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write a sentence with its spans, without a line break.

        Args:
            sentence: Sentence whose labels are all in the label set.
            labels: Label set. Only formats that also write labels without an entity need it.

        Raises:
            ValueError: The format needs the label set and got None.
        """
        ...

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        """Read a generated text against the tokens of its sentence. No text makes it raise."""
        ...

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether another annotation of the same tokens renders to the same text, so that no parser can tell them apart."""
        ...


_FORMATS: dict[str, type[OutputFormat]] = {
    BracketedFormat.name: BracketedFormat,
    XmlFormat.name: XmlFormat,
    GroupedFormat.name: GroupedFormat,
    OccurrenceFormat.name: OccurrenceFormat,
    OffsetFormat.name: OffsetFormat,
    TagsFormat.name: TagsFormat,
}
_INLINE: dict[str, type[InlineFormat]] = {BracketedFormat.name: BracketedFormat, XmlFormat.name: XmlFormat}


def get_format(name: str = DEFAULT_FORMAT, *, nested: bool = False, join: Join = SPACE) -> OutputFormat:
    """Return the format with a name.

    Args:
        name: One of `format_names()`.
        nested: Whether entities may lie inside entities. When a flat format is parsed, the outer one of two stays.
        join: Text between two tokens.

    Raises:
        LmnError: No format has this name; the message lists the formats.
    """
    if name not in _FORMATS:
        raise LmnError(f"no output format is called {name!r}", remedy=f"there are: {', '.join(_FORMATS)}")
    return _FORMATS[name](nested, join)


def get_inline_format(name: str, *, nested: bool = False, join: Join = SPACE) -> InlineFormat:
    """Return the inline format with a name.

    Raises:
        LmnError: No format has this name, or it does not write the sentence again.
    """
    if name not in _INLINE:
        get_format(name)
        raise LmnError(
            f"constrained decoding writes the sentence with marks in it, and the format {name} does not",
            remedy="use --decoding free",
        )
    return _INLINE[name](nested, join)


def is_inline(name: str) -> bool:
    """Return whether a format writes the sentence again, so that constrained decoding can write it."""
    return name in _INLINE


def format_names() -> tuple[str, ...]:
    """Return the names of all formats, the default one first."""
    return tuple(_FORMATS)
