"""YAML that remembers on which line each value stood, for errors that name a line; files that extend others; schemas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from ..errors import LmnError
from ..files import yaml_errors

KeyPath = tuple[str | int, ...]
_STRING = "tag:yaml.org,2002:str"


class YamlFile:
    """A parsed YAML file.

    Attributes:
        path: as given.
        value: mappings, lists and scalars.

    Raises:
        LmnError: the file cannot be read, is not YAML, or a key stands twice in one mapping.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise LmnError(f"{path}: cannot be read ({error})") from error
        with yaml_errors(path):
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            self._check_keys(node)
            self.value: Any = yaml.safe_load(text)
        self._node = node

    def line_of(self, keys: Sequence[str | int]) -> int | None:
        """Return the line, from 1, of the value (of its key, in a mapping) at a path of keys; None if it is not in this file."""
        node, line = self._node, 1
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                for key_node, value_node in node.value:
                    if key_node.value == str(key):
                        node, line = value_node, key_node.start_mark.line + 1
                        break
                else:
                    return None
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
                line = node.start_mark.line + 1
            else:
                return None
        return line

    def _check_keys(self, node: yaml.Node | None) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key_node, value_node in node.value:
                line = key_node.start_mark.line + 1
                if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _STRING:
                    raise LmnError(
                        f"{self.path}:{line}: a key is a word; write it in quotes if it looks like a number, or like yes or no "
                        "(for <<, use extends)"
                    )
                if key_node.value in seen:
                    raise LmnError(f"{self.path}:{line}: the key {key_node.value!r} stands twice; keep one")
                seen.add(key_node.value)
                self._check_keys(value_node)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._check_keys(item)


def load_extending(
    path: Path,
    find: Callable[[str, Path], Path],
    what: str,
    needed: Sequence[str],
    deep: str = "",
    above: tuple[Path, ...] = (),
) -> tuple[dict[str, Any], list[YamlFile]]:
    """Return a file's keys over those of the file that its key `extends` names, and the files, its own first.

    Args:
        path: of the file.
        find: finds a file by what `extends` says and the folder of the file that says it.
        what: the kind of file, for errors.
        needed: keys that such a file has, for errors.
        deep: a key whose mappings are merged too, instead of one taking the place of the other.
        above: resolved paths of the files that led here.

    Raises:
        LmnError: a file cannot be read, is no mapping, or extends itself.
    """
    if path.resolve() in above:
        raise LmnError(f"{path}: a {what} cannot extend itself, not even by way of another; take an `extends` out")
    file = YamlFile(path)
    if not isinstance(file.value, dict):
        raise LmnError(f"{path}:1: a {what} is a mapping with the keys {', '.join(needed)}")
    own = dict(file.value)
    base_name = own.pop("extends", None)
    if base_name is None:
        return own, [file]
    if not isinstance(base_name, str):
        raise key_error([file], ("extends",), f"a {what}'s name or path is a string")
    base, files = load_extending(find(base_name, path.parent), find, what, needed, deep, (*above, path.resolve()))
    merged = {**base, **own}
    if isinstance(base.get(deep), dict) and isinstance(own.get(deep), dict):
        merged[deep] = {**base[deep], **own[deep]}
    return merged, [file, *files]


@cache
def load_schema(path: Path) -> dict[str, Any]:
    """Read a JSON Schema written in YAML."""
    schema: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return schema


def key_error(files: Sequence[YamlFile], keys: KeyPath, message: str, what: str = "card") -> LmnError:
    """Return the error for what stands under a path of keys, with the first of the files that has it, and the line.

    Args:
        files: as `load_extending` returns them.
        keys: the path; empty for the file as a whole.
        message: what is wrong and what to do.
        what: the kind of file, for an empty path.
    """
    for file in files:
        line = file.line_of(keys)
        if line is not None:
            return LmnError(f"{file.path}:{line}: {'.'.join(map(str, keys)) or what}: {message}")
    return LmnError(f"{files[0].path}:1: {'.'.join(map(str, keys))}: {message}")


def check_schema(
    value: Any, schema: dict[str, Any], files: Sequence[YamlFile], under: KeyPath = (), what: str = "card"
) -> None:
    """Check a value against a schema.

    Args:
        value: that stands under a path of keys.
        schema: whose descriptions the error quotes.
        files: as `load_extending` returns them.
        under: the path.
        what: the kind of file, for an empty path.

    Raises:
        LmnError: the value is not what the schema says; with file, line and key.
    """
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(value), key=lambda error: list(map(str, error.path))
    )
    if not errors:
        return
    error = jsonschema.exceptions.best_match(errors)
    path: KeyPath = (*under, *error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = list(error.schema.get("properties", ()))
        extra = next(key for key in error.instance if key not in known)
        raise key_error(files, (*path, extra), f"no such key; there are: {', '.join(known)}")
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        raise key_error(files, path, f"the key {missing!r} is missing", what)
    description = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    raise key_error(files, path, error.message + (f"; it is {description}" if description else ""), what)
