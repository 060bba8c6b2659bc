"""Reads a JSON list with one object for each entity, for the occurrence and the offset format."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..alignment import WrittenEntity
from .json_text import Number, as_number, load


class ListedEntity(NamedTuple):
    """One object of the list.

    Attributes:
        entity: Text and label.
        numbers: Values of the number keys, in their order; None for one that is missing or not a whole number from 0.
    """

    entity: WrittenEntity
    numbers: tuple[int | None, ...]


class EntityList(NamedTuple):
    """Result of reading a list.

    Attributes:
        entities: Entities in their order; None if there is no list, or no entity in it can be read.
        reasons: Words of `alignment.REASONS`.
    """

    entities: list[ListedEntity] | None
    reasons: set[str]


def read_entities(text: str, number_keys: tuple[str, ...], most: int) -> EntityList:
    """Read a list of objects with the keys `text`, `label` and some keys for numbers.

    These are read too, with the reason `loose-json`: one object instead of a list; a list inside a list, or as the only value of
    an object; keys that were not asked for; numbers in quotes. An object without a text or a label is left out, with the reason
    `incomplete`.

    Args:
        text: Generated text.
        number_keys: Keys whose values are numbers.
        most: Number of entities to read at most.
    """
    loaded = load(text)
    reasons = set(loaded.reasons)
    rows = _rows(loaded.value, reasons)
    if rows is None:
        return EntityList(None, reasons)
    entities: list[ListedEntity] = []
    for row in rows[:most]:
        entity = _entity(row, reasons)
        if entity is None:
            reasons.add("incomplete")
            continue
        if len(row) > 2 + len(number_keys) or any(type(row.get(key)) is str for key in number_keys):
            reasons.add("loose-json")
        entities.append(ListedEntity(entity, tuple([as_number(row.get(key)) for key in number_keys])))
    if len(rows) > most:
        reasons.add("overlong")
    if rows and not entities:
        return EntityList(None, reasons)
    return EntityList(entities, reasons)


def _rows(value: Any, reasons: set[str]) -> list[Any] | None:
    """Find the list in a JSON value."""
    if isinstance(value, dict):
        reasons.add("loose-json")
        lists = [item for item in value.values() if isinstance(item, list)]
        if "text" in value:
            return [value]
        return lists[0] if len(value) == len(lists) == 1 else None
    if not isinstance(value, list):
        return None
    if not any(isinstance(row, list) for row in value):
        return value
    reasons.add("loose-json")
    return [item for row in value for item in (row if isinstance(row, list) else [row])]


def _entity(row: Any, reasons: set[str]) -> WrittenEntity | None:
    """Return the text and the label of an object, or None if one is missing or empty. A number counts as the text it is written as."""
    if not isinstance(row, dict):
        return None
    text, label = row.get("text"), row.get("label")
    if not isinstance(text, str) or not isinstance(label, str) or not text or not label:
        return None
    if isinstance(text, Number) or isinstance(label, Number):
        reasons.add("loose-json")
    return WrittenEntity(str(text), str(label))
