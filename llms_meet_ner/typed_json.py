"""Typed values as JSON and back, by one converter: keys in a set order, ratios written for readers, damage named by its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from cattrs import (
    AttributeValidationNote,
    BaseValidationError,
    ClassValidationError,
    Converter,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, override

from .errors import LmnError

T = TypeVar("T")
_CONVERTER = Converter()
_LAYOUTS: dict[type, str] = {}


class _Place(NamedTuple):
    """Where an attribute stands in the JSON mapping of its class.

    Attributes:
        key: Key; empty where the attribute's own keys stand among those of the class.
        name: Name of the attribute.
    """

    key: str
    name: str


def written_as(kind: type, layout: str) -> None:
    """Set what the JSON mapping of a class holds, in order; a class without a layout holds its fields.

    Args:
        kind: Frozen dataclass.
        layout: Words: `name` of a field, or of a property, which is written and not read; `key=name` where the key is another word;
            `*name` for a part whose keys stand among those of the class, all null where the part is None.
    """
    _LAYOUTS[kind] = layout


@cache
def _places(kind: type) -> tuple[_Place, ...]:
    """Return what the JSON mapping of a class holds."""
    layout = _LAYOUTS.get(kind) or " ".join(field.name for field in fields(kind))
    found = []
    for word in layout.split():
        key, _, name = word.partition("=")
        found.append(_Place("", key[1:]) if key.startswith("*") else _Place(key, name or key))
    return tuple(found)


def _key_of(kind: type, name: str) -> str:
    """Return the key of an attribute; empty for one whose keys stand among those of its class."""
    return next((place.key for place in _places(kind) if place.name == name), name)


def _keys_of_part(kind: type, name: str) -> list[str]:
    """Return the keys of a part that may be None and stands among the keys of its class."""
    (part,) = (found for found in get_args(get_type_hints(kind)[name]) if found is not NoneType)
    return [place.key for place in _places(part)]


@_CONVERTER.register_unstructure_hook_factory(is_dataclass)
def _writer(kind: Any) -> Callable[[Any], dict[str, Any]]:
    def write(value: Any) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for key, name in _places(kind):
            part = getattr(value, name)
            if key:
                row[key] = to_json(part)
            else:
                row |= dict.fromkeys(_keys_of_part(kind, name)) if part is None else to_json(part)
        return row

    return write


@_CONVERTER.register_structure_hook_factory(is_dataclass)
def _reader(kind: Any) -> Callable[[Any, Any], Any]:
    flat = [name for key, name in _places(kind) if not key]
    keys = {field.name: _key_of(kind, field.name) for field in fields(kind) if field.name not in flat}
    needed = [key for key, _ in _places(kind) if key in keys.values()]
    renamed: Any = {name: override(rename=key) for name, key in keys.items()}
    read = make_dict_structure_fn(kind, _CONVERTER, **renamed)

    def read_mapping(row: dict[str, Any], _: Any) -> Any:
        if missing := [key for key in needed if key not in row]:
            raise ValueError(f"{missing[0]} is missing")
        return read({**row, **dict.fromkeys(flat, row)}, kind)

    return _checked(dict, "a mapping", read_mapping)


def _only(kind: type, name: str) -> Callable[[Any, Any], Any]:
    """Return what reads a plain value and takes no other type for it; a whole number is a number too."""
    kinds = (int, float) if kind is float else (kind,)

    def read(value: Any, _: Any) -> Any:
        if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{value!r:.60} is not {name}")
        return value

    return read


for _kind, _name in ((str, "a text"), (int, "a whole number"), (float, "a number"), (bool, "true or false")):
    _CONVERTER.register_structure_hook(_kind, _only(_kind, _name))


def _checked(kind: type, name: str, read: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return what reads a value as `read` does, after a look at its type."""

    def checked(value: Any, target: Any) -> Any:
        if not isinstance(value, kind):
            raise ValueError(f"{value!r:.60} is not {name}")
        return read(value, target)

    return checked


def _is_a(origin: object) -> Callable[[Any], bool]:
    """Return whether a type is a generic one, such as `tuple[str, ...]` for `tuple`."""
    return lambda kind: get_origin(kind) == origin


@_CONVERTER.register_structure_hook_factory(_is_a(tuple))
def _tuple_reader(kind: Any) -> Callable[[Any, Any], Any]:
    listed: Any = list[get_args(kind)[0]]  # type: ignore[misc]
    return _checked(list, "a list", lambda value, _: tuple(_CONVERTER.structure(value, listed)))


@_CONVERTER.register_structure_hook_factory(_is_a(dict))
def _dict_reader(kind: Any) -> Callable[[Any, Any], Any]:
    mapped: Any = Mapping[get_args(kind)]  # type: ignore[misc]
    return _checked(dict, "a mapping", lambda value, _: dict(_CONVERTER.structure(value, mapped)))


@_CONVERTER.register_structure_hook_factory(_is_a(Literal))
def _literal_reader(kind: Any) -> Callable[[Any, Any], Any]:
    known = get_args(kind)

    def read(value: Any, _: Any) -> Any:
        if value not in known:
            raise ValueError(f"{value!r:.60} is not one of {', '.join(known)}")
        return value

    return read


def written_as_list(kind: type) -> None:
    """Have the fields of a class written as a list, without keys."""
    hints = get_type_hints(kind)

    def read(row: Any, _: Any) -> Any:
        if not isinstance(row, list) or len(row) != len(hints):
            raise ValueError(f"{row!r:.60} is not a list of {', '.join(hints)}")
        return kind(*(_CONVERTER.structure(value, hint) for value, hint in zip(row, hints.values())))

    _CONVERTER.register_unstructure_hook(kind, lambda value: [to_json(getattr(value, name)) for name in hints])
    _CONVERTER.register_structure_hook(kind, read)


def to_json(value: Any) -> Any:
    """Return a value as mappings, lists and plain values."""
    return _CONVERTER.unstructure(value)


def from_json(kind: type[T], row: Any, where: object, *, writer: str = "lmn-eval", remedy: str | None = None) -> T:
    """Read what `to_json` returned for a value of a class.

    Args:
        kind: Class of the value.
        row: What JSON holds.
        where: File, or file and line.
        writer: Command that writes such files.
        remedy: What helps if it is damaged.

    Raises:
        LmnError: It is something else, or what it says cannot be; names the key.
    """
    try:
        return _CONVERTER.structure(row, kind)
    except (BaseValidationError, ValueError) as error:
        keys, problem = _first_problem(error)
        if not isinstance(problem, ValueError):
            raise  # a mistake in this program and not in the file
        told = ": ".join(filter(None, [".".join(keys), str(problem)]))
        raise LmnError(f"not as {writer} writes it ({told})", where, remedy) from error


def _first_problem(error: BaseException) -> tuple[list[str], BaseException]:
    """Return the keys of the first thing that is wrong, from the outermost on, and the error there."""
    keys: list[str] = []
    while isinstance(error, BaseValidationError):
        kind = error.cl if isinstance(error, ClassValidationError) else None
        error = error.exceptions[0]
        for note in getattr(error, "__notes__", ()):
            if isinstance(note, IterableValidationNote):
                keys.append(str(note.index))
            elif isinstance(note, AttributeValidationNote) and kind is not None:
                keys += filter(None, [_key_of(kind, note.name)])
    return keys, error
