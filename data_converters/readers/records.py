"""Records of JSON files, each with its line: JSON Lines, a JSON list, or records somewhere inside other JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...strict_json import parse_next
from .text_files import open_text

OnMalformed = Callable[[int, str, str], None]
"""Function that takes what is malformed: its line, what was seen, and the remedy."""

MISSING = object()
"""Value of a path of keys that leads nowhere."""

_SPACE = " \t\r\n"


def pick(value: Any, path: str) -> Any:
    """Return the value at a path of keys in a JSON value, or `MISSING`.

    Args:
        value: A JSON value.
        path: A key, or keys and positions in lists (from 0) with dots between them. `*` means every item of a list; the result
            is then a list, without the items that do not have the rest of the path. A key that itself holds dots wins.
    """
    if isinstance(value, dict) and path in value:
        return value[path]
    before, star, after = path.partition("*")
    if not star:
        return _pick_one(value, path.split("."))
    items = _pick_one(value, before.strip(".").split(".")) if before.strip(".") else value
    if not isinstance(items, list):
        return MISSING
    if not after.strip("."):
        return items
    found: list[Any] = []
    for item in items:
        inner = pick(item, after.strip("."))
        if inner is not MISSING:
            found += inner if "*" in after and isinstance(inner, list) else [inner]
    return found


def _pick_one(value: Any, keys: list[str]) -> Any:
    for key in keys:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return MISSING
    return value


def read_records(
    path: Path, encoding: str, where_in_file: str | None, on_malformed: OnMalformed, progress: bool = False
) -> Iterator[tuple[int, Any]]:
    """Yield the records of a JSON file, each with the line, from 1, on which it (or the value that holds it) begins.

    JSON Lines are read one at a time. A file that is one list, or JSON over several lines, is read whole.

    Args:
        path: The file.
        encoding: Encoding of the file.
        where_in_file: Path of keys from each value of the file to its records; None if the values are the records.
        on_malformed: Function that takes the lines of a JSON Lines file that are not JSON, and values without records.
        progress: Whether to show a progress bar on standard error if that is a terminal.

    Raises:
        LmnError: The file cannot be read, or is not JSON.
    """
    for number, value in _values(path, encoding, on_malformed, progress):
        if where_in_file is None:
            yield number, value
            continue
        found = pick(value, where_in_file)
        if found is MISSING:
            on_malformed(number, f"nothing at {where_in_file}", "the card's reader.records names the place")
        elif isinstance(found, list):
            yield from ((number, record) for record in found)
        else:
            yield number, found


def _values(path: Path, encoding: str, on_malformed: OnMalformed, progress: bool) -> Iterator[tuple[int, Any]]:
    with open_text(path, encoding, progress) as file:
        lines = ((number, line) for number, line in enumerate(file, start=1) if line.strip())
        number, line = next(lines, (1, ""))
        try:
            value = _line_value(line) if line else MISSING
        except ValueError:
            yield from _document(path, number, line + file.read())
            return
        following = next(lines, None)
        # a text and its annotation, as spaCy 2 wrote them
        is_pair = isinstance(value, list) and list(map(type, value)) == [str, dict]
        if isinstance(value, list) and following is None and not is_pair:
            yield from _document(path, number, line)
            return
        if value is not MISSING:
            yield number, value
        for number, line in chain([following] if following else [], lines):
            try:
                value = _line_value(line)
            except ValueError as error:
                remedy = "every line holds one JSON value; mend it, or take it out"
                on_malformed(number, f"not JSON ({error})", remedy)
            else:
                yield number, value


def _line_value(line: str) -> Any:
    """Return the one JSON value of a line.

    Raises:
        ValueError: The line holds something else.
    """
    value, end = parse_next(line, _skip(line, 0, _SPACE))
    if _skip(line, end, _SPACE) < len(line):
        raise json.JSONDecodeError("Extra data", line, end)
    return value


def _document(path: Path, number: int, text: str) -> Iterator[tuple[int, Any]]:
    """Yield the values in a text: the items of a list, or one value after another."""
    at = _skip(text, 0, _SPACE)
    in_list = text.startswith("[", at)
    at += in_list
    last = 0
    separators = _SPACE + "," if in_list else _SPACE
    while True:
        at = _skip(text, at, separators)
        number += text.count("\n", last, at)
        last = at
        if at == len(text) or (in_list and text[at] == "]"):
            break
        try:
            value, at = parse_next(text, at)
        except ValueError as error:
            line = number + text.count("\n", last, getattr(error, "pos", last))
            raise LmnError(f"not JSON ({getattr(error, 'msg', error)})", f"{path}:{line}", "mend the file") from error
        yield number, value
    if in_list and (at == len(text) or text[at + 1 :].strip()):
        number += text.count("\n", last, _skip(text, at + 1, _SPACE))
        raise LmnError("not JSON (a list without an end, or more after it)", f"{path}:{number}", "mend the file")


def _skip(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at


class RecordFilter:
    """Chooses the records of a file that have the values in a card's `reader.where`.

    Args:
        wanted: Values by key, or by path of keys.
        report: Function that takes the line of each record left out, and the reason.
    """

    def __init__(self, wanted: Mapping[str, Any], report: Callable[[int, str], None]) -> None:
        self.wanted = wanted
        self._report = report
        self._read = 0
        self._left_out = 0

    def accepts(self, number: int, record: Any) -> bool:
        """Return whether a record has the required values, and report one that does not."""
        self._read += 1
        for key, wanted in self.wanted.items():
            value = pick(record, key)
            if value != wanted or isinstance(value, bool) != isinstance(wanted, bool):
                self._left_out += 1
                seen = "nothing" if value is MISSING else repr(value)
                self._report(number, f"{key} is {seen}, not {wanted!r}")
                return False
        return True

    def check(self, file: str) -> None:
        """Check, after the last record, that some were read.

        Raises:
            LmnError: All records were left out.
        """
        if self._read and self._left_out == self._read:
            wanted = ", ".join(f"{key}: {value!r}" for key, value in self.wanted.items())
            raise LmnError(
                f"none of {self._read} records has {wanted}",
                file,
                "the card's reader.where says which are read (in YAML a word like no, yes, on or off is a string only in quotes)",
            )


def is_text(value: str) -> bool:
    """Return whether a string holds whole characters only. JSON can also write half of a pair of UTF-16 units."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)
