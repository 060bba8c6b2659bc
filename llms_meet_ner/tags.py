"""Converts tag sequences to spans and back: IOB1, IOB2 (BIO), IOBES, BILOU and IO, which has no prefixes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from .sentence import Span

Scheme = Literal["IOB1", "IOB2", "IOBES", "BILOU", "IO"]
Repair = Literal["error", "conlleval", "discard"]

SCHEMES: tuple[Scheme, ...] = ("IOB1", "IOB2", "IOBES", "BILOU", "IO")
REPAIRS: tuple[Repair, ...] = ("conlleval", "error", "discard")
DEFAULT_REPAIR: Repair = "conlleval"
"""Policy of a card that names none: what has one reading is read."""
_PREFIXES: dict[str, str] = {"IOB1": "IB", "IOB2": "BI", "IOBES": "BIES", "BILOU": "BILU", "IO": ""}
_STARTS = frozenset("BSU")
"""Prefixes that begin a chunk, which conlleval reads as B; it reads the others as I."""


class InvalidTag(NamedTuple):
    """A tag that its scheme does not allow at its position.

    Attributes:
        position: Token position, counted from 0.
        tag: The tag as it is written.
        expected: Tag that the scheme has there for the same chunks; None if the scheme has no tags of this form.
    """

    position: int
    tag: str
    expected: str | None


class _TagParser(dict[str, tuple[str, str] | None]):
    """Splits each distinct tag of one scheme into (prefix, label), once; None for a malformed tag."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._prefixes = _PREFIXES[scheme]
        self["O"] = ("O", "")

    def __missing__(self, tag: str) -> tuple[str, str] | None:
        parsed: tuple[str, str] | None = None
        if not self._prefixes:
            parsed = ("I", tag) if tag else None
        elif len(tag) > 2 and tag[1] == "-" and tag[0] in self._prefixes:
            parsed = (tag[0], tag[2:])
        self[tag] = parsed
        return parsed


_PARSERS: dict[str, _TagParser] = {scheme: _TagParser(scheme) for scheme in SCHEMES}


def decode(tags: Sequence[str], scheme: Scheme, repair: Repair = DEFAULT_REPAIR) -> tuple[list[Span], list[InvalidTag]]:
    """Turn one sentence's tags into spans.

    Chunks are those of the conlleval script, which knows B and I: S and U are read as B, E and L as I. So a chunk begins at one of the
    first, at a change of label, and after `O`, and goes on up to the next of these. A tag is invalid if writing these chunks in the
    scheme gives another tag.

    Args:
        tags: One tag for each token.
        scheme: Scheme of the tags.
        repair: Treatment of chunks that hold an invalid tag: `conlleval` keeps them as that script reads them, `discard`
            makes them `O`. `error` keeps them too, and the caller refuses the sentence if any tag is invalid.

    Returns:
        Spans sorted by start, and the invalid tags in order. A malformed tag (without a prefix, or with a prefix of another
        scheme) counts as `O` in the spans.
    """
    if tags.count("O") == len(tags):
        return [], []
    if scheme in ("IOB1", "IOB2"):
        valid = _decode_valid_iob(tags, scheme == "IOB2")
        if valid is not None:
            return valid, []
    parser = _PARSERS[scheme]
    spans: list[Span] = []
    malformed: list[InvalidTag] = []
    start = last = -2
    label = ""
    for position in [position for position, tag in enumerate(tags) if tag != "O"]:
        parsed = parser[tags[position]]
        if parsed is None:
            malformed.append(InvalidTag(position, tags[position], None))
            continue
        prefix, tag_label = parsed
        if position != last + 1 or tag_label != label or prefix in _STARTS:
            if start >= 0:
                spans.append(Span(start, last + 1, label))
            start, label = position, tag_label
        last = position
    if start >= 0:
        spans.append(Span(start, last + 1, label))
    expected = encode(spans, len(tags), scheme)
    if list(tags) == expected:
        return spans, malformed
    seen = {bad.position for bad in malformed}
    invalid = malformed + [
        InvalidTag(position, tag, wanted)
        for position, (tag, wanted) in enumerate(zip(tags, expected, strict=True))
        if tag != wanted and position not in seen
    ]
    invalid.sort()
    if repair == "discard":
        bad_positions = {bad.position for bad in invalid}
        spans = [span for span in spans if bad_positions.isdisjoint(range(span.start, span.end))]
    return spans, invalid


def _decode_valid_iob(tags: Sequence[str], every_start_is_b: bool) -> list[Span] | None:
    """Decode IOB1 or IOB2 tags, or return None at the first invalid tag.

    This is the fast path: in most corpora nearly every sentence is valid.
    """
    spans: list[Span] = []
    start = last = -2
    current = ""
    for position in [position for position, tag in enumerate(tags) if tag != "O"]:
        tag = tags[position]
        label = tag[2:]
        goes_on = position == last + 1 and label == current
        if tag[:2] == "I-":
            if every_start_is_b and not goes_on:
                return None
        elif tag[:2] != "B-" or not (every_start_is_b or goes_on):
            return None
        else:
            goes_on = False
        if not label:
            return None
        if not goes_on:
            if start >= 0:
                spans.append(Span(start, last + 1, current))
            start, current = position, label
        last = position
    if start >= 0:
        spans.append(Span(start, last + 1, current))
    return spans


def encode(spans: Sequence[Span], length: int, scheme: Scheme = "IOB2") -> list[str]:
    """Write flat spans as one tag for each token.

    Args:
        spans: Spans sorted by start; no two may overlap.
        length: Number of tokens.
        scheme: Scheme of the tags. IO cannot separate two adjacent chunks with the same label.

    Raises:
        ValueError: The spans overlap or are not sorted, so that tags cannot hold them.
    """
    tags = ["O"] * length
    previous: Span | None = None
    for span in spans:
        start, end, label = span.start, span.end, span.label
        if previous is not None and start < previous.end:
            raise ValueError(f"tags cannot hold overlapping spans: {previous!r} and {span!r}")
        if scheme == "IOB2":
            tags[start] = "B-" + label
            if end - start > 1:
                tags[start + 1 : end] = ["I-" + label] * (end - start - 1)
        elif scheme == "IO":
            tags[start:end] = [label] * (end - start)
        elif scheme == "IOB1":
            tags[start:end] = ["I-" + label] * (end - start)
            if previous is not None and previous.end == start and previous.label == label:
                tags[start] = "B-" + label
        else:
            last, single = ("E-", "S-") if scheme == "IOBES" else ("L-", "U-")
            tags[start:end] = ["I-" + label] * (end - start)
            tags[start], tags[end - 1] = "B-" + label, last + label
            if end - start == 1:
                tags[start] = single + label
        previous = span
    return tags
