"""Spans as JSON records write them: lists, mappings under many names for the same things, or mappings from labels to spans."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from .records import MISSING, pick

Ends = Literal["exclusive", "inclusive"]
"""Ways to count an end: the position after the last one of the span, or the last one itself."""

STARTS = ("start", "startoffset", "startidx", "startindex", "startpos", "begin", "beginoffset", "beginidx")
ENDS = ("end", "endoffset", "endidx", "endindex", "endpos", "stop")
LISTS = ("index", "indices", "indexes")
PAIRS = ("span", "pos", "offsets", "offset", "charspan", "tokspan", "tokenspan", "position", "range", "entityindex")
LABELS = ("label", "labels", "type", "entitytype", "entitylabel", "labeltype", "spantype", "tag", "category")
TEXTS = ("text", "name", "mention", "entitytext", "mentiontext", "surface", "word", "phrase", "val")
"""Names of a span's parts, in lower case and without `_` and `-`; `LISTS` hold all positions of a span, `PAIRS` its start and end. Of
several that are there, the first counts. `entity` is the text of a span that has a label under another name, and its label otherwise."""


class SpanKeys(NamedTuple):
    """Keys of a span's parts that a card names; None for the usual names.

    Attributes:
        start: Key of the start, or path of keys.
        end: Key of the end, or path of keys.
        label: Key of the label, or path of keys.
        mention: Key of the text that a span carries, or path of keys.
    """

    start: str | None = None
    end: str | None = None
    label: str | None = None
    mention: str | None = None


USUAL_KEYS = SpanKeys()
"""No key is named."""


class RawSpan(NamedTuple):
    """A span as a file gives it, once for each of its labels.

    Attributes:
        start: First position; characters or tokens, as the file counts.
        end: Last position, or the one after it, as the file counts.
        label: Label.
        text: Text that the file gives for the span; None if it gives none.
        gaps: Whether the file lists the positions, and some between the first and the last are missing.
        is_list: Whether the file lists the positions, so that the last one belongs to the span.
    """

    start: int
    end: int
    label: str
    text: str | None = None
    gaps: bool = False
    is_list: bool = False


class EndRule:
    """The way in which the ends of a file's spans count: as the card says, or else as the text of the first span that has one says.

    Args:
        given: What the card says; None for nothing.
        default: What holds for a span without a text, and for one whose text fits neither way.
    """

    def __init__(self, given: Ends | None, default: Ends = "exclusive") -> None:
        self._given = given
        self._default = default
        self._said: Ends | None = None
        self._has_assumed = False
        self._is_reported = False

    def end_of(self, raw: RawSpan, cut: Callable[[int, int], str]) -> tuple[int, bool]:
        """Return the end of a span, exclusive, and whether its text, if it has one, is what lies there.

        Args:
            raw: The span.
            cut: Function that returns the text from a start to an end, exclusive, as the file counts.
        """
        if raw.is_list:
            return raw.end + 1, raw.text is None or raw.gaps or same_words(raw.text, cut(raw.start, raw.end + 1))
        usual = self.way or self._default
        if raw.text is None or not raw.text.strip() or raw.gaps:
            self._has_assumed = True
            return raw.end + ((self._given or self._default) == "inclusive"), True
        way = self._fitting(raw, cut)
        if way is None or way != (self.way or way):
            return raw.end + (usual == "inclusive"), False
        self._said = way
        return raw.end + (way == "inclusive"), True

    def note(self, *, has_text: bool) -> None:
        """Note spans whose ends count as exclusive: by their texts, or for want of any."""
        if has_text:
            self._said = "exclusive"
        else:
            self._has_assumed = True

    @property
    def way(self) -> Ends | None:
        """The way to count, as far as card and texts have said it."""
        return self._given or self._said

    def advice(self, raw: RawSpan, cut: Callable[[int, int], str]) -> str | None:
        """Return advice for a span whose text does not fit: what to do if it fits the other way to count; None if it does not."""
        way = self._fitting(raw, cut)
        if way is None:
            return None
        if self._given:
            return f"the card's reader with ends: {way} finds it"
        return f"it fits {way} ends, and spans before it {self._said} ones: mend the record"

    @staticmethod
    def _fitting(raw: RawSpan, cut: Callable[[int, int], str]) -> Ends | None:
        """Return the way to count with which the text of a span is what lies there; None for neither."""
        if raw.text is None or raw.is_list or raw.gaps:
            return None
        if same_words(raw.text, cut(raw.start, raw.end)):
            return "exclusive"
        longer = cut(raw.start, raw.end + 1)
        # one character too many that is a space fits as well, but says only that the offsets are counted in another way
        is_whole = longer == longer.strip() and same_words(raw.text, longer)
        return "inclusive" if is_whole else None

    def contradiction(self) -> str | None:
        """Return, once, what contradicts the end that a span without a text was given; None if nothing does."""
        if self._is_reported or self._given or not self._has_assumed or self._said in (None, self._default):
            return None
        self._is_reported = True
        return f"by their texts, spans have {self._said} ends, and others have no text"


ENDS_REMEDY = "the card's reader.ends says how ends count: inclusive or exclusive"


def same_words(one: str, other: str) -> bool:
    """Return whether two texts are the same, apart from white space and composed characters."""
    if one == other:
        return True
    bare, others = ("".join(unicodedata.normalize("NFC", text).split()) for text in (one, other))
    return bare == others


def raw_spans(value: Any, keys: SpanKeys = USUAL_KEYS) -> Iterator[RawSpan | Malformed]:
    """Yield the spans in the value under a record's key for spans, and what is no span.

    Args:
        value: A list of spans, or a mapping from each label to its spans, or to a mapping from the text of a span to its places. A span
            is a list of start, end and label (or label, start and end), or a mapping.
        keys: Keys that the card names.
    """
    if isinstance(value, Mapping):
        for label, spans in value.items():
            yield from _of_label(label, spans, keys)
    elif isinstance(value, list):
        for item in value:
            yield from _of_item(item, keys)
    else:
        yield Malformed(value)


def plain_span(item: Any) -> tuple[int, int, str, str | None] | None:
    """Return start, end, label and text of a span of the plainest kinds, as `raw_spans` does, but faster; None for all others."""
    if type(item) is list and len(item) == 3:
        start, end, label = item
        text = None
    elif type(item) is dict and (names := _plain_names(tuple(item))):
        start, end, label = item[names[0]], item[names[1]], item[names[2]]
        text = item[names[3]] if names[3] else None
        if text is not None and type(text) is not str:
            return None
    else:
        return None
    if type(start) is int and type(end) is int and type(label) is str and label:
        return start, end, label, text
    return None


@lru_cache(1000)
def _plain_names(keys: tuple[str, ...]) -> tuple[str, str, str, str] | None:
    """Return which keys of a mapping are start, end, label and text (empty for none); None where it takes a closer look."""
    usual: dict[str, str] = {}
    for key in keys:
        usual.setdefault(_plain(key), key)
    found = [next((usual[name] for name in names if name in usual), "") for names in (STARTS, ENDS, LABELS, TEXTS)]
    if not all(found[:3]) or "entity" in usual:
        return None
    return found[0], found[1], found[2], found[3]


class Malformed(NamedTuple):
    """A value that is no span.

    Attributes:
        value: The value.
    """

    value: Any


def _of_label(label: str, spans: Any, keys: SpanKeys) -> Iterator[RawSpan | Malformed]:
    """Yield the spans of one label: `[[0, 2]]`, `{"Ann": [[0, 2]]}`, or a list of mappings."""
    if isinstance(spans, Mapping) and all(isinstance(places, list) for places in spans.values()):
        for text, places in spans.items():
            for pair in places if all(isinstance(part, list) for part in places) else [places]:
                yield from _made(pair, label, text, spans)
        return
    for item in spans if isinstance(spans, list) and not _is_pair(spans) else [spans]:
        if isinstance(item, Mapping):
            yield from _of_mapping(item, keys, label)
        else:
            yield from _made(item, label, None, item)


def _is_pair(value: list[Any]) -> bool:
    return len(value) == 2 and all(whole(position) is not None for position in value)


def _of_item(item: Any, keys: SpanKeys) -> Iterator[RawSpan | Malformed]:
    if isinstance(item, Mapping):
        yield from _of_mapping(item, keys)
    elif isinstance(item, list) and len(item) == 3:
        start, end, label = item
        if type(start) is int and type(end) is int and type(label) is str and label:
            yield RawSpan(start, end, label)
            return
        pair, label = (item[:2], item[2]) if isinstance(item[2], str | list) else (item[1:], item[0])
        yield from _made(pair, label, None, item)
    elif isinstance(item, list) and len(item) == 2:
        places, label = item if isinstance(item[0], list) else reversed(item)
        yield from _made(places, label, None, item)
    else:
        yield Malformed(item)


def _of_mapping(item: Mapping[str, Any], keys: SpanKeys, label: str | None = None) -> Iterator[RawSpan | Malformed]:
    """Yield the span in a mapping, once for each of its labels."""
    usual: dict[str, Any] = {}
    for key, value in item.items():
        usual.setdefault(_plain(key), value)
    start, end = _part(item, usual, keys.start, STARTS), _part(item, usual, keys.end, ENDS)
    labels = _part(item, usual, keys.label, LABELS) if label is None else label
    text = _part(item, usual, keys.mention, TEXTS)
    if labels is MISSING:
        labels = usual.get("entity", MISSING)
    elif not isinstance(text, str):
        text = usual.get("entity", MISSING)
    if start is MISSING and type(usual.get("offset")) is int and type(usual.get("length")) is int:
        start, end = usual["offset"], usual["offset"] + usual["length"]
    places, is_list = [start, end], False
    if start is MISSING and end is MISSING:
        is_list = any(isinstance(usual.get(key), list) for key in LISTS)
        places = next((usual[key] for key in (*LISTS, *PAIRS) if isinstance(usual.get(key), list | dict)), places)
    yield from _made(places, labels, text if isinstance(text, str) else None, item, is_list)


def _made(
    places: Any, labels: Any, text: str | None, item: Any, is_list: bool = False
) -> Iterator[RawSpan | Malformed]:
    """Yield a span for each label, or the whole value if it is no span."""
    names = labels if isinstance(labels, list) else [labels]
    parts = _parts(places)
    is_list = is_list or (len(parts) == 1 and len(parts[0]) != 2)
    if len(parts) > 1 and any(len(part) != 2 for part in parts):
        parts = []
    if not parts or not names or not all(isinstance(name, str) and name for name in names):
        yield Malformed(item)
        return
    first, last = min(map(min, parts)), max(map(max, parts))
    if not is_list and len(parts) == 1:
        first, last = parts[0]  # in this order, also if it is wrong
    gaps = len(parts) > 1 or (is_list and len(set(parts[0])) <= last - first)
    for name in names:
        yield RawSpan(first, last, name, text, gaps, is_list)


def _parts(places: Any) -> list[list[int]]:
    """Return the parts of a span, each as a list of positions; an empty list for what is no span."""
    if isinstance(places, Mapping):
        usual = {key.lower(): value for key, value in places.items()}
        places = [next((usual[name] for name in names if name in usual), None) for names in (STARTS, ENDS)]
    if not isinstance(places, list):
        return []
    parts = places if all(isinstance(part, list) for part in places) else [places]
    numbers = [[whole(position) for position in part] for part in parts]
    return [] if any(None in part or not part for part in numbers) else numbers  # type: ignore[return-value]


def whole(value: Any) -> int | None:
    """Return a whole number, also one that was written as 3.0 or "3"; None for anything else."""
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16 else None


@lru_cache(1000)
def _plain(key: str) -> str:
    return key[:100].lower().replace("_", "").replace("-", "")


def _part(item: Mapping[str, Any], usual: Mapping[str, Any], key: str | None, names: Sequence[str]) -> Any:
    return pick(item, key) if key else next((usual[name] for name in names if name in usual), MISSING)
