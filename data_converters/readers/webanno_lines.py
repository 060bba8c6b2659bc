"""Lines of WebAnno TSV 3: the header with its layers, and sentences with the annotations of one column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from ...errors import LmnError

_FORMAT = re.compile(r"#\s*FORMAT\s*=\s*WebAnno TSV (\d+)(?:\.(\d+))?\s*")
_UNIT = re.compile(r"(\d+)-(\d+)(\.\d+)?")
_STACKED = re.compile(r"(?:\\.|[^|])+")
_WITH_ID = re.compile(r"((?:\\.|[^\\])*?)\[(\d+)\]", re.DOTALL)
_ESCAPED = re.compile(r"\\(->|u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_MEANING = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b"}

OnMalformed = Callable[[int, str, str], None]
"""Function that takes what is malformed: its line, what was seen, and the remedy."""


class Header(NamedTuple):
    """Header of a file.

    Attributes:
        layers: Columns of each span layer, by name: its features, slots and their targets included; one empty name where a layer has
            no feature.
        starts: First column of each span layer, from 0.
        width: Number of columns of a line.
    """

    layers: dict[str, list[str]]
    starts: dict[str, int]
    width: int


@dataclass(slots=True)
class Mark:
    """An annotation.

    Attributes:
        label: Its label; None if it has none.
        line: Line on which it begins, from 1.
        tokens: Positions of the tokens that it touches; empty if it touches none.
        is_cut: Whether it begins or ends inside a token.
    """

    label: str | None
    line: int
    tokens: set[int] = field(default_factory=set)
    is_cut: bool = False


@dataclass(slots=True)
class MarkedSentence:
    """A sentence, or several that share an annotation.

    Attributes:
        line: Line of the first token, from 1.
        tokens: Tokens.
        ends: Ends of the sentences, exclusive and rising.
        marks: Annotations, in the order of the file.
        by_id: The annotations of several tokens, by id and label.
    """

    line: int
    tokens: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    by_id: dict[tuple[str, str | None], Mark] = field(default_factory=dict)

    def add_token(self, token: str) -> None:
        """Add a token."""
        self.tokens.append(token)
        self.ends = [len(self.tokens)]

    def mark(self, label: str | None, number: str | None, line: int, *, is_part: bool, is_empty: bool) -> None:
        """Note an annotation of the last token, or of a part of it.

        Args:
            label: Label of the annotation.
            number: Its id; None for an annotation of this line alone.
            line: The line, from 1.
            is_part: Whether the line is of a part of the token.
            is_empty: Whether that part has no character.
        """
        mark = self.by_id.get((number, label)) if number else None
        if mark is None:
            mark = Mark(label, line)
            self.marks.append(mark)
            if number:
                self.by_id[number, label] = mark
        at = len(self.tokens) - 1
        if not is_empty and at not in mark.tokens:
            mark.tokens.add(at)
            mark.is_cut |= is_part

    def joined(self, other: MarkedSentence) -> bool:
        """Take in the next sentence of the file, if an annotation goes on in it, and return whether it did.

        An annotation goes on if it is on the last token here and on the first token there, with the same id and label.
        """
        last = len(self.tokens) - 1
        common = [
            key for key in self.by_id.keys() & other.by_id if last in self.by_id[key].tokens and 0 in other.by_id[key].tokens
        ]  # fmt: skip
        if not common:
            return False
        shift = len(self.tokens)
        self.tokens += other.tokens
        self.ends += [end + shift for end in other.ends]
        for mark in other.marks:
            mark.tokens = {token + shift for token in mark.tokens}
        for key in common:
            self.by_id[key].tokens |= other.by_id[key].tokens
            self.by_id[key].is_cut |= other.by_id[key].is_cut
        gone = [other.by_id[key] for key in common]
        self.marks += [mark for mark in other.marks if not any(mark is one for one in gone)]
        self.by_id = {**other.by_id, **{key: self.by_id[key] for key in common}}
        return True


def read_header(path: Path, file: IO[str]) -> Header:
    """Read the header of a file, up to the first line that is no comment.

    Raises:
        LmnError: The file is not WebAnno TSV 3.
    """
    first = file.readline()
    found = _FORMAT.fullmatch(first)
    if not found or found[1] != "3":
        seen = f"it is version {found[1]}" if found else "its first line is not #FORMAT=WebAnno TSV 3.x"
        raise LmnError(f"not WebAnno TSV 3: {seen}", f"{path}:1", "export the document as WebAnno TSV v3.x")
    layers: dict[str, list[str]] = {}
    starts: dict[str, int] = {}
    width = 3
    for line in file:
        key, _, value = line.rstrip("\r\n").partition("=")
        if not key.startswith("#"):
            break
        if key in ("#T_SP", "#T_RL", "#T_CH"):
            name, *columns = value.split("|")
            columns = columns or [""]
            if key == "#T_SP":
                layers[name], starts[name] = columns, width
            width += len(columns)
    return Header(layers, starts, width)


def read_sentences(
    file: IO[str], column: tuple[int, bool] | None, on_malformed: OnMalformed
) -> Iterator[MarkedSentence]:
    """Yield the sentences of a file, each with the annotations in a column.

    Args:
        file: The file, from its beginning.
        column: The column, from 0, and whether its values are labels; None for no annotations.
        on_malformed: Function that takes lines that are neither tokens nor comments.
    """
    sentence: MarkedSentence | None = None
    current, texts = "", [""]
    needed = column[0] + 1 if column else 3
    for number, line in enumerate(file, start=1):
        row = line.rstrip("\r\n")
        if row.startswith("#Text="):
            texts = [*([] if current else texts), row[6:]]
            current = ""
        if row.startswith("#") or not row.strip():
            continue
        fields = row.split("\t")
        unit = _UNIT.fullmatch(fields[0])
        if not unit or len(fields) < needed or (unit[3] and unit[1] != current):
            message = f"not the line of a token with {needed} columns or more: {row:.60}"
            on_malformed(number, message, "mend the line, or export the document again")
            continue
        if sentence is None or unit[1] != current:
            if sentence:
                yield sentence
            sentence = MarkedSentence(number)
        current = unit[1]
        if not unit[3]:
            sentence.add_token(_token(fields[2], "\n".join(texts) if "\\" in fields[2] else ""))
        if column and fields[column[0]] != "_":
            begin, _, end = fields[1].partition("-")
            for value, number_of_mark in _values(fields[column[0]]):
                label = value if column[1] else None
                sentence.mark(label, number_of_mark, number, is_part=bool(unit[3]), is_empty=begin == end)
    if sentence:
        yield sentence


def _values(field_: str) -> Iterator[tuple[str | None, str | None]]:
    """Yield the stacked values of a field, None for `*`, each with the id of its annotation or None."""
    for part in _STACKED.findall(field_):
        found = _WITH_ID.fullmatch(part)
        value = found[1] if found else part
        yield None if value == "*" else _ESCAPED.sub(_unescaped, value), found and found[2]


def _token(raw: str, text: str) -> str:
    """Return a token. Some versions escape it and others do not: it is escaped unless it stands in the text of the sentence as it is."""
    return raw if "\\" not in raw or raw in _ESCAPED.sub(_unescaped, text) else _ESCAPED.sub(_unescaped, raw)


def _unescaped(found: re.Match[str]) -> str:
    escaped = found[1]
    if len(escaped) == 5:
        return chr(int(escaped[1:], 16))
    return _MEANING.get(escaped, escaped)
