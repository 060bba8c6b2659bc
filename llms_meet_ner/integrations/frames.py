"""Entities as a frame of pandas."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import count
from typing import Any

from ..errors import LmnError, installing
from ..tagging.tagger import TaggedText

_TYPES = {"start": "int64", "end": "int64", "label": "object", "text": "object", "confidence": "float64"}


def to_frame(results: TaggedText | Iterable[TaggedText], ids: Iterable[Hashable] | None = None) -> Any:
    """Return a frame of pandas with a row for each entity, in the order of the texts.

    Args:
        results: Tagged texts, as `Tagger.tag` or `Tagger.stream` returns them, or one.
        ids: An id for each text; None for its number, from 0.

    Returns:
        A `pandas.DataFrame` with the columns `id` (of the text), `start`, `end` (in characters of the text, end exclusive), `label`,
        `text` (words of the entity) and `confidence` (NaN if there is none).

    Raises:
        LmnError: pandas is missing, or there are more or fewer ids than texts.
    """
    try:
        import pandas
    except ImportError as error:
        raise LmnError(f"a frame needs pandas ({error})", remedy=installing("pandas")) from error
    texts = [results] if isinstance(results, TaggedText) else results
    rows: list[dict[str, Any]] = []
    try:
        for name, tagged in zip(count() if ids is None else ids, texts, strict=ids is not None):
            rows += [{"id": name, **entity.to_dict()} for entity in tagged.entities]
    except ValueError as error:
        raise LmnError("there are more or fewer ids than texts", "ids", "give one for each text") from error
    return pandas.DataFrame(rows, columns=["id", *_TYPES]).astype(_TYPES)
