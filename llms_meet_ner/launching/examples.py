"""The examples of a training's data sets, as LLaMA-Factory takes them out of its Alpaca records, and how long they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..files import read_json
from ..terminal import echo, progress_bars
from ..training.dataset_info import DATASET_INFO, any_entry, names_of
from ..training.recipe import Recipe
from .lengths import Cutoff, Messages, SplitLengths

_DATA_KEYS = ("dataset", "eval_dataset")
_ELSEWHERE = ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name")
_NOT_TEXT = ("history", "tools", "images", "videos", "audios", "kto_tag")
_COLUMNS = {"prompt": "instruction", "query": "input", "response": "output"}


class _UncountedError(Exception):
    """A data set whose examples are not counted; the message says why."""


@dataclass(slots=True)
class CountedData:
    """Lengths of the examples of a training.

    Attributes:
        lengths: Lengths by data set, of those that were counted.
        train: Names of the data sets to train on.
        uncounted: Why a data set was not counted, by name.
        left_out: Number of records without an output, by data set: LLaMA-Factory leaves them out.
    """

    lengths: dict[str, SplitLengths] = field(default_factory=dict)
    train: tuple[str, ...] = ()
    uncounted: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def cut(self) -> int:
        """Number of examples that are cut, of all data sets."""
        return sum(lengths.cut for lengths in self.lengths.values())

    @property
    def examples(self) -> int:
        """Number of examples, of all data sets."""
        return sum(lengths.examples for lengths in self.lengths.values())

    @property
    def estimated(self) -> str:
        """Why the lengths are estimated; empty if they are counted."""
        return next((lengths.cutoff.estimated for lengths in self.lengths.values()), "")

    @property
    def longest(self) -> int:
        """Length of the longest example in tokens: the smallest `cutoff_len` that cuts none."""
        return max((lengths.longest for lengths in self.lengths.values()), default=0)

    @property
    def training(self) -> list[SplitLengths] | None:
        """Lengths of the data sets to train on; None if one of them was not counted."""
        if any(name not in self.lengths for name in self.train):
            return None
        return [self.lengths[name] for name in self.train]


def count_examples(recipe: Recipe, cutoff: Cutoff | None = None) -> CountedData:
    """Count the examples of all data sets of a recipe, and their tokens.

    Args:
        recipe: The recipe.
        cutoff: Its cutoff; None for `Cutoff.of`, with a tokenizer that is fetched if it is not on this machine.

    Raises:
        LmnError: A data set is missing or damaged, the `cutoff_len` is not a number of tokens, there is no such template, or
            LLaMA-Factory would find no example to train on.
    """
    train, dev = (tuple(dict.fromkeys(names_of(recipe.values.get(key)))) for key in _DATA_KEYS)
    counted = CountedData(train=train)
    most = _most(recipe)
    cutoff = cutoff or Cutoff.of(recipe, fetch=True)
    for name in dict.fromkeys([*train, *dev]):
        try:
            records = _records(recipe, name)[:most]
        except _UncountedError as error:
            counted.uncounted[name] = str(error)
            continue
        counted.lengths[name], left = _count(name, records, cutoff)
        if left:
            counted.left_out[name] = left
    if counted.training is not None and not any(lengths.examples for lengths in counted.training):
        raise LmnError(
            f"{', '.join(train) or 'dataset'} holds no example to train on", recipe.path,
            "name data sets with records, as dataset in the recipe",
        )  # fmt: skip
    return counted


def _most(recipe: Recipe) -> int | None:
    """Return how many records of each data set are taken; None for all."""
    most = recipe.values.get("max_samples")
    if most is not None and (type(most) is not int or most < 1):
        raise LmnError(
            f"max_samples is {most!r}, so LLaMA-Factory would find no record", recipe.path,
            "write a whole number above 0, or leave max_samples out for all records",
        )  # fmt: skip
    return most


def _count(name: str, records: Sequence[Messages | None], cutoff: Cutoff) -> tuple[SplitLengths, int]:
    """Return the lengths of records, and the number of those without an output."""
    lengths, left = SplitLengths(cutoff), 0
    with progress_bars() as bars:
        for number, messages in enumerate(bars.track(records, description=f"counting {name}"), start=1):
            if messages is None:
                left += 1
            else:
                lengths.add_example(f"{name}, record {number:,}", messages)
    return lengths, left


def _records(recipe: Recipe, name: str) -> list[Messages | None]:
    """Return the texts of all records of a data set; None for a record without an output.

    Raises:
        _UncountedError: The data set is none of Alpaca records in a JSON file.
        LmnError: It is missing or damaged.
    """
    if tokens_folder(recipe):
        raise _UncountedError("tokenized_path holds it ready, as tokens")
    folder = str(recipe.dataset_dir)
    if folder == "ONLINE" or folder.startswith("REMOTE:"):
        raise _UncountedError("it lies on a Hub")
    entry = any_entry(recipe.dataset_dir, name)
    if not isinstance(entry, Mapping):
        raise LmnError(f"{name} is not a mapping", recipe.dataset_dir / DATASET_INFO, "convert the corpus again")
    if not any(key in entry for key in _ELSEWHERE):
        _check_streaming(recipe)
    columns = _columns_of(entry)
    path = recipe.dataset_dir / str(entry["file_name"])
    rows = read_json(path, "write it with the lmn-convert command at the top of the recipe")
    if not isinstance(rows, list):
        raise LmnError("not a JSON list of records", path, "write it again with lmn-convert")
    return list(_messages(path, rows, columns))


def tokens_folder(recipe: Recipe) -> Path | None:
    """Return the folder that holds all data sets ready, as tokens, which LLaMA-Factory then reads instead; None if there is none."""
    value = recipe.values.get("tokenized_path")
    folder = Path(str(value)) if value else None
    return folder if folder and folder.is_dir() and any(folder.iterdir()) else None


def _check_streaming(recipe: Recipe) -> None:
    """Refuse to stream a file in no parts: LLaMA-Factory divides it into one part for each worker, and has none by default."""
    if recipe.values.get("streaming") and not recipe.values.get("dataloader_num_workers"):
        raise LmnError(
            "streaming: true reads a file in as many parts as there are workers, and dataloader_num_workers is 0", recipe.path,
            "set dataloader_num_workers=1, or leave streaming out",
        )  # fmt: skip


def _columns_of(entry: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the names of the fields that hold prompt, query, response and system message, as LLaMA-Factory finds them.

    Raises:
        _UncountedError: The entry describes something else than Alpaca records in a JSON file.
    """
    if any(key in entry for key in _ELSEWHERE):
        raise _UncountedError("it lies on a Hub or comes from a script")
    if entry.get("formatting", "alpaca") != "alpaca" or entry.get("ranking"):
        raise _UncountedError("its records are not Alpaca's")
    if not str(entry.get("file_name", "")).endswith(".json"):
        raise _UncountedError("it is not a JSON file")
    if entry.get("num_samples") is not None:
        raise _UncountedError("num_samples draws from it")
    columns = entry.get("columns")
    if columns is None:
        return {**_COLUMNS, "system": None}
    if not isinstance(columns, Mapping) or any(columns.get(key) for key in _NOT_TEXT):
        raise _UncountedError("its records hold more than texts of one turn")
    return {key: columns.get(key) for key in ("prompt", "query", "response", "system")}


def _messages(path: Path, rows: list[Any], columns: Mapping[str, str | None]) -> Iterator[Messages | None]:
    """Yield the texts of records as LLaMA-Factory joins them."""
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise LmnError(f"record {number:,} is not a mapping", path, "write it again with lmn-convert")
        texts = {key: row.get(column) if column else None for key, column in columns.items()}
        if not isinstance(texts["response"], str):
            yield None
            continue
        user = "\n".join(str(texts[key]) for key in ("prompt", "query") if texts[key])
        yield Messages(str(texts["system"] or ""), user, texts["response"])


def refuse_cut(recipe: Recipe, counted: CountedData, *, allow_cut: bool) -> None:
    """Print which examples the recipe's `cutoff_len` cuts.

    Args:
        recipe: The recipe.
        counted: Lengths of its examples.
        allow_cut: Whether to go on if some are cut.

    Raises:
        LmnError: Some are cut, and that is not allowed.
    """
    for name, lengths in counted.lengths.items():
        if lengths.cut:
            for line in lengths.lines(name):
                echo(line, err=True)
    if counted.cut and not allow_cut:
        cuts, none = ("probably cuts about", "probably cuts none") if counted.estimated else ("cuts", "cuts none")
        raise LmnError(
            f"cutoff_len {cuts} {counted.cut:,} examples, so the model would learn from damaged ones", recipe.path,
            f"cutoff_len={counted.longest} {none} and takes more memory; --allow-cut trains on what is left of them",
        )  # fmt: skip
