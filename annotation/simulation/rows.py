"""The file of a simulation: its settings in the first line, then a line for each finished cell. A run that was killed goes on from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...files import atomic_write, unreadable, unwritable
from ...locking import locked
from ...masking import masked
from ...records import read_jsonl
from ...terminal import echo

ROWS_FILE = "rows.jsonl"
_SETTINGS = "settings"
_CELL = "cell"


class Rows:
    """Rows of a simulation by the name of their cell. `opened_rows` makes one.

    Args:
        path: File of the rows.
        found: Rows of earlier runs, in order.
    """

    def __init__(self, path: Path, found: dict[str, dict[str, Any]]) -> None:
        self.path = path
        self._rows = found

    def __contains__(self, cell: str) -> bool:
        return cell in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, cell: str) -> dict[str, Any] | None:
        """Return the row of a cell; None if it is not finished."""
        return self._rows.get(cell)

    def items(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the finished cells with their rows, in the order in which they were finished."""
        return list(self._rows.items())

    def append(self, cell: str, row: Mapping[str, Any]) -> None:
        """Add the row of a finished cell. It is on the disk when this returns.

        Args:
            cell: Name of the cell.
            row: Values for JSON.

        Raises:
            LmnError: The file cannot be written.
            ValueError: The cell has a row.
        """
        if cell in self._rows:
            raise ValueError(f"{cell} has a row already")
        line = masked(json.dumps({_CELL: cell, **row}, ensure_ascii=False, allow_nan=False)) + "\n"
        try:
            with self.path.open("ab") as file:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise unwritable(error, self.path) from error
        self._rows[cell] = dict(row)


@contextmanager
def opened_rows(path: Path, settings: Mapping[str, Any]) -> Iterator[Rows]:
    """Open the file of a simulation for a block, in which no other process writes to it; begin it if it is missing.

    A last line that was not written to its end is cut off, and said: its cell is computed again. Settings without a row give way to others.

    Args:
        path: File of the rows.
        settings: Values for JSON that the rows follow from.

    Raises:
        LmnError: The file cannot be read or written, is not one of rows, or follows from other settings; the message names them.
    """
    with locked(path):
        settings = json.loads(masked(json.dumps(settings)))
        if path.exists():
            _cut_torn(path)
        if not path.exists() or not path.stat().st_size:
            _write_first(path, settings)
        found = list(_read(path))
        if len(found) == 1 and isinstance(found[0][1].get(_SETTINGS), dict):
            _write_first(path, settings)
        else:
            _check(path, found[0][1], settings)
        yield Rows(path, _by_cell(path, found[1:]))


def read_rows(path: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the settings of a simulation, and its rows by cell.

    Raises:
        LmnError: The file cannot be read, or is not one of rows.
    """
    found = list(_read(path))
    if not found or not isinstance(found[0][1].get(_SETTINGS), dict):
        raise _not_rows(path)
    return found[0][1][_SETTINGS], _by_cell(path, found[1:])


def peeked_rows(path: Path, settings: Mapping[str, Any]) -> Rows:
    """Return the rows of a simulation that may be under way, to be read only: nothing is waited for, made or cut off.

    A last line that is not written to its end yet is left out. Settings that an earlier version did not write are not compared.

    Raises:
        LmnError: The file cannot be read, is not one of rows, or follows from other settings.
    """
    if not path.is_file():
        raise LmnError("no simulation has written here", path, "name the folder of one with --out")
    try:
        lines = path.read_bytes().rpartition(b"\n")[0].decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(error, path) from error
    found: list[tuple[int, Any]] = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append((number, json.loads(line)))
        except ValueError:
            raise LmnError("no JSON", f"{path}:{number}", "remove the line") from None
    if not found or not all(isinstance(row, dict) for _, row in found):
        raise _not_rows(path)
    settings = json.loads(masked(json.dumps(settings)))
    known = found[0][1].get(_SETTINGS) or {}
    _check(path, found[0][1], {key: value for key, value in settings.items() if key in known} if known else settings)
    return Rows(path, _by_cell(path, found[1:]))


def _write_first(path: Path, settings: Mapping[str, Any]) -> None:
    """Write the first line of a file of rows."""
    with atomic_write(path) as file:
        file.write(json.dumps({_SETTINGS: settings}, ensure_ascii=False) + "\n")


def _read(path: Path) -> Iterator[tuple[int, Any]]:
    for number, row in read_jsonl(path):
        if not isinstance(row, dict):
            raise LmnError("not a row of a simulation", f"{path}:{number}", "remove the line, or name another --out")
        yield number, row


def _by_cell(path: Path, found: list[tuple[int, Any]]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for number, row in found:
        cell = row.get(_CELL)
        if not isinstance(cell, str) or cell in rows:
            raise LmnError(
                "not a row of a simulation, or one of a cell that has a row", f"{path}:{number}", "remove the line"
            )
        rows[cell] = {key: value for key, value in row.items() if key != _CELL}
    return rows


def _cut_torn(path: Path) -> None:
    """Cut off a last line that has no end."""
    try:
        with path.open("r+b") as file:
            content = file.read()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                file.truncate(whole)
                echo(f"{path}: the last line was not written to its end, and is cut off", err=True)
    except OSError as error:
        raise unreadable(error, path) from error


def _check(path: Path, first: Any, settings: Mapping[str, Any]) -> None:
    """Refuse rows that follow from other settings.

    Raises:
        LmnError: They do, or the first line holds no settings.
    """
    earlier = first.get(_SETTINGS)
    if not isinstance(earlier, dict):
        raise _not_rows(path)
    changed = [
        f"{key} was {_short(earlier.get(key))} and is {_short(settings.get(key))}"
        for key in dict.fromkeys([*earlier, *settings])
        if earlier.get(key) != settings.get(key)
    ]
    if changed:
        raise LmnError(
            f"holds a simulation with other settings: {'; '.join(changed)}", path,
            "take the same settings, or name another folder with --out",
        )  # fmt: skip


def _short(value: Any) -> str:
    return f"{json.dumps(value, ensure_ascii=False):.80}"


def _not_rows(path: Path) -> LmnError:
    return LmnError("not the rows of a simulation", f"{path}:1", "name another folder with --out")
