"""Guesses at the layout of files of JSON records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..readers import READERS
from ..readers.records import MISSING, pick
from .candidate import Candidate, are_bare_labels, are_tags
from .looking import Look

_DEPTH = 3
_LOOKED_AT = 200
_MOST = 0.9
_FEW, _TAGS = 5, 1000
_TEXTS = ("text", "sentence", "content", "document", "body", "tokens")
_STARTS, _ENDS = ("start", "start_offset", "begin", "offset"), ("end", "end_offset", "stop")

Record = dict[str, Any]


def record_candidates(look: Look) -> Iterator[Candidate]:
    """Yield guesses at how a file of JSON records is read: what single tools write first, then what any may write."""
    for path, records in _levels(_mappings(look.records), "", _DEPTH):
        where = {"records": path} if path else {}
        place = f"the records at {path}" if path else "the records"
        for reader, why, marked in _presets(records):
            yield Candidate({**reader, **where}, f"{place} {why}", marked=marked)
        for reader, why in (*_tagged(records), *_token_spans(records), *_spans(records)):
            yield Candidate({"type": reader["type"], **where, **reader}, f"{place} {why}")


def _mappings(values: Sequence[Any]) -> list[Record]:
    """Return records as mappings: a pair of text and mapping, as spaCy 2 wrote them, becomes one."""
    found: list[Record] = []
    for value in values:
        if isinstance(value, dict):
            found.append(value)
        elif isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict):
            found.append({**value[1], "text": value[0]})
    return found


def _levels(records: list[Record], path: str, depth: int) -> Iterator[tuple[str, list[Record]]]:
    """Yield records, and the records in lists inside them, with the path of keys that leads there."""
    if records:
        yield path, records
    keys = Counter(key for record in records for key, value in record.items() if _is_list_of_mappings(value))
    for key in keys if depth else ():
        inner = [item for record in records for item in (record.get(key) or []) if isinstance(item, dict)]
        yield from _levels(inner[:_LOOKED_AT], f"{path.removesuffix('.*')}.*.{key}.*" if path else key, depth - 1)


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _leaves(records: Sequence[Record]) -> dict[str, list[Any]]:
    """Return the values of records by path of keys: also inside mappings (`data.text`) and in the items of lists (`words.*.text`)."""
    paths: dict[str, None] = {}
    for record in records:
        for key, value in record.items():
            paths[key] = None
            if isinstance(value, dict):
                paths.update(dict.fromkeys(f"{key}.{inner}" for inner in value))
            elif _is_list_of_mappings(value):
                paths.update(dict.fromkeys(f"{key}.*.{inner}" for inner in value[0]))
    return {path: [pick(record, path) for record in records] for path in paths}


def _most(values: Sequence[Any], is_one: Callable[[Any], bool]) -> bool:
    there = [value for value in values if value is not MISSING and value is not None]
    return len(there) >= 0.5 * len(values) and sum(map(is_one, there)) >= _MOST * len(there) > 0


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _tagged(records: Sequence[Record]) -> Iterator[tuple[Record, str]]:
    """Yield guesses for records with a list of tokens and a list of tags."""
    leaves = {path: values for path, values in _leaves(records).items() if _most(values, _is_words)}
    flat = {path: [item for value in values if _is_words(value) for item in value] for path, values in leaves.items()}
    tagged = [path for path, items in flat.items() if are_tags(items)]
    bare = [path for path, items in flat.items() if are_bare_labels(items)] if not tagged else []
    for tags in (*tagged, *bare):
        for tokens, values in leaves.items():
            lengths = [len(a) == len(b) for a, b in zip(values, leaves[tags]) if _is_words(a) and _is_words(b)]
            if tokens not in {*tagged, *bare} and lengths and sum(lengths) >= _MOST * len(lengths):
                scheme = {"scheme": "IO"} if tags in bare else {}
                yield (
                    {"type": "tokens", **scheme, "tokens": tokens, "tags": tags},
                    f"have tokens and tags ({tokens}, {tags})",
                )
                break


def numbered_tags(records: Sequence[Any]) -> str | None:
    """Return the path of tags that are numbers without names, which nobody can guess; None if there are none."""
    leaves = _leaves(_mappings(records))
    words = [values for values in leaves.values() if _most(values, _is_words)]
    for path, values in leaves.items():
        if _most(values, lambda value: isinstance(value, list) and all(type(item) is int for item in value)):
            for tokens in words:
                pairs = [(a, b) for a, b in zip(tokens, values) if isinstance(a, list) and isinstance(b, list)]
                small = sum(len(b) for _, b in pairs) >= _FEW and all(0 <= item < _TAGS for _, b in pairs for item in b)
                if small and all(len(a) == len(b) for a, b in pairs):
                    return path
    return None


def _is_token_entities(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict | list) for item in value)


def _token_spans(records: Sequence[Record]) -> Iterator[tuple[Record, str]]:
    """Yield guesses for records with a list of tokens and entities by token positions."""
    if "token-spans" not in READERS:
        return
    tops = {key: [record.get(key, MISSING) for record in records] for record in records[:1] for key in record}
    tokens = {
        key
        for key, values in tops.items()
        if _most(
            values,
            lambda value: (
                isinstance(value, list) and bool(value) and (isinstance(value[0], str) or _is_words(value[0]))
            ),
        )
    }
    marked = any(
        key not in tokens
        and _most(values, _is_token_entities)
        and any(value for value in values if _is_token_entities(value))
        for key, values in tops.items()
    )
    if tokens and marked:
        yield {"type": "token-spans"}, "have tokens, and entities by their positions"


def _is_span(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) == 3 and type(value[0]) is int and type(value[1]) is int
    if not isinstance(value, dict):
        return False
    pairs = [inner for inner in value.values() if isinstance(inner, list) and len(inner) == 2]
    return (any(key in value for key in _STARTS) and any(key in value for key in _ENDS)) or any(
        type(start) is int and type(end) is int for start, end in pairs
    )


def _is_spans(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_span, value))


def _spans(records: Sequence[Record]) -> Iterator[tuple[Record, str]]:
    """Yield guesses for records with a text and character spans."""
    leaves = _leaves(records)
    texts = [path for path, values in leaves.items() if _most(values, lambda value: isinstance(value, str))]
    spans = [
        path for path, values in leaves.items() if _most(values, _is_spans) and any(v for v in values if _is_spans(v))
    ]
    texts.sort(
        key=lambda path: (path.rpartition(".")[2] not in _TEXTS, -sum(len(str(value)) for value in leaves[path]))
    )
    for key in spans:
        for text in texts[:2]:
            yield {"type": "spans", "text": text, "spans": key}, f"have a text and character spans ({text}, {key})"


def _presets(records: Sequence[Record]) -> Iterator[tuple[Record, str, bool]]:
    """Yield guesses for records of annotation tools, and whether they have keys that only the tool writes."""
    for name, sure, maybe in _TOOLS:
        marked = any(any(map(_has(record), sure)) for record in records[:20])
        if name in READERS and (marked or any(any(map(_has(record), maybe)) for record in records[:20])):
            yield {"type": name}, f"have the keys that {name} writes", marked


def _has(record: Record) -> Callable[[str], bool]:
    """Return a function that says whether a record has keys, given with spaces between them; a key may end in `*`, or begin so."""
    return lambda keys: all(
        any(name.endswith(key[1:]) for name in record) if key.startswith("*") else pick(record, key) is not MISSING
        for key in keys.split()
    )


_TOOLS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "label-studio",
        ("annotations data", "completions data", "annotation_id lead_time", "annotator annotation_id"),
        (),
    ),
    ("prodigy", ("text _input_hash", "text _task_hash", "text spans answer"), ("text spans tokens",)),
    (
        "argilla",
        (
            "fields responses",
            "fields suggestions",
            "*.responses.status",
            "*.suggestion.agent",
            "prediction annotation",
            "annotation_agent text",
        ),
        ("text annotation", "fields"),
    ),
    (
        "doccano",
        ("text entities relations Comments", "text label Comments"),
        ("text label", "text labels", "text entities", "data label"),
    ),
    ("label-mentions", (), ("text label",)),
    ("cluener", (), ("text label",)),
)
"""Keys that records of a tool have together, by the tool's `reader.type`: keys that only it writes, and keys that others write, too."""
