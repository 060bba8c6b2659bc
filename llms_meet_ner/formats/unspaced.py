"""Reads an output whose text is the sentence, character for character, but for white space, Unicode form and case.

White space says nothing here, so it may be lost or added anywhere. Where a token begins is known all the same: the characters are
counted. Only what the marks of the output enclose has to be found out, and which of them are text of the sentence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from .markup import Mark
from .normal import nfkd


def form(text: str) -> str:
    """Return the form in which characters are compared: without white space, in Unicode form NFKD, with case folded.

    The form of two texts together is the form of each, one after the other, but for the order of combining characters. In form NFKC,
    a character of the one could combine with one of the other.
    """
    if text.isascii():
        return "".join(text.casefold().split())
    return "".join(map(_folded, nfkd(text)))


@lru_cache(maxsize=10_000)
def _folded(character: str) -> str:
    return "".join(unicodedata.normalize("NFKD", character.casefold()).split())


class PlacedMark(NamedTuple):
    """A mark that is not text of the sentence.

    Attributes:
        at: Number of characters of the sentence before it.
        mark: The mark.
    """

    at: int
    mark: Mark


@dataclass(slots=True)
class UnspacedText:
    """An output whose text is that of its sentence.

    Attributes:
        source: The sentence in the form in which characters are compared.
        owners: Token of each character of the source.
        texts: What the output writes for each character, with the white space that follows it.
        marks: Marks that are not text of the sentence, in order.
    """

    source: str
    owners: list[int]
    texts: list[str] = field(default_factory=list)
    marks: list[PlacedMark] = field(default_factory=list)


class _Group(NamedTuple):
    """Marks without text between them, and the text that follows.

    Attributes:
        marks: The marks, and whether white space follows each.
        text: Text that follows; empty at the end of the output.
    """

    marks: list[tuple[Mark, bool]]
    text: str


def read_unspaced(pieces: Sequence[str | Mark], tokens: tuple[str, ...], longest: int) -> UnspacedText | None:
    """Read an output whose text is that of its sentence; None if it is not.

    A mark that may be text is text if the sentence has the same characters there. Where it has fewer of them than the output, those
    before white space are text, or else the first ones. The time grows linearly with the pieces.

    Args:
        pieces: Pieces of text and marks in order.
        tokens: Tokens of the sentence.
        longest: Number of characters of the longest output that is read.
    """
    if sum(len(piece if isinstance(piece, str) else piece.text) for piece in pieces) > longest:
        return None
    forms = [form(token) for token in tokens]
    found = UnspacedText("".join(forms), [index for index, written in enumerate(forms) for _ in written])
    is_open = 0
    for group in _groups(pieces):
        text = form(group.text)
        chosen = _choice(group, found, text, is_open)
        if chosen is None:
            return None
        for (mark, _), is_text in zip(group.marks, chosen):
            if is_text:
                _add(mark.text, found)
            else:
                is_open = max(0, is_open + (1 if mark.opens else -1))
                found.marks.append(PlacedMark(len(found.texts), mark))
        _add(group.text, found)
    return found if found.texts else None


def _groups(pieces: Sequence[str | Mark]) -> Iterator[_Group]:
    """Yield the pieces in groups; the last one has no text."""
    marks: list[tuple[Mark, bool]] = []
    for piece in pieces:
        if isinstance(piece, Mark):
            marks.append((piece, False))
            continue
        if marks and piece[:1].isspace():
            marks[-1] = (marks[-1][0], True)
        if piece.strip():
            yield _Group(marks, piece)
            marks = []
    yield _Group(marks, "")


def _choice(group: _Group, found: UnspacedText, text: str, is_open: int) -> list[bool] | None:
    """Return for each mark of a group whether it is text of the sentence; None if the text after them does not follow then."""
    for only_likely in (True, False):
        at = len(found.texts)
        opened = is_open
        chosen: list[bool] = []
        for mark, is_spaced in group.marks:
            is_text = mark.literal and found.source.startswith(written := form(mark.text), at)
            if only_likely:
                is_text = is_text and (is_spaced if mark.opens else not opened)
            chosen.append(is_text)
            if is_text:
                at += len(written)
            else:
                opened = max(0, opened + (1 if mark.opens else -1))
        if found.source.startswith(text, at) and (text or at == len(found.source)):
            return chosen
    return None


def _add(text: str, found: UnspacedText) -> None:
    """Add text of the sentence."""
    for character in nfkd(text):
        written = _folded(character)
        if written:
            found.texts += [character, *[""] * (len(written) - 1)]
        elif found.texts:
            found.texts[-1] += character
