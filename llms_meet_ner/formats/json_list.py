"""What the formats share whose output is a JSON list with one object an entity."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..alignment import WrittenEntity
from .json_text import Number, as_number, load


class ListedEntity(NamedTuple):
    """An object of the list: the entity, and the numbers beside it, None for one that is missing or no whole number from 0."""

    mention: WrittenEntity
    numbers: tuple[int | None, ...]


class EntityList(NamedTuple):
    """What was read of a list: None where there is none or no entity in it can be read; `reasons` are words of `alignment.REASONS`."""

    items: list[ListedEntity] | None
    reasons: set[str]


def read_entities(text: str, number_keys: tuple[str, ...], most: int) -> EntityList:
    """Read a list of objects with the keys `text`, `label` and some for numbers.

    One object instead of a list, a list inside a list or as the only value of an object, more keys than asked for and numbers in
    quotes are read, with the reason `loose-json`. What has no text or no label is left out, with the reason `incomplete`.

    Args:
        text: as generated.
        number_keys: the keys for numbers.
        most: entities that are read.
    """
    loaded = load(text)
    reasons = set(loaded.reasons)
    rows = _rows(loaded.value, reasons)
    if rows is None:
        return EntityList(None, reasons)
    items: list[ListedEntity] = []
    for row in rows[:most]:
        mention = _mention(row, reasons)
        if mention is None:
            reasons.add("incomplete")
            continue
        if len(row) > 2 + len(number_keys) or any(type(row.get(key)) is str for key in number_keys):
            reasons.add("loose-json")
        items.append(ListedEntity(mention, tuple([as_number(row.get(key)) for key in number_keys])))
    if len(rows) > most:
        reasons.add("overlong")
    if rows and not items:
        return EntityList(None, reasons)
    return EntityList(items, reasons)


def _rows(value: Any, reasons: set[str]) -> list[Any] | None:
    """Find the list in what was read."""
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


def _mention(row: Any, reasons: set[str]) -> WrittenEntity | None:
    """Return an object's text and label, None if one is missing or empty. A number counts as the text that it is written as."""
    if not isinstance(row, dict):
        return None
    text, label = row.get("text"), row.get("label")
    if not isinstance(text, str) or not isinstance(label, str) or not text or not label:
        return None
    if isinstance(text, Number) or isinstance(label, Number):
        reasons.add("loose-json")
    return WrittenEntity(str(text), str(label))
