"""A JSON document with one thing wrong in it: every value replaced by every odd one, every key taken out, a key added."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

_MARK = "\x00raw {}\x00"
_RAW = ("1e400", "NaN", "1" * 10_000, "[" * 5_000 + "]" * 5_000, '{"a": 1, "a": 2}')
"""Values that Python does not write."""
_VALUES: tuple[Any, ...] = (
    None, 5, -1, 0, 10**30, 0.5, True, False, "", "\n", [], {}, [5], [None], [[]], {"a": 1}, {"": None}, "x" * 100_000, "\ud800", "../../../x",
    "\x1b[2J\x07\x9b\u202e\x00", "a\x00b", "-", "__proto__",
    *(_MARK.format(number) for number in range(len(_RAW))),
)  # fmt: skip
WHOLE = (
    b"", b"null", b"5", b'"a"', b"[]", b"{}", b"[5]", b"[null]", b"[[]]", b'{"a": 1}', b"NaN", b"\xff", b"\xef\xbb\xbf", b"{", b"\x00" * 100,
    b"[" * 100_000, b"1" * 10_000, b'"\\ud800"', b"{}\n{}", b"\n\n", b"{}" * 1000,
)  # fmt: skip
"""Contents of a file that are something else as a whole."""


def _places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all values; of a long list, those of its first and last items."""
    yield before
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _places(part, (*before, key))
    elif isinstance(value, list):
        for position in sorted({0, len(value) - 1} if value else ()):
            yield from _places(value[position], (*before, position))


def _written(document: Any) -> str:
    text = json.dumps(document)
    for number, raw in enumerate(_RAW):
        text = text.replace(json.dumps(_MARK.format(number)), raw)
    return text


def spoiled(document: Any) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield what is wrong in a text, and what writes the text."""
    for place in _places(document):
        name = ".".join(map(str, place))
        for value in _VALUES:
            yield f"{name} = {value!r:.40}", partial(_replaced, document, place, value)
        inner = _inside(document, place)
        if place and isinstance(_inside(document, place[:-1]), dict):
            yield f"{name} taken out", partial(_changed, document, place[:-1], partial(_without, place[-1]))
        if isinstance(inner, dict):
            yield f"{name} with a key more", partial(_changed, document, place, _with_a_key_more)
        if isinstance(inner, list) and inner:
            yield f"{name} with an item twice", partial(_changed, document, place, lambda items: items.append(items[0]))


def _replaced(document: Any, place: tuple[Any, ...], value: Any) -> str:
    if not place:
        return _written(value)
    changed = copy.deepcopy(document)
    _inside(changed, place[:-1])[place[-1]] = value
    return _written(changed)


def _changed(document: Any, place: tuple[Any, ...], change: Callable[[Any], object]) -> str:
    changed = copy.deepcopy(document)
    change(_inside(changed, place))
    return _written(changed)


def _with_a_key_more(mapping: dict[str, Any]) -> None:
    mapping["unknown \x1b"] = {"a": [None]}


def _without(key: str, mapping: dict[str, Any]) -> None:
    del mapping[key]


def _inside(value: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        value = value[step]
    return value
