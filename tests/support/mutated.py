"""Valid YAML and JSON values in which one value after the other is replaced by something else."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

RAW = {
    "a date": "2024-01-01", "no date": "2024-13-45", "an object": "!!python/object/apply:os.mkdir ['ran']", "bytes": "!!binary eA==",
    "a set": "!!set {a}", "a map": "!!omap [a: 1]", "a timestamp": "!!timestamp 2001-01-01", "itself": "&a [*a]", "nan": ".nan",
    "infinity": "-.inf", "too large": "1.0e+400", "a number": "!!int 'x'", "no number": "!!float ''", "base 60": "1" + ":1" * 5000,
    "merged": "{<<: {a: 1}}", "digits": "9" * 5000, "hexadecimal": "0x" + "f" * 90, "octal": "0777", "equals": "=", "tilde": "~",
}  # fmt: skip
"""YAML that JSON does not have."""
VALUES: list[Any] = [
    None, 5, -1, 0, 10**90, 1e300, 1.0, 0.5, True, "", "\n", "a\n", " ", [], {}, [5], [None], [[]], {"a": 1}, {"": None}, ["a", "a"],
    "x" * 100_000, "\ud800", "a\ud800", "\x00", "\x1b[2J", "\u202eabc", "\u2028", "../x", "/etc/passwd", "~", "http://127.0.0.1:9/x",
    "no", "null", "%s", "{0}", "{{1/0}}", "-", "a/b", "*", "[", "pandas", "utf-7", "\N{LATIN SMALL LETTER DOTLESS I}", "-" * 300, "1:0", ":",
]  # fmt: skip
_MARK = "@raw "


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside a value, its own among them."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def mutations(
    value: Any, *, yaml: bool = True, only: random.Random | None = None
) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Yield the place of each change and the text of the changed value, as JSON or as YAML: values replaced, left out, renamed, doubled.

    With a generator of random numbers in `only`, the changes are those of one place, which it draws.
    """
    news = [*VALUES, *(_MARK + name for name in RAW)] if yaml else VALUES
    found = list(places(value))
    for path in found if only is None else [only.choice(found)]:
        for new in news:
            yield path, written(_replaced(value, path, new))
        if path:
            *above, last = path
            for change in ("leave out", "rename", "double"):
                changed = copy.deepcopy(value)
                parent = changed
                for key in above:
                    parent = parent[key]
                old = parent[last]
                if change == "double" and isinstance(parent, list):
                    parent.insert(last, old)
                elif change == "rename" and isinstance(parent, dict):
                    parent[f"{last}\n"] = parent.pop(last)
                elif change == "leave out":
                    del parent[last]
                yield path, written(changed)


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = _replaced(value[path[0]], path[1:], new)
    return changed


def written(value: Any) -> str:
    """Return JSON in which the marks of `RAW` are replaced by their YAML."""
    text = re.sub(r"([:\[,] -?\d+)(e[-+]?\d+)", r"\1.0\2", json.dumps(value))  # YAML 1.1 reads 1e-05 as a word
    for name, raw in RAW.items():
        text = text.replace(json.dumps(_MARK + name), raw)
    return text
