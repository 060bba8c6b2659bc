"""Converts tag sequences to spans and back: IOB1, IOB2 (BIO), IOBES, BILOU, BMES, BMEWO, IO, which has no prefixes, and brackets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from .sentence import Span, find_crossing, outer_first

Scheme = Literal["IOB1", "IOB2", "IOBES", "BILOU", "BMES", "BMEWO", "IO", "brackets"]
Repair = Literal["error", "conlleval", "discard"]

SCHEMES: tuple[Scheme, ...] = ("IOB1", "IOB2", "IOBES", "BILOU", "BMES", "BMEWO", "IO", "brackets")
REPAIRS: tuple[Repair, ...] = ("conlleval", "error", "discard")
DEFAULT_REPAIR: Repair = "conlleval"
"""Policy of a card that names none: what has one reading is read."""
PREFIXES: dict[Scheme, str] = {
    "IOB1": "IB", "IOB2": "BI", "IOBES": "BIES", "BILOU": "BILU", "BMES": "BMES", "BMEWO": "BMEW", "IO": "", "brackets": "",
}  # fmt: skip
"""Prefixes of each scheme; those of four letters begin, go on, end, and are a chunk of one token, whatever their order."""
_INSIDE, _LAST, _SINGLE = (
    {"IOBES": "I", "BILOU": "I", "BMES": "M", "BMEWO": "M"}, {"IOBES": "E", "BILOU": "L", "BMES": "E", "BMEWO": "E"},
    {"IOBES": "S", "BILOU": "U", "BMES": "S", "BMEWO": "W"},
)  # fmt: skip
_BRACKETS = re.compile(r"(?P<open>(?:\([^()*]+)*)\*?(?P<close>(?:[^()*]*\))*)")
"""What a token of a bracket column holds: labels that begin there, the token, and ends, perhaps with their labels."""
_NO_BRACKET = frozenset(["*", "O", "-", "_", ""])
_STARTS = frozenset("BSUW")
"""Prefixes that begin a chunk, which conlleval reads as B; it reads the others as I."""


class InvalidTag(NamedTuple):
    """A tag that its scheme does not allow at its position.

    Attributes:
        position: Token position, counted from 0.
        tag: The tag as it is written.
        expected: Tag that the scheme has there for the same chunks; None if the scheme has no tags of this form.
        why: What is wrong with a bracket; empty for other tags.
    """

    position: int
    tag: str
    expected: str | None
    why: str = ""


class _TagParser(dict[str, tuple[str, str] | None]):
    """Splits each distinct tag of one scheme into (prefix, label), once; None for a malformed tag."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._prefixes = PREFIXES[scheme]
        self["O"] = ("O", "")

    def __missing__(self, tag: str) -> tuple[str, str] | None:
        parsed: tuple[str, str] | None = None
        if not self._prefixes:
            parsed = ("I", tag) if tag else None
        elif len(tag) > 2 and tag[1] == "-" and tag[0] in self._prefixes:
            parsed = (tag[0], tag[2:])
        self[tag] = parsed
        return parsed


_PARSERS: dict[str, _TagParser] = {scheme: _TagParser(scheme) for scheme in SCHEMES if scheme != "brackets"}


def decode(tags: Sequence[str], scheme: Scheme, repair: Repair = DEFAULT_REPAIR) -> tuple[list[Span], list[InvalidTag]]:
    """Turn one sentence's tags into spans.

    Chunks are those of the conlleval script, which knows B and I: S, U and W are read as B; E, L and M are read as I. So a chunk begins
    at one of the former, at a change of label, and after `O`, and goes on up to the next of these. A tag is invalid if writing these
    chunks in the scheme gives another tag.

    Args:
        tags: One tag for each token.
        scheme: Scheme of the tags.
        repair: Treatment of chunks that hold an invalid tag: `conlleval` keeps them as that script reads them, `discard`
            makes them `O`. `error` keeps them too, and the caller refuses the sentence if any tag is invalid.

    Returns:
        Spans sorted by start, outer before inner, and the invalid tags in order. A malformed tag (without a prefix, with a prefix of
        another scheme, or with a bracket that has no other) counts as `O` in the spans. Only brackets give spans inside others.
    """
    if tags.count("O") == len(tags):
        return [], []
    if scheme == "brackets":
        return _decode_brackets(tags)
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
    """Write spans as one tag for each token.

    Args:
        spans: Spans sorted by start; no two may overlap, unless the scheme is brackets.
        length: Number of tokens.
        scheme: Scheme of the tags. IO cannot separate two adjacent chunks with the same label. Brackets may lie in others.

    Raises:
        ValueError: The spans overlap or are not sorted, so that tags cannot hold them.
    """
    if scheme == "brackets":
        return _encode_brackets(spans, length)
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
            tags[start:end] = [f"{_INSIDE[scheme]}-{label}"] * (end - start)
            tags[start], tags[end - 1] = "B-" + label, f"{_LAST[scheme]}-{label}"
            if end - start == 1:
                tags[start] = f"{_SINGLE[scheme]}-{label}"
        previous = span
    return tags


def _decode_brackets(tags: Sequence[str]) -> tuple[list[Span], list[InvalidTag]]:
    """Decode a column like `(ORG*`, `*`, `*)`, in which brackets may lie in others; `*`, `-` and `_` alone are no brackets."""
    spans: list[Span] = []
    invalid: list[InvalidTag] = []
    opened: list[tuple[int, str]] = []
    for position, tag in enumerate(tags):
        if tag in _NO_BRACKET:
            continue
        found = _BRACKETS.fullmatch(tag)
        if found is None:
            invalid.append(InvalidTag(position, tag, None))
            continue
        opened += [(position, label) for label in found["open"].split("(")[1:]]
        for named in found["close"].split(")")[:-1]:
            if not opened or named not in ("", opened[-1][1]):
                seen = f"{opened[-1][1]} is open" if opened else "nothing is open"
                invalid.append(InvalidTag(position, tag, None, f"closes {named or 'a bracket'} where {seen}"))
                del opened[-1:]
                break
            start, label = opened.pop()
            spans.append(Span(start, position + 1, label))
    invalid += [InvalidTag(at, tags[at], None, f"opens {label}, which is never closed") for at, label in opened]
    return sorted(spans, key=outer_first), sorted(invalid, key=lambda bad: bad.position)


def _encode_brackets(spans: Sequence[Span], length: int) -> list[str]:
    """Write spans, which may lie in others, as a bracket column."""
    if list(spans) != sorted(spans, key=outer_first) or find_crossing(tuple(spans)):
        raise ValueError(f"brackets cannot hold crossing spans, and need outer before inner ones: {list(spans)!r}")
    opened, closed = [""] * length, [""] * length
    for span in spans:
        opened[span.start] += "(" + span.label
        closed[span.end - 1] += ")"
    return [f"{before}*{after}" for before, after in zip(opened, closed)]
