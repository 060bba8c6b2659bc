"""Entities as a column of a data set of the package `datasets`, in memory, on disk or streamed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import LmnError
from .fields import check_free, no_field

Mark = Callable[[Sequence[str]], Sequence[Sequence[dict[str, Any]]]]
"""Returns the entities of each text."""
_TOGETHER = 1000
"""Number of texts that are tagged together."""


def map_dataset(dataset: Any, mark: Mark, field: str, entities_field: str) -> Any:
    """Return a data set with one more column: the entities of a text column.

    Args:
        dataset: `Dataset`, `IterableDataset`, or a mapping of either by the names of splits.
        mark: Marks texts.
        field: Name of the column of texts.
        entities_field: Name of the new column.

    Raises:
        LmnError: There is no column of texts, there is one of the new name, or a row has no text. In a streamed data set, the latter come
            up when its rows are read.
    """
    if isinstance(dataset, dict):
        return type(dataset)(
            {name: map_dataset(part, mark, field, entities_field) for name, part in dataset.items()}
        )  # fmt: skip
    if not hasattr(dataset, "map") or not hasattr(dataset, "column_names"):
        raise LmnError(f"not a data set of the package datasets: {type(dataset).__name__}", remedy="tag texts with tag")
    columns = dataset.column_names
    if columns is not None:
        _check(columns, field, entities_field)

    def entities_of(batch: dict[str, list[Any]], rows: list[int]) -> dict[str, Any]:
        _check(list(batch), field, entities_field)
        for row, text in zip(rows, batch[field], strict=True):
            if not isinstance(text, str):
                what = "null" if text is None else f"no text but {type(text).__name__}"
                remedy = f"leave such rows out: dataset.filter(lambda row: isinstance(row[{field!r}], str))"
                raise LmnError(f"{field!r} is {what}", f"row {row}", remedy)
        return {entities_field: mark(batch[field])}

    options: dict[str, Any] = {"batched": True, "batch_size": _TOGETHER, "with_indices": True}
    if dataset.features is not None:
        options["features"] = _features(dataset.features, entities_field)
    if hasattr(
        dataset, "cache_files"
    ):  # not streamed; the function cannot be told from that of another tagger, so nothing is taken over
        options |= {"load_from_cache_file": False, "new_fingerprint": uuid.uuid4().hex[:16]}
    return dataset.map(entities_of, **options)


def _check(columns: Sequence[str], field: str, entities_field: str) -> None:
    """Make sure that there is a column of texts, and none of the new name."""
    if field not in columns:
        error = no_field(field, list(columns), "data set")
        raise LmnError(error.what, error.where, "name the column of texts: field=...")
    try:
        check_free(entities_field, columns, "data set")
    except LmnError as error:
        raise LmnError(error.what, error.where, "name another column: entities_field=...") from error


def _features(features: Any, entities_field: str) -> Any:
    """Return the types of all columns, so that a batch without entities has the same ones."""
    from datasets import Features, Value

    entity = {
        "start": Value("int64"), "end": Value("int64"), "label": Value("string"), "text": Value("string"), "confidence": Value("float64"),
    }  # fmt: skip
    return Features({**features, entities_field: [entity]})
