"""YAML that remembers the line of each value, for errors that name it; files that extend others; schemas."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..characters import escaped, harmful_in
from ..errors import LmnError, listed
from ..yaml_text import compose_yaml, parse_yaml, read_yaml_text, yaml_value
from .paths import fault_of

if TYPE_CHECKING:
    import jsonschema

KeyPath = tuple[str | int, ...]
"""Keys, and positions in lists from 0, that lead to a value: `("labels", 0, "name")`."""
_LONGEST_CHAIN = 20
_NAMED = 20
"""Missing keys that an error names."""
_STRING = "tag:yaml.org,2002:str"


class YamlFile:
    """A parsed YAML file.

    Args:
        path: Path of the file.
        remedy: Advice for the user if it cannot be read.

    Attributes:
        path: Path of the file, as given.
        value: Content of the file: mappings, lists and scalars.

    Raises:
        LmnError: The file cannot be read, is not YAML, or a mapping has the same key twice.
    """

    def __init__(self, path: Path, remedy: str = "name a YAML file") -> None:
        self.path = path
        self._node = compose_yaml(read_yaml_text(path, remedy), path)
        self._check_keys(self._node)
        self.value: Any = yaml_value(self._node, path)

    def line_of(self, keys: Sequence[str | int]) -> int | None:
        """Return the line, from 1, on which a value begins (in a mapping, its key); None if the file does not have it."""
        return self._found(keys)[1]

    def plain_of(self, keys: Sequence[str | int]) -> str | None:
        """Return a value without quotes as it is written, such as `no`; None if it is not one, or the file does not have it."""
        node, line = self._found(keys)
        return node.value if line and isinstance(node, yaml.ScalarNode) and node.style is None else None

    def _found(self, keys: Sequence[str | int]) -> tuple[yaml.Node | None, int | None]:
        """Return the node of a value, and its line; no line if the file does not have it."""
        node, line = self._node, 1
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                for key_node, value_node in node.value:
                    if key_node.value == str(key):
                        node, line = value_node, key_node.start_mark.line + 1
                        break
                else:
                    return None, None
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
                line = node.start_mark.line + 1
            else:
                return None, None
        return node, line

    def _check_keys(self, node: yaml.Node | None) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key_node, value_node in node.value:
                where = f"{self.path}:{key_node.start_mark.line + 1}"
                if not isinstance(key_node, yaml.ScalarNode) or key_node.tag.endswith(":merge"):
                    raise LmnError("a key is a word", where, "write a word (for <<, use extends)")
                if key_node.tag != _STRING:
                    what, remedy = _not_text(key_node.value, yaml_value(key_node, self.path))
                    raise LmnError(f"a key is a word, and {what}", where, remedy)
                if key_node.value in seen:
                    raise LmnError(f"the key {key_node.value!r} appears twice", where, "keep one")
                seen.add(key_node.value)
                self._check_keys(value_node)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._check_keys(item)


def _not_text(written: str, value: object) -> tuple[str, str]:
    """Return what YAML makes of a word that was meant as text, such as `no`, and the remedy."""
    read = "nothing" if value is None else str(value).lower() if isinstance(value, bool) else "a number"
    return f"YAML reads {written} as {read}", f"quote it: {json.dumps(written)}"


def load_extending(
    path: Path,
    find: Callable[[str, Path], Path],
    kind: str,
    needed: Sequence[str],
    deep: str = "",
    above: tuple[Path, ...] = (),
) -> tuple[dict[str, Any], list[YamlFile]]:
    """Return the keys of a file, merged over those of the file that its key `extends` names, and both files, its own first.

    Args:
        path: The file.
        find: Function that finds a file, given the value of `extends` and the folder of the file that has it.
        kind: Kind of file, for errors.
        needed: Keys that such a file must have, for errors.
        deep: Key whose mappings are merged too; other values replace those of the extended file.
        above: Resolved paths of the files that extend this one.

    Raises:
        LmnError: A file cannot be read, is not a mapping, or extends itself, or more than 20 files extend one another.
    """
    if path.resolve() in above:
        raise LmnError(f"a {kind} cannot extend itself, directly or through another", path, "take an `extends` out")
    if len(above) > _LONGEST_CHAIN:
        raise LmnError(
            f"more than {_LONGEST_CHAIN} files that extend one another", path, "put their keys into fewer files"
        )
    file = YamlFile(path)
    if not isinstance(file.value, dict):
        raise LmnError(f"a {kind} is a mapping with the keys {', '.join(needed)}", f"{path}:1")
    own = dict(file.value)
    base_name = own.pop("extends", None)
    if base_name is None:
        return own, [file]
    if not isinstance(base_name, str):
        raise key_error([file], ("extends",), f"a {kind}'s name or path is a string")
    try:
        found = find(base_name, path.parent)
    except LmnError as error:
        raise error.at(f"{place_of([file], ('extends',))}: {error.where}") from error
    base, files = load_extending(found, find, kind, needed, deep, (*above, path.resolve()))
    merged = {**base, **own}
    if isinstance(base.get(deep), dict) and isinstance(own.get(deep), dict):
        merged[deep] = {**base[deep], **own[deep]}
    return merged, [file, *files]


@cache
def load_schema(path: Path) -> dict[str, Any]:
    """Read a JSON Schema written in YAML, with the properties of the schemas next to it that its key `include` names."""
    schema: dict[str, Any] = parse_yaml(read_yaml_text(path), path)
    for name in schema.pop("include", []):
        schema["properties"].update(load_schema(path.with_name(f"{name}.schema.yaml"))["properties"])
    return schema


def place_of(files: Sequence[YamlFile], keys: KeyPath, kind: str = "card") -> str:
    """Return the place of a value, for errors: `mine.yaml:11: reader.scheme`.

    Args:
        files: Files as `load_extending` returns them; the first one that has the value counts.
        keys: Path of the value; empty for the file as a whole.
        kind: Kind of file, which stands for an empty path.
    """
    name = escaped(".".join(map(str, keys)), keep="") or kind
    for file in files:
        line = file.line_of(keys)
        if line is not None:
            return f"{file.path}:{line}: {name}"
    return f"{files[0].path}:1: {name}"


def key_error(
    files: Sequence[YamlFile], keys: KeyPath, what: str, remedy: str | None = None, *, kind: str = "card"
) -> LmnError:
    """Return the error for a value that is wrong.

    Args:
        files: Files as `load_extending` returns them.
        keys: Path of the value; empty for the file as a whole.
        what: Description of the fault.
        remedy: Advice for the user.
        kind: Kind of file, which stands for an empty path.
    """
    return LmnError(what, place_of(files, keys, kind), remedy)


def _whole_match(_: Any, pattern: str, value: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    """Match a pattern with a whole string: `$` alone also matches before a line break at its end."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        from jsonschema import ValidationError

        yield ValidationError(f"{value!r:.200} does not match {pattern!r}")


def _no_doubles(_: Any, wanted: bool, value: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    """Look for an item that a list has twice, in steps in proportion to its length."""
    if wanted and isinstance(value, list):
        texts = [json.dumps(item, sort_keys=True) for item in value]
        if len(set(texts)) < len(texts):
            from jsonschema import ValidationError

            twice = next(text for text, count in Counter(texts).items() if count > 1)
            yield ValidationError(f"{twice:.200} is listed twice")


def _is_whole(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    return _is_whole(_, value) or (isinstance(value, float) and math.isfinite(value))


def _check_line(value: object) -> bool:
    """Refuse a text with line breaks and other control characters, and one that reorders what is printed after it."""
    if isinstance(value, str) and (harmful := harmful_in(value)):
        raise ValueError(f"the text holds {harmful}, which is not a printed character")
    return True


def _check_text(value: object) -> bool:
    """Refuse what `line` refuses, apart from line breaks and tabs."""
    return _check_line(value.replace("\n", " ").replace("\t", " ") if isinstance(value, str) else value)


def _check_path(value: object) -> bool:
    """Refuse a path that does not stay inside the folder from which it goes on."""
    if isinstance(value, str) and (fault := fault_of(value)):
        raise ValueError(f"{value!r:.200} is {fault}")
    return True


@cache
def _validator_class() -> Any:
    """Return the class of validators with our patterns and types; made when it is first needed, because jsonschema takes long to import."""
    from jsonschema import Draft202012Validator, validators

    numbers = {"integer": _is_whole, "number": _is_number}
    return validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        {"pattern": _whole_match, "uniqueItems": _no_doubles},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(numbers),
    )


@cache
def _formats() -> jsonschema.FormatChecker:
    """Return the checker of the formats `line`, `text` and `path`."""
    from jsonschema import FormatChecker

    formats = FormatChecker(formats=())
    for name, check in (("line", _check_line), ("text", _check_text), ("path", _check_path)):
        formats.checks(name, raises=ValueError)(check)
    return formats


def _validator(schema: Any) -> Any:
    """Return a validator for a schema."""
    return _validator_class()(schema, format_checker=_formats())


def _is_valid(value: object, schema: Any) -> bool:
    return bool(_validator(schema).is_valid(value))


def check_schema(
    value: Any,
    schema: dict[str, Any],
    files: Sequence[YamlFile],
    kind: str = "card",
    inner: Mapping[str, dict[str, Any]] | None = None,
) -> None:
    """Check the value of a file against a schema.

    Args:
        value: The value.
        schema: JSON Schema; errors quote its descriptions. Patterns match whole strings, whole numbers are not written as 1.0, numbers
            are finite, and there are the formats `line`, `text` and `path`.
        files: Files as `load_extending` returns them.
        kind: Kind of file, which stands for an empty path.
        inner: Further schemas of values inside, by their keys.

    Raises:
        LmnError: The value does not follow the schemas; the message names file, line and key, or all keys that are missing.
    """
    found = [_errors(value, schema)]
    found += [_errors(value[key], further, key) for key, further in (inner or {}).items()]
    _check_missing([error for errors in found for error in errors], files, kind)
    errors = next((errors for errors in found if errors), None)
    if errors is None:
        return
    from jsonschema.exceptions import best_match

    error = best_match(errors)
    path: KeyPath = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = list(error.schema.get("properties", ()))
        raise key_error(files, (*path, _unknown_keys(error)[0]), "no such key", f"there are: {', '.join(known)}")
    description = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    written = next((text for file in files if (text := file.plain_of(path)) is not None), None)
    if written and not isinstance(error.instance, str) and _is_valid(written, error.schema):
        raise key_error(files, path, *_not_text(written, error.instance))
    what = str(error.cause) if error.validator == "format" else error.message
    if written == "":
        what = "there is no value"
    raise key_error(files, path, what, f"it is {description}" if description else None, kind=kind)


def _errors(value: Any, schema: dict[str, Any], under: str = "") -> list[jsonschema.ValidationError]:
    """Return the errors of a value, with paths that begin with the key under which the file has it."""
    errors: list[jsonschema.ValidationError] = list(_validator(schema).iter_errors(value))
    for error in errors:
        if under:
            error.path.appendleft(under)
    return sorted(errors, key=lambda error: list(map(str, error.path)))


def _check_missing(errors: Sequence[jsonschema.ValidationError], files: Sequence[YamlFile], kind: str) -> None:
    """Name all keys that are missing, anywhere, in one error, and the keys beside them that do not exist: they may be misspelt."""
    missing: dict[KeyPath, None] = {}
    about: list[str] = []  # descriptions of the keys in the schema
    for error in errors:
        if error.validator == "required":
            instance: Any = error.instance
            required: Any = error.validator_value
            wanted = [key for key in required if key not in instance]
            missing.update(dict.fromkeys((*error.absolute_path, key) for key in wanted))
            keys = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
            about += [text for key in wanted if (text := keys.get(key, {}).get("description"))]
    if not missing:
        return
    places = {path[:-1] for path in missing}
    place = places.pop() if len(places) == 1 else ()
    names = [repr(".".join(map(str, path[len(place) :]))) for path in missing]
    what = f"the key {names[0]} is missing" if len(names) == 1 else f"the keys {listed(names, _NAMED)} are missing"
    odd = [
        ".".join(map(str, (*error.absolute_path, key)))
        for error in errors
        if error.validator == "additionalProperties" and tuple(error.absolute_path) in {path[:-1] for path in missing}
        for key in _unknown_keys(error)
    ]
    remedy = about[0] if len(missing) == 1 and about else None
    raise key_error(files, place, what, f"no such keys: {listed(odd, _NAMED)}" if odd else remedy, kind=kind)


def _unknown_keys(error: jsonschema.ValidationError) -> list[str]:
    """Return the keys that an error of the kind `additionalProperties` is about."""
    known = error.schema.get("properties", ()) if isinstance(error.schema, dict) else ()
    instance: Any = error.instance
    return [escaped(key, keep="") for key in instance if key not in known]
