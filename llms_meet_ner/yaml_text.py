"""The one way to read and write YAML: bounded in size, plain values only, errors that name the line.

Nine lines of YAML can stand for a billion values, because an alias repeats what an anchor names. Every value is therefore counted as
often as it is repeated, before anything is repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from .errors import LmnError
from .files import unreadable

MAX_NODES = 100_000
"""Values and keys that a text may hold, with those that its aliases and merge keys repeat."""
MAX_DEPTH = 100
"""Levels of lists and mappings inside one another, with those that aliases add."""
MAX_BYTES = 1 << 20
"""Size of a file: no card, mix, search or recipe comes near it, and a larger one takes the parser many seconds."""
_MAX_DIGITS = 100
_WORD = re.compile(r"\w[\w.-]*")
_TAG = "tag:yaml.org,2002:"
_PLAIN = {_TAG + name for name in ("null", "bool", "int", "float", "str", "seq", "map", "merge")}
_NUMBERS = {_TAG + "int", _TAG + "float"}
_EXPONENT = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$")
"""Numbers such as 1e-4, which YAML 1.2 and LLaMA-Factory (by OmegaConf) read as numbers, and YAML 1.1 as text."""
_STARTS = list("-+0123456789")
_AS_TEXT = {_TAG + "timestamp", _TAG + "value"}


class _Loader(yaml.SafeLoader):
    """Reads a date and `=` as text, 1e-4 as a number, and stops at the first node too many."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as in the class above
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _AS_TEXT]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._count = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node, which may be an alias."""
        self._count += 1
        if self._count > MAX_NODES:
            raise _too_many()
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


_Loader.add_implicit_resolver(f"{_TAG}float", _EXPONENT, _STARTS)


class _Dumper(yaml.SafeDumper):
    """Puts text in quotes that `_Loader` would read as a number."""


_Dumper.add_implicit_resolver(f"{_TAG}float", _EXPONENT, _STARTS)


class _RefusedError(yaml.MarkedYAMLError):
    """YAML that is well formed and still not read: too large, too deep, or with values that no file of ours has."""


@contextmanager
def _yaml_errors(where: str | Path) -> Iterator[None]:
    """Turn whatever the YAML parser raises in the block into an `LmnError` that names `where`, with the line if it is known."""
    try:
        yield
    except RecursionError as error:
        raise LmnError("not YAML: nested too deep", where) from error
    except (
        yaml.YAMLError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        OverflowError,
    ) as error:  # the parser raises all but the first for text that only looks like a number, or has the tag of one
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).split("\n")[0]
        what = problem if isinstance(error, _RefusedError) else f"not YAML: {problem}"
        raise LmnError(what, f"{where}:{mark.line + 1}" if mark else where) from error


def read_yaml_text(path: Path, remedy: str | None = None) -> str:
    """Return the text of a YAML file; a byte order mark is skipped.

    Args:
        path: The file.
        remedy: Advice for the user if the file cannot be read.

    Raises:
        LmnError: The file cannot be read, is not UTF-8, or is larger than `MAX_BYTES`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise LmnError(f"larger than {MAX_BYTES:,} bytes, which is the most that is read as YAML", path, remedy)
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:  # the latter: not UTF-8, or no path at all
        raise unreadable(error, path, remedy) from error


def compose_yaml(text: str, where: str | Path) -> yaml.Node | None:
    """Parse YAML into nodes, which know their lines; None if the text holds nothing.

    Args:
        text: One YAML document.
        where: File or option, for errors.

    Raises:
        LmnError: The text is not YAML; it holds more than `MAX_NODES` values or `MAX_DEPTH` levels, or refers to itself; or it
            holds something else than text, numbers, truth values, nothing, lists and mappings, or a lone surrogate.
    """
    with _yaml_errors(where):
        loader = _Loader(text)
        try:
            node: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
        if node is not None:
            _measure(node, 1, {})
    return node


def yaml_value(node: yaml.Node | None, where: str | Path) -> Any:
    """Return the value that nodes of `compose_yaml` stand for.

    Raises:
        LmnError: A value does not have the form that its tag asks for, or a key is not a plain value.
    """
    if node is None:
        return None
    with _yaml_errors(where):
        return _Loader("").construct_document(node)


def parse_yaml(text: str, where: str | Path) -> Any:
    """Return the value of a YAML text, as `compose_yaml` and `yaml_value` do.

    Raises:
        LmnError: As these two.
    """
    return yaml_value(compose_yaml(text, where), where)


def front_matter(path: Path) -> Any:
    """Return the value of the YAML that opens a Markdown file between two lines of `---`; None if the file does not open with it.

    Raises:
        LmnError: The file cannot be read; or the YAML is damaged, as `compose_yaml` and `yaml_value` say.
    """
    try:
        with path.open("rb") as file:
            lines = file.read(MAX_BYTES).decode("utf-8-sig", "replace").split("\n")
    except OSError as error:
        raise unreadable(error, path) from error
    marks = [number for number, line in enumerate(lines) if line.rstrip() == "---"]
    if len(marks) < 2 or "".join(lines[: marks[0]]).strip():
        return None
    return parse_yaml("\n".join(lines[marks[0] + 1 : marks[1]]), path)


def to_yaml(value: Any, *, width: float = 80, flow: bool = False) -> str:
    """Return a value as YAML that `parse_yaml` reads back, its keys in their order.

    Args:
        value: Plain value.
        width: Number of characters after which a line is broken.
        flow: Whether lists and mappings are written in brackets.
    """
    text: str = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=width, default_flow_style=flow
    )
    return text


def yaml_word(text: str) -> str:
    """Return a text as a YAML value or key: in quotes, unless it is a word that YAML reads as text anyway."""
    tag = _Loader("").resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return text if _WORD.fullmatch(text) and tag == f"{_TAG}str" else json.dumps(text, ensure_ascii=False)


def _measure(node: yaml.Node, level: int, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return how many nodes a node stands for, itself among them, and how many levels they have.

    Args:
        node: The node.
        level: Level of the node, from 1.
        known: Results by the `id` of a node, so that each node is looked at once. A node that holds itself runs into `MAX_DEPTH`.
    """
    count, depth = known.get(id(node), (0, 0))
    if level + max(depth, 1) > MAX_DEPTH + 1:
        raise _at(node, f"nested deeper than {MAX_DEPTH} levels, or inside itself")
    if depth:
        return count, depth
    if node.tag not in _PLAIN:
        raise _at(node, f"a value with the tag {node.tag.replace(_TAG, '!!')!r}, which is not read")
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node)
        return 1, 1
    count, depth = 1, 0
    children = chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value
    for child in children:
        inner_count, inner_depth = _measure(child, level + 1, known)
        count, depth = count + inner_count, max(depth, inner_depth)
        if count > MAX_NODES:
            raise _too_many()
    known[id(node)] = count, depth + 1
    return known[id(node)]


def _check_scalar(node: yaml.ScalarNode) -> None:
    """Refuse half of a character, which no file can hold, and a number that takes long to compute or cannot be printed."""
    if any("\ud800" <= character <= "\udfff" for character in node.value):
        raise _at(node, "a lone surrogate, which is half of a character")
    if node.tag in _NUMBERS and len(node.value) > _MAX_DIGITS:
        raise _at(node, f"a number of {len(node.value):,} characters; put text in quotes")


def _too_many() -> _RefusedError:
    return _RefusedError(problem=f"more than {MAX_NODES:,} values, with those that aliases repeat")


def _at(node: yaml.Node, problem: str) -> _RefusedError:
    return _RefusedError(problem=problem, problem_mark=node.start_mark)
