"""Writes JSON in one line, and reads it from a model's output even if it is damaged."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

_MAX_DAMAGED = 4_000
"""Characters of a damaged text that are read; the time to repair them can grow with their square."""
_MAX_DEPTH = 32
"""Brackets that may be open at once in a damaged text; a text that nests deeper is not read."""
_MAX_DIGITS = 9
"""Number of digits of the largest number that is read exactly; a larger one counts as that number."""
_encode = json.JSONEncoder(ensure_ascii=False).encode


class Number(str):
    """A JSON number in its own spelling, so that `1e400` and a number of ten thousand digits stay what they are."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class JsonValue:
    """Result of reading a text.

    Attributes:
        value: A dict, list, str, `Number`, bool or None, and the same inside it; None if nothing could be read.
        reasons: Repairs that were needed, as words of `alignment.REASONS`.
    """

    value: Any
    reasons: frozenset[str] = frozenset()


def dump(value: Any) -> str:
    """Write a value as one line of JSON; only characters that JSON forbids are escaped."""
    return _encode(value)


def load(text: str) -> JsonValue:
    """Read the first line of a text as JSON, and repair damage: a missing end, single quotes, prose around it.

    If an object has a key twice, the lists under it are joined; of other values the first one counts. No text makes this raise,
    and the time grows at most linearly with the text.
    """
    line = text.partition("\n")[0].strip()
    if not line:
        return JsonValue(None, frozenset({"empty"}))
    try:
        return _well_formed(line)
    except (ValueError, RecursionError):
        return _repaired(line)


def as_number(value: Any) -> int | None:
    """Return a value as a whole number from 0, or None if it is not written as one.

    A number of more than nine digits is returned as the largest number of nine digits.
    """
    if not isinstance(value, str):
        return None
    digits = value.strip().removesuffix(".0")
    if not (digits.isascii() and digits.isdigit()):
        return None
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS - 1


class _RepeatedKeyError(Exception):
    """An object has the same key twice."""


def _well_formed(line: str) -> JsonValue:
    try:
        return JsonValue(_STRICT.decode(line))
    except _RepeatedKeyError:
        return JsonValue(_MERGING.decode(line), frozenset({"loose-json"}))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError
    return found


def _merged(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        before = found.setdefault(key, value)
        if before is not value and isinstance(before, list) and isinstance(value, list):
            before += value
    return found


def _decoder(make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=make, parse_int=Number, parse_float=Number, parse_constant=Number)


_STRICT = _decoder(_once)
_MERGING = _decoder(_merged)


def _repaired(line: str) -> JsonValue:
    """Read damaged JSON with json_repair; of a very long text, only the beginning."""
    reasons = {"damaged-json"}
    if len(line) > _MAX_DAMAGED:
        line = line[:_MAX_DAMAGED]
        reasons.add("overlong")
    if max(accumulate((character in "[{(") - (character in "]})") for character in line)) > _MAX_DEPTH:
        return JsonValue(None, frozenset(reasons))
    import json_repair

    try:
        value = _plain(json_repair.loads(line, skip_json_loads=True))
    except Exception:  # a hostile text can make the library raise anything; then the output could not be read
        value = None
    if not isinstance(value, (dict, list)):
        return JsonValue(None, frozenset(reasons))
    return JsonValue(value, frozenset(reasons))


def _plain(value: Any) -> Any:
    """Return a value with its numbers as `Number`; json_repair keeps the spelling only in part."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return Number("NaN")
    return Number(value)
