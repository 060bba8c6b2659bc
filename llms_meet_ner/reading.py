"""Reads outputs as models write them: with the wrapping that chat models put around an answer, or as published tables were read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal, NamedTuple

from .alignment import EXACT, FAILED, REPAIRED, Alignment
from .formats import OutputFormat
from .formats.inline import InlineFormat
from .formats.wrapping import SentenceWrapping, Unwrapped, first_line, json_end, unwrapped_json
from .labels import LabelSet

Reading = Literal["lenient", "published"]
LENIENT: Final = "lenient"
"""Leaves out thinking, introductions, code blocks, blank lines and the like; then cuts at the first newline."""
PUBLISHED: Final = "published"
"""Cuts at the first newline and leaves out nothing else."""
READINGS: tuple[Reading, ...] = (LENIENT, PUBLISHED)

Ending = Callable[[str, tuple[str, ...]], int | None]
"""Returns where an output ends, given its beginning and the tokens of its sentence: the position of a newline after which nothing is
read, or None if the answer may go on."""


class BothReadings(NamedTuple):
    """An output on the tokens of its sentence, in both readings.

    Attributes:
        lenient: Alignment of the lenient reading.
        published: Alignment of the published reading; the same object if the two do not differ.
    """

    lenient: Alignment
    published: Alignment

    def of(self, reading: Reading) -> Alignment:
        """Return the alignment of a reading."""
        return self.lenient if reading == LENIENT else self.published


def read_output(
    fmt: OutputFormat, text: str, tokens: tuple[str, ...], labels: LabelSet, reading: Reading = LENIENT
) -> Alignment:
    """Return the spans that an output puts on the tokens of its sentence. No text makes it raise."""
    if reading == PUBLISHED:
        return fmt.parse(text, tokens, labels)
    return read_both(fmt, text, tokens, labels).lenient


def read_both(fmt: OutputFormat, text: str, tokens: tuple[str, ...], labels: LabelSet) -> BothReadings:
    """Read an output both ways. If its first line is exact, or holds more than the rest, the readings are the same."""
    published = fmt.parse(text, tokens, labels)
    if published.status == EXACT:
        return BothReadings(published, published)
    line, reasons = _unwrapped(fmt, text, tokens, labels)
    if not reasons:
        return BothReadings(published, published)
    found = fmt.parse(line, tokens, labels)
    if found.status == FAILED != published.status:
        return BothReadings(published, published)
    status = REPAIRED if found.status == EXACT else found.status
    return BothReadings(replace(found, status=status, reasons=tuple(sorted({*found.reasons, *reasons}))), published)


def answer_text(fmt: OutputFormat, text: str, tokens: tuple[str, ...], labels: LabelSet) -> str:
    """Return the line of an output that the lenient reading reads; the whole output if it leaves out nothing before that line."""
    if fmt.parse(text, tokens, labels).status == EXACT:
        return text
    line, reasons = _unwrapped(fmt, text, tokens, labels)
    return line if reasons else text


def ending_of(fmt: OutputFormat, labels: LabelSet, reading: Reading = LENIENT) -> Ending:
    """Return what says where an output ends, so that nothing is generated that a reading does not look at."""
    if reading == PUBLISHED:
        return first_newline
    if not isinstance(fmt, InlineFormat):
        return lambda text, tokens: json_end(text)
    marks = _marks(fmt, labels)
    return lambda text, tokens: SentenceWrapping(tokens, marks).end(text) if "\n" in text else None


def first_newline(text: str, tokens: tuple[str, ...]) -> int | None:
    """Return the position of the first newline, or None: where the published reading ends an output."""
    end = len(first_line(text))
    return end if end < len(text) else None


def _unwrapped(fmt: OutputFormat, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Unwrapped:
    if isinstance(fmt, InlineFormat):
        return SentenceWrapping(tokens, _marks(fmt, labels)).unwrapped(text)
    return unwrapped_json(text)


def _marks(fmt: InlineFormat, labels: LabelSet) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark for label in labels.names for mark in fmt.marks(label)))
