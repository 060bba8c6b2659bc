"""Data sets of the `datasets` library without a card: their splits and columns as the library describes them."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import LmnError, installing
from ...files import read_json
from ...hub_client import guard_hub
from ...standard_input import kept_from_libraries
from ..readers.dataset_files import SPLITS_FILE, STATE_FILE, load_file, load_folder, load_from_hub, load_saved
from .candidate import Candidate, are_bare_labels, are_tags

DATASET_MARKS = {SPLITS_FILE, STATE_FILE}
"""Files that `save_to_disk` writes."""
TABLE_ENDINGS = {".parquet", ".arrow"}
"""Endings of files that only the library reads."""
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_LOOKED_AT = 200
_TOKEN_NAMES = ("tokens", "words", "token", "word", "text")


class DatasetLook(NamedTuple):
    """What a data set shows at a look.

    Attributes:
        splits: Names of its splits.
        candidates: Guesses at its columns.
        texts: Some text of it.
    """

    splits: list[str]
    candidates: list[Candidate]
    texts: list[str]


def is_hub_name(word: str) -> bool:
    """Return whether a word may name a data set on the Hub."""
    return bool(_HUB_NAME.fullmatch(word))


def look_at_dataset(folder: Path, path: str) -> DatasetLook:
    """Look at a data set.

    Args:
        folder: Folder that a local data set lies in.
        path: File or folder in it, or name of a data set on the Hub.

    Raises:
        LmnError: The library is not installed or cannot read it, or it has no columns of tokens and tags.
    """
    splits = _splits(folder, path)
    first = max(splits.values(), key=len)
    lists = [name for name, feature in first.features.items() if _inner(feature) is not None]
    sample = first.select_columns(lists)[:_LOOKED_AT] if lists else {}
    tags: dict[str, dict[str, Any]] = {}
    numbers = []
    for name in lists:
        named = list(getattr(_inner(first.features[name]), "names", None) or [])
        values = [item for row in sample[name] for item in row or []]
        shown = named or values
        if are_tags(shown) and any(value != "O" for value in shown):
            tags[name] = {}
        elif (named and "O" in named) or are_bare_labels(values):
            tags[name] = {"scheme": "IO"}
        elif values and all(type(value) is int for value in values):
            numbers.append(name)
    words = [name for name in lists if name not in tags and _are_words(sample[name])]
    words.sort(key=lambda name: _TOKEN_NAMES.index(name) if name in _TOKEN_NAMES else len(_TOKEN_NAMES))
    ranked = sorted(tags, key=lambda name: ("ner" not in name.lower(), bool(tags[name])))
    if not words or not ranked:
        what = (
            f"the tags in {numbers[0]!r} are numbers without names"
            if words and numbers
            else "no columns of tokens and tags"
        )
        remedy = (
            f"it has {', '.join(first.column_names)}: write a card that names them, and reader.tag_names for numbers"
        )
        raise LmnError(what, folder / path, remedy)
    candidates = [
        Candidate(
            {"type": "datasets", "path": path, **tags[name], "tokens": words[0], "tags": name},
            f"its columns {words[0]} and {name} hold tokens and tags",
        )
        for name in ranked
    ]
    return DatasetLook(list(splits), candidates, [" ".join(row) for row in sample[words[0]]])


def _inner(feature: Any) -> Any | None:
    """Return the feature of the items of a list; None for other features."""
    if isinstance(feature, list):
        return feature[0]
    return getattr(feature, "feature", None)


def _are_words(rows: list[Any]) -> bool:
    values = [item for row in rows for item in row or []]
    return bool(values) and all(isinstance(value, str) for value in values)


def _splits(folder: Path, path: str) -> Mapping[str, Any]:
    """Load all splits of a data set, by the ways that the reader uses.

    Raises:
        LmnError: The library is not installed, or cannot read it.
    """
    place = folder / path
    try:
        import datasets

        guard_hub()
    except ImportError as error:
        raise LmnError(f"reading it needs the datasets library ({error})", place, installing("readers")) from error
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    try:
        with kept_from_libraries():
            return _loaded(datasets, folder, path)
    except LmnError:
        raise
    except Exception as error:  # the library raises errors of many kinds, its own and others'
        what = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        raise LmnError(what, place, "check the name, and the connection to the Hub if it lies there") from error


def _loaded(datasets: Any, folder: Path, path: str) -> Mapping[str, Any]:
    place = folder / path
    found: Any
    if place.is_file():
        found = load_file(datasets, folder, place, None)
    elif not place.is_dir():
        found = load_from_hub(datasets, path, None, None, None)
    elif (place / SPLITS_FILE).is_file():
        names = read_json(place / SPLITS_FILE)
        listed = names.get("splits") if isinstance(names, dict) else None
        found = {name: load_saved(datasets, folder, place, name) for name in listed or [] if isinstance(name, str)}
    elif (place / STATE_FILE).is_file():
        state = read_json(place / STATE_FILE)
        own = state.get("_split") if isinstance(state, dict) else None
        name = own if isinstance(own, str) else "train"
        found = {name: load_saved(datasets, folder, place, name)}
    else:
        found = load_folder(datasets, folder, place, None, None)
    if not found:
        raise LmnError("it names no splits", place)
    return dict(found)
