"""Guesses at the layout of files of columns, and of files with one sentence per line."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ...sentence import DOCSTART
from .candidate import Candidate, are_tags, is_tag
from .looking import Look, rows_of
from .tag_columns import tag_columns

_SEPARATORS = {"tab": "\t", "space": " ", ",": ",", ";": ";"}
_WITHIN = ("|", "/", "_", "\\")
_NUMBERS = re.compile(r"[\d:.,-]*")
_SENTENCE_FLAG = re.compile(r"(end|eo).{0,4}(sent|s)(ence)?", re.IGNORECASE)
_SENTENCE_NAME = re.compile(r"sent", re.IGNORECASE)
_KEYED_COMMENT = re.compile(r"#\s*[\w.:-]+(?: [\w.:-]+)?\s*=\s?")
_MOST = 0.9
_FEWEST_COLUMNS = 0.5
_LONG = 256


class _Table(NamedTuple):
    """The rows of a file with one width.

    Attributes:
        rows: Fields of the rows that have it, comments and header left out.
        width: Number of columns.
        header: Names of the columns; empty if the first line is a row like the others.
        comments: Beginnings of comment lines.
    """

    rows: list[list[str]]
    width: int
    header: list[str]
    comments: list[str]

    def column(self, at: int) -> list[str]:
        """Return the values of a column."""
        return [row[at] for row in self.rows]


def column_candidates(look: Look) -> Iterator[Candidate]:
    """Yield guesses at how a file of columns is read."""
    for name, separator in _SEPARATORS.items():
        quoted = len(name) == 1 and any('"' in line for line in look.lines)
        table = _table(look.lines, separator, quoted)
        if table:
            yield from _of_table(table, name, quoted, look.lines)


def _table(lines: Sequence[str], separator: str, quoted: bool) -> _Table | None:
    rows = list(csv.reader(lines, delimiter=separator)) if quoted else rows_of(lines, separator)
    rows = [row for row in rows if row]
    plain = [row for row in rows if not row[0].startswith("#")]
    if not plain:
        return None
    width, often = Counter(map(len, plain)).most_common(1)[0]
    if width < 2 or often < _FEWEST_COLUMNS * len(plain):
        return None
    same = [row for row in plain if len(row) == width]
    marked = any(is_tag(value) and value != "O" for row in same[1:] for value in row)
    is_named = marked and not any(map(is_tag, same[0])) and any(map(is_tag, same[1]))
    header = same[0] if is_named and same[0] == rows[0] else []
    sound = [row for row in rows if len(row) == width and any(map(is_tag, row))]
    comments = _comments([line for line in lines if line.startswith("#")], [separator.join(row) for row in sound])
    return _Table(same[bool(header) :], width, header, comments)


def _comments(hashed: Sequence[str], sound: Sequence[str]) -> list[str]:
    """Return the beginnings of comment lines, none of which begins a sound row."""
    found: dict[str, None] = {}
    rows = [row for row in sound if row.startswith("#")]
    known = set(rows)
    for line in hashed:
        if " ".join(line.split()) in known or line in known:
            continue
        keyed = _KEYED_COMMENT.match(line)
        for prefix in (line[:2] if line[1:2] in (" ", "\t") else "", keyed[0] if keyed else "", line.split(" ")[0]):
            if prefix and not any(row.startswith(prefix) for row in rows):
                found[prefix] = None
                break
    return list(found)[:20]


def _of_table(table: _Table, name: str, quoted: bool, lines: Sequence[str]) -> Iterator[Candidate]:
    levels, taken, keys = tag_columns([table.column(at) for at in range(table.width)])
    others = [at for at in range(table.width) if at not in taken]
    full = [at for at in others if all(table.column(at))] or others
    words = [at for at in full if not all(map(_NUMBERS.fullmatch, table.column(at)))] or full
    if not levels or not words:
        return
    token = max(words, key=lambda at: (len(set(table.column(at))), -at))
    reader: dict[str, Any] = {"type": "columns", **keys, "separator": name, "token": token, "tag": levels[0]}
    if levels[0] == table.width - 1 and token == 0:
        reader["tag"] = -1
    if name == "space" and table.width == 2:
        reader["separator"] = "last-space"  # reads the same, and keeps a token that holds a space whole
    reader |= {"inner_tags": levels[1:]} if len(levels) > 1 else {}
    reader |= {"comments": table.comments} if table.comments else {}
    reader |= {"header": True} if table.header else {}
    reader |= {"quoted": True} if quoted else {}
    reader |= _sentence_keys(table, {token, *levels}, lines)
    docstart = "boundary" if any(line.startswith(DOCSTART) for line in lines) else "none"
    why = f"{table.width} columns; column {token} holds words, column {', '.join(map(str, levels))} tags"
    yield Candidate(reader, why, docstart, nested=len(levels) > 1)  # type: ignore[arg-type]


def _sentence_keys(table: _Table, used: set[int], lines: Sequence[str]) -> dict[str, Any]:
    """Return the keys of the card's `reader` that say how sentences end; none where empty lines separate them."""
    for at in set(range(table.width)) - used:
        flags = Counter(
            part for value in table.column(at) for part in value.split("|") if _SENTENCE_FLAG.fullmatch(part)
        )
        if flags:
            return {"sentence_end": {"column": at, "flag": flags.most_common(1)[0][0]}}
    between = "\n".join(lines).strip().split("\n")
    if sum(not line.strip() for line in between) * _LONG > len(between):
        return {}
    for at in range(table.width):
        values = [value for value in table.column(at) if value]
        runs = sum(one != other for one, other in pairwise(values)) + 1
        named = bool(table.header) and bool(_SENTENCE_NAME.search(table.header[at]))
        if at not in used and values and (named or (1 < runs == len(set(values)) and 2 * runs < len(table.rows))):
            return {"sentence": at}
    hashed = [line for line in between if line.startswith(tuple(table.comments))] if table.comments else []
    common = os.path.commonprefix(hashed).strip()  # noqa: RUF071  # of texts, not of paths
    return {"sentence_end": {"comment": common}} if len(hashed) > 1 and len(common) > 1 else {}


def line_candidates(look: Look) -> Iterator[Candidate]:
    """Yield guesses at how a file with one sentence per line is read."""
    lines = [line for line in look.lines if line.strip()]
    rows = [[[item for item in field.split(" ") if item] for field in line.split("\t")] for line in lines]
    widths = Counter(map(len, rows))
    if not rows:
        return
    width = widths.most_common(1)[0][0]
    same = [row for row in rows if len(row) == width]
    if width > 1 and len(same) >= _MOST * len(rows) and any(len(field) > 1 for row in same for field in row):
        for tags in range(width):
            for tokens in range(width):
                equal = [len(row[tags]) == len(row[tokens]) for row in same]
                if (
                    tags != tokens
                    and sum(equal) >= _MOST * len(equal)
                    and are_tags(x for row in same for x in row[tags])
                ):
                    reader = {"type": "lines", "separator": "tab", "tokens": tokens, "tags": tags}
                    yield Candidate(reader, f"each line holds tags (column {tags}) and as many words (column {tokens})")
    for mark in _WITHIN:
        items = [item.split(mark) for line in lines for item in line.split(" ") if item]
        if are_tags(parts[-1] for parts in items if len(parts) > 1) and min(map(len, items)) > 1:
            yield Candidate({"type": "lines", "within": mark}, f"each line holds items like {mark.join(items[0])}")
