"""JSON of strangers, read by one function that leaves nothing open."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

_DEEPEST = 100
_MOST_DIGITS = 300
_TOO_DEEP = f"nested more than {_DEEPEST} deep"
_SURROGATES = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Escapes of JSON: a backslash, a surrogate pair, or half of one."""


def parse_json(text: str, *, mend: bool = False) -> Any:
    """Read a JSON text of a stranger.

    What JSON leaves open is decided: a mapping holds each key once, values nest at most 100 deep, a whole number has at most 300 digits.
    NaN and infinities are read, because trainers write them.

    Args:
        text: The text.
        mend: Whether half a surrogate pair, which no file of ours can hold, becomes U+FFFD; otherwise it is an error.

    Raises:
        ValueError: The text is not JSON (`json.JSONDecodeError`, with the line), or breaks one of these rules.
    """
    if "\\u" in text:
        halves = [found for found in _SURROGATES.finditer(text) if found["half"]]
        if halves and not mend:
            raise ValueError(f"half a surrogate pair, {halves[0]['half']}")
        if halves:
            text = _SURROGATES.sub(lambda found: "\\ufffd" if found["half"] else found[0], text)
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    if text.count("[") + text.count("{") > _DEEPEST:
        _check_depth(value)
    return value


def parse_next(text: str, at: int) -> tuple[Any, int]:
    """Read the JSON value that begins at a position of a text, by the rules of `parse_json`, and return it with its end.

    Half a surrogate pair stays: whether it does harm depends on where in the value it stands.

    Raises:
        ValueError: There is no JSON (`json.JSONDecodeError`), or it breaks one of these rules.
    """
    try:
        value, end = _DECODER.raw_decode(text, at)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    if text.count("[", at, end) + text.count("{", at, end) > _DEEPEST:
        _check_depth(value)
    return value, end


def _check_depth(value: Any) -> None:
    """Raise an error if values nest too deep."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            part
            for whole in level
            for part in (whole.values() if isinstance(whole, dict) else whole)
            if isinstance(part, dict | list)
        ]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a mapping of pairs, after making sure that no key is there twice."""
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"key {twice!r:.60} is there twice")
    return mapping


def _whole_number(digits: str) -> int:
    """Return a whole number, which must be small enough to reckon with."""
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits")
    return int(digits)


_DECODER = json.JSONDecoder(object_pairs_hook=_mapping, parse_int=_whole_number)
