"""Typed values as JSON and back, by one converter: keys in a set order, ratios written for readers, damage named by its key."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

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
_Read = Callable[[Any, Any], Any]
"""Reads a JSON value; the second argument, which cattrs gives, is the type that is wanted."""
_WORD = re.compile(r"(?:(?P<key>\w+)=)?(?P<mark>[*:]?)(?P<name>\w+)(?P<late>\?{0,2})")
_LARGEST = 2**64
"""Largest whole number that is read: nothing of ours counts further, and no seed is larger."""
_CONVERTER = Converter()
Count = Annotated[int, "a count"]
"""A whole number that is not negative: a file with another one is refused."""
Share = Annotated[float, "a share"]
"""A number from 0 to 1: a file with another one is refused."""


class _Place(NamedTuple):
    """Place of an attribute in the JSON mapping of its class.

    Attributes:
        key: Key; empty if the attribute's own keys are mixed in with the keys of the class.
        name: Name of the attribute.
        pairs: Whether the attribute holds pairs that are written as a mapping.
        late: Whether files of earlier versions lack the key, so that the default is read.
        unsaid: Whether the key is left out where the value is the default.
    """

    key: str
    name: str
    pairs: bool = False
    late: bool = False
    unsaid: bool = False


_PLACES: dict[type, tuple[_Place, ...]] = {}
"""Layouts that were set, and those of classes that were written or read without one; neither changes any more."""


def written_as(kind: type, layout: str) -> None:
    """Set what the JSON mapping of a class holds, in order; a class without a layout holds its fields.

    Call it once, in the module of the class or in the module that writes its file.

    Args:
        kind: Frozen dataclass.
        layout: Words: `name` of a field, or of a property, which is written and not read; `key=name` where the key is another word;
            `key=:name` for pairs that are written as a mapping; `name?` for a field that files of earlier versions lack;
            `name??` for one that is left out, too, where it has its default, so that the files stay those of earlier versions;
            `*name` for a part whose keys are mixed in with the keys of the class, all null if the part is None.

    Raises:
        ValueError: The class has a layout, or was written or read without one; or a word does not fit it.
    """
    if kind in _PLACES:
        raise ValueError(f"{kind.__name__} has a layout already, or was written or read without one")
    _PLACES[kind] = tuple(_place(kind, word) for word in layout.split())


def _place(kind: type, word: str) -> _Place:
    """Return the place that a word of a layout describes, checked against the class."""
    match = _WORD.fullmatch(word)
    if not match or not (match["name"] in _defaults(kind) or isinstance(getattr(kind, match["name"], None), property)):
        raise ValueError(f"{kind.__name__} has no field or property for {word!r}")
    key, mark, name, late = match["key"], match["mark"], match["name"], bool(match["late"])
    if (mark == "*" and (key or not is_dataclass(_part_of(kind, name)))) or (late and not _defaults(kind)[name]):
        raise ValueError(f"{word!r} does not fit {kind.__name__}.{name}")
    return _Place("" if mark == "*" else key or name, name, mark == ":", late, match["late"] == "??")


def _defaults(kind: type) -> dict[str, bool]:
    """Return the fields of a dataclass, each with whether it has a default."""
    return {
        field.name: field.default is not MISSING or field.default_factory is not MISSING
        for field in fields(kind)
    }  # fmt: skip


def _part_of(kind: type, name: str) -> Any:
    """Return the type of an attribute without the None that it may be."""
    hint = get_type_hints(kind).get(name)
    return next((found for found in get_args(hint) if found is not NoneType), hint)


def _places(kind: type) -> tuple[_Place, ...]:
    """Return what the JSON mapping of a class holds: from now on the fields, if no layout was set."""
    return _PLACES.setdefault(kind, tuple(_Place(field.name, field.name) for field in fields(kind)))


def _keys(kind: type) -> Iterator[str]:
    """Yield all keys of the JSON mapping of a class."""
    for place in _places(kind):
        yield from [place.key] if place.key else _keys(_part_of(kind, place.name))


def _key_of(kind: type, name: str) -> str:
    """Return the key of an attribute; empty if its own keys are mixed in with the keys of its class."""
    return next((place.key for place in _places(kind) if place.name == name), name)


@_CONVERTER.register_unstructure_hook_factory(is_dataclass)
def _mapping_writer(kind: Any) -> Callable[[Any], dict[str, Any]]:
    """Return what writes a dataclass as a mapping."""
    defaults = {field.name: field.default for field in fields(kind)}

    def write_mapping(value: Any) -> dict[str, Any]:
        """Write the attributes in the order of the layout."""
        row: dict[str, Any] = {}
        for key, name, pairs, _, unsaid in _places(kind):
            part = getattr(value, name)
            if unsaid and part == defaults[name]:
                continue
            if key:
                row[key] = to_json(dict(part) if pairs else part)
            else:
                row |= dict.fromkeys(_keys(_part_of(kind, name))) if part is None else to_json(part)
        return row

    return write_mapping


@_CONVERTER.register_structure_hook_factory(is_dataclass)
def _mapping_reader(kind: Any) -> _Read:
    """Return what reads a dataclass from a mapping."""
    places = [place for place in _places(kind) if place.name in _defaults(kind)]
    parts = {place.name: list(_keys(_part_of(kind, place.name))) for place in places if not place.key}
    required = [place.key for place in places if place.key and not place.late]
    required += [
        name for name, late in _defaults(kind).items() if not late and name not in {place.name for place in places}
    ]
    optional = [name for name in parts if NoneType in get_args(get_type_hints(kind)[name])]
    overrides: Any = {
        place.name: override(
            rename=place.key, struct_hook=_pairs_reader(kind, place.name) if place.pairs else _bounds_reader(kind, place.name)
        )
        for place in places if place.key
    }  # fmt: skip
    read_fields = make_dict_structure_fn(kind, _CONVERTER, **overrides)

    def read_mapping(row: dict[str, Any], _: Any) -> Any:
        """Read the fields; a part among them gets its own keys, or None if they are all null."""
        if missing := [key for key in required if key not in row]:
            raise ValueError(f"{missing[0]} is missing")
        found = {name: {key: row[key] for key in keys if key in row} for name, keys in parts.items()}
        nothing = {
            name: None for name in optional if found[name] and set(map(type, found[name].values())) == {NoneType}
        }
        return read_fields({**row, **found, **nothing}, kind)

    return _checked(dict, "a mapping", read_mapping)


def _bounds_reader(kind: type, name: str) -> _Read | None:
    """Return what reads a field whose type has bounds (`Count`, `Share`), which cattrs would not see; None for another field."""
    hint = get_type_hints(kind, include_extras=True)[name]
    if hint == get_type_hints(kind)[name]:
        return None
    return lambda value, _: _CONVERTER.structure(value, hint)


def _pairs_reader(kind: type, name: str) -> _Read:
    """Return what reads a field of pairs from a mapping."""
    mapped: Any = dict[get_args(_part_of(kind, name))]  # type: ignore[misc]

    def read_pairs(value: Any, _: Any) -> tuple[Any, ...]:
        """Read a mapping as pairs."""
        return tuple(_CONVERTER.structure(value, mapped).items())

    return read_pairs


def _checked(kind: type, name: str, read: _Read) -> _Read:
    """Return what reads a value as `read` does, after a look at its type."""

    def read_checked(value: Any, target: Any) -> Any:
        """Refuse a value of another type."""
        if not isinstance(value, kind):
            raise ValueError(f"{value!r:.60} is not {name}")
        return read(value, target)

    return read_checked


def _plain_reader(kind: type, name: str) -> _Read:
    """Return what reads a plain value and takes no other type for it; a whole number is a number too, NaN is not."""
    kinds = (int, float) if kind is float else (kind,)

    def read_plain(value: Any, _: Any) -> Any:
        """Refuse a value of another type."""
        odd = (isinstance(value, bool) and kind is not bool) or (isinstance(value, float) and not math.isfinite(value))
        if kind is not bool and isinstance(value, int) and abs(value) > _LARGEST:
            raise ValueError(f"{value!r:.60} is too large a number")
        if odd or not isinstance(value, kinds):
            raise ValueError(f"{value!r:.60} is not {name}")
        return value

    return read_plain


for _kind, _name in ((str, "a text"), (int, "a whole number"), (float, "a number"), (bool, "true or false")):
    _CONVERTER.register_structure_hook(_kind, _plain_reader(_kind, _name))


def _bounded_reader(kind: type, name: str, highest: float) -> _Read:
    """Return what reads a plain number, which must not be negative."""
    read_plain = _plain_reader(kind, "a whole number" if kind is int else "a number")

    def read_bounded(value: Any, target: Any) -> Any:
        """Refuse a number out of bounds."""
        if not 0 <= read_plain(value, target) <= highest:
            raise ValueError(f"{value!r:.60} is not {name}")
        return value

    return read_bounded


_COUNT_READER = _bounded_reader(int, "a count, which is not negative", _LARGEST)
_SHARE_READER = _bounded_reader(float, "from 0 to 1", 1)
_CONVERTER.register_structure_hook_func(lambda found: found == Count, _COUNT_READER)
_CONVERTER.register_structure_hook_func(lambda found: found == Share, _SHARE_READER)


def _is_a(origin: object) -> Callable[[Any], bool]:
    """Return whether a type is a generic one, such as `tuple[str, ...]` for `tuple`."""
    return lambda kind: get_origin(kind) == origin


@_CONVERTER.register_structure_hook_factory(_is_a(tuple))
def _tuple_reader(kind: Any) -> _Read:
    """Return what reads a tuple of values of one type."""
    listed: Any = list[get_args(kind)[0]]  # type: ignore[misc]
    return _checked(list, "a list", lambda value, _: tuple(_CONVERTER.structure(value, listed)))


@_CONVERTER.register_structure_hook_factory(_is_a(dict))
def _dict_reader(kind: Any) -> _Read:
    """Return what reads a dictionary."""
    mapped: Any = Mapping[get_args(kind)]  # type: ignore[misc]
    return _checked(dict, "a mapping", lambda value, _: dict(_CONVERTER.structure(value, mapped)))


@_CONVERTER.register_structure_hook_factory(_is_a(Literal))
def _literal_reader(kind: Any) -> _Read:
    """Return what reads one of a few words."""
    known = get_args(kind)

    def read_literal(value: Any, _: Any) -> Any:
        """Refuse every other word."""
        if value not in known:
            raise ValueError(f"{value!r:.60} is not one of {', '.join(known)}")
        return value

    return read_literal


def read_as_it_is(kind: Any) -> None:
    """Have values of a type read without a look at them; the class that holds them checks them when it is made."""
    _CONVERTER.register_structure_hook_func(lambda found: found == kind, lambda value, _: value)


def written_as_list(kind: type) -> None:
    """Have the fields of a class written as a list, without keys."""
    hints = get_type_hints(kind)

    def write_list(value: Any) -> list[Any]:
        """Write the fields in their order."""
        return [to_json(getattr(value, name)) for name in hints]

    def read_list(row: Any, _: Any) -> Any:
        """Read the fields in their order."""
        if not isinstance(row, list) or len(row) != len(hints):
            raise ValueError(f"{row!r:.60} is not a list of {', '.join(hints)}")
        return kind(*(_CONVERTER.structure(value, hint) for value, hint in zip(row, hints.values())))

    _CONVERTER.register_unstructure_hook(kind, write_list)
    _CONVERTER.register_structure_hook(kind, read_list)


def to_json(value: Any) -> Any:
    """Return a value as mappings, lists and plain values."""
    return _CONVERTER.unstructure(value)


def from_json(kind: type[T], row: Any, where: object, *, writer: str, remedy: str | None = None) -> T:
    """Read what `to_json` returned for a value of a class.

    Keys that the class does not have are ignored: a later version may have written them.

    Args:
        kind: Class of the value.
        row: Value read from JSON.
        where: File, or file and line.
        writer: Command that writes such files.
        remedy: Advice if the value is damaged.

    Raises:
        LmnError: The value does not fit the class, or the class refuses it; the message names the key.
    """
    try:
        return _CONVERTER.structure(row, kind)
    except (BaseValidationError, ValueError) as error:
        keys, problem = _first_problem(error)
        if not isinstance(problem, ValueError):
            raise  # a mistake in this program and not in the file
        damage = ": ".join(filter(None, [".".join(keys), str(problem)]))
        raise LmnError(f"not as {writer} writes it ({damage})", where, remedy) from error


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
