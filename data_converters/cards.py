"""Corpus cards: one YAML file says what a corpus is called, where its splits lie, how to read them and what its labels mean."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from ..errors import LmnError
from ..formats import DEFAULT_VARIANT, get_format
from ..labels import Label, LabelSet
from ..tags import Repair
from .readers import READERS, CorpusFile, Docstart, Origin, ReaderOptions
from .yaml_lines import KeyPath, YamlFile

_HERE = Path(__file__).parent
_CARDS = _HERE / "cards"


@dataclass(frozen=True, slots=True)
class SplitFile:
    """Where a split lies: a file, and the sentences of it from `start` to before `stop` (None: to the end).

    For a reader of data sets `file` is the name that the data set has for the split.
    """

    file: str
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A corpus as its card describes it.

    Attributes:
        name: begins ids and data set names.
        title: the corpus's name in words.
        language: a language tag.
        licence: in words.
        citation: how to cite it.
        homepage: where to get it; may be empty.
        splits: by name, in the card's order.
        reader: how to read the files.
        labels: in the order in which an instruction lists them, and what each label of the files counts as.
        docstart: what a `-DOCSTART-` line is.
        repair: what becomes of invalid tag sequences.
        nested: whether entities may lie inside entities.
        variant: default wording of the instruction.
        path: the card's file.
    """

    name: str
    title: str
    language: str
    licence: str
    citation: str
    homepage: str
    splits: dict[str, SplitFile]
    reader: ReaderOptions
    labels: LabelSet
    docstart: Docstart
    repair: Repair
    nested: bool
    variant: str
    path: Path

    def with_labels(self, labels: LabelSet) -> Card:
        """Return the card with another label set for the same corpus: what is read by it has those labels.

        Raises:
            LmnError: the set is of a corpus with other labels.
        """
        if set(labels.corpus_names) != set(self.labels.corpus_names):
            raise LmnError(
                f"{self.path}: corpus {self.name} has the labels {', '.join(self.labels.corpus_names)}, not "
                f"{', '.join(labels.corpus_names)}"
            )
        return replace(self, labels=labels)

    def split(self, name: str) -> SplitFile:
        """Return a split by name.

        Raises:
            LmnError: the card has no such split; the message lists those it has.
        """
        if name not in self.splits:
            raise LmnError(f"{self.path}: corpus {self.name} has no split {name!r}; it has: {', '.join(self.splits)}")
        return self.splits[name]

    @property
    def reference(self) -> str:
        """How a command or a file names this card: by name if it comes with the package, else by path."""
        return self.name if _CARDS in self.path.parents else str(self.path)

    @property
    def default_source(self) -> Path:
        """The corpus's folder where none is given: the card's own if it is called `card.yaml`, else `data/<name>`."""
        return self.path.parent if self.path.name == "card.yaml" else Path("data") / self.name

    def origin_of(self, split: str, source: Path | None = None) -> Origin:
        """Return where a split's data comes from: a file, or a split of a data set.

        Raises:
            LmnError: there is no such split, or its file is not there.
        """
        value = self.split(split).file
        origin = self.reader.origin(source or self.default_source, value)
        missing = origin.missing()
        if missing:
            hint = f" (the corpus: {self.homepage})" if self.homepage else ""
            raise LmnError(f"{missing}{hint}")
        return origin

    def is_missing(self, split: str, source: Path | None = None) -> bool:
        """Whether a split's file is not there."""
        return self.reader.origin(source or self.default_source, self.split(split).file).missing() is not None

    def file_of(self, split: str, source: Path | None = None) -> Path:
        """Return the path of a split's file.

        Raises:
            LmnError: there is no such split or no such file, or the split is no file.
        """
        origin = self.origin_of(split, source)
        if not isinstance(origin, CorpusFile):
            raise LmnError(f"{self.path}: split {split} of corpus {self.name} is no file but {origin}")
        return origin.path


def card_names() -> list[str]:
    """Return the names of the cards that come with the package, sorted."""
    return sorted(
        [path.stem for path in _CARDS.glob("*.yaml")] + [path.parent.name for path in _CARDS.glob("*/card.yaml")]
    )


def load_card(name_or_path: str | Path) -> Card:
    """Load a card that comes with the package, by name, or one's own, by path (of the file, or of a folder with `card.yaml`).

    Raises:
        LmnError: there is none, or something in it is wrong; the message names file, line and key.
    """
    return _card_from(*_load_merged(_find(str(name_or_path))))


def _find(name_or_path: str, beside: Path | None = None) -> Path:
    """Find a card by name, or by path from the working directory or, for a card that another extends, from that one's folder."""
    given = Path(name_or_path)
    candidates = [] if given.suffix else [_CARDS / f"{name_or_path}.yaml", _CARDS / name_or_path / "card.yaml"]
    for folder in [Path()] if beside is None else [beside, Path()]:
        candidates += [folder / given / "card.yaml", folder / given]
    for candidate in candidates:
        if os.path.isfile(candidate):
            return candidate
    raise LmnError(f"{name_or_path}: neither a card's name nor a card's file; cards: {', '.join(card_names())}")


def _load_merged(path: Path, above: tuple[Path, ...] = ()) -> tuple[dict[str, Any], list[YamlFile]]:
    """Return a card's keys over those of the card that it extends, and the files, its own first."""
    if path.resolve() in above:
        raise LmnError(f"{path}: a card cannot extend itself, not even by way of another; take an `extends` out")
    file = YamlFile(path)
    if not isinstance(file.value, dict):
        raise LmnError(f"{path}:1: a card is a mapping with the keys {', '.join(_schema()['required'])}")
    own = dict(file.value)
    base_name = own.pop("extends", None)
    if base_name is None:
        return own, [file]
    if not isinstance(base_name, str):
        raise _error([file], ("extends",), "a card's name or path is a string")
    base, files = _load_merged(_find(base_name, path.parent), (*above, path.resolve()))
    merged = {**base, **own}
    if isinstance(base.get("reader"), dict) and isinstance(own.get("reader"), dict):
        merged["reader"] = {**base["reader"], **own["reader"]}
    return merged, [file, *files]


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = yaml.safe_load((_HERE / "card.schema.yaml").read_text(encoding="utf-8"))
    return schema


@cache
def _reader_schema(kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = yaml.safe_load((_HERE / "readers" / f"{kind}.schema.yaml").read_text(encoding="utf-8"))
    return schema


def _error(files: list[YamlFile], keys: KeyPath, message: str) -> LmnError:
    for file in files:
        line = file.line_of(keys)
        if line is not None:
            return LmnError(f"{file.path}:{line}: {'.'.join(map(str, keys)) or 'card'}: {message}")
    return LmnError(f"{files[0].path}:1: {'.'.join(map(str, keys))}: {message}")


def _validate(keys: dict[str, Any], files: list[YamlFile]) -> None:
    _check(keys, _schema(), files)
    reader = keys["reader"]
    if reader["type"] not in READERS:
        raise _error(
            files, ("reader", "type"), f"no reader is called {reader['type']!r}; there are: {', '.join(READERS)}"
        )
    _check(reader, _reader_schema(reader["type"]), files, ("reader",))


def _check(value: Any, schema: dict[str, Any], files: list[YamlFile], under: KeyPath = ()) -> None:
    """Check a value that stands under a path of keys against a schema."""
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(value), key=lambda error: list(map(str, error.path))
    )
    if not errors:
        return
    error = jsonschema.exceptions.best_match(errors)
    path: KeyPath = (*under, *error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = list(error.schema.get("properties", ()))
        extra = next(key for key in error.instance if key not in known)
        raise _error(files, (*path, extra), f"no such key; there are: {', '.join(known)}")
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        raise _error(files, path, f"the key {missing!r} is missing")
    description = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    raise _error(files, path, error.message + (f"; it is {description}" if description else ""))


def _card_from(keys: dict[str, Any], files: list[YamlFile]) -> Card:
    _validate(keys, files)
    labels: list[Label] = []
    for index, row in enumerate(keys["labels"]):
        try:
            labels.append(Label(row["name"], row.get("long", ""), " ".join(row.get("definition", "").split())))
        except ValueError as error:
            raise _error(files, ("labels", index, "name"), str(error)) from error
    try:
        label_set = LabelSet(tuple(labels))
    except ValueError as error:
        raise _error(files, ("labels",), str(error)) from error
    label_set = _change_labels(label_set, keys, files)
    nested = keys.get("nested", False)
    variant = keys.get("variant", DEFAULT_VARIANT)
    variants = get_format(nested=nested).variants
    if variant not in variants:
        raise _error(
            files,
            ("variant",),
            f"no wording of the instruction is called {variant!r}; there are: {', '.join(variants)}",
        )
    return Card(
        name=keys["name"],
        title=keys["title"],
        language=keys["language"],
        licence=keys["licence"],
        citation=keys["citation"].strip(),
        homepage=keys.get("homepage", ""),
        splits={name: _split_file(name, value, files) for name, value in keys["splits"].items()},
        reader=_reader_options(keys, files, nested),
        labels=label_set,
        docstart=keys["docstart"],
        repair=keys.get("repair", "error"),
        nested=nested,
        variant=variant,
        path=files[0].path,
    )


def _reader_options(keys: dict[str, Any], files: list[YamlFile], nested: bool) -> ReaderOptions:
    """Take the card's `reader`, and check it against the keys around it."""
    reader = keys["reader"]
    try:
        "a".encode(reader.get("encoding", "utf-8"))
    except (LookupError, ValueError) as error:
        raise _error(files, ("reader", "encoding"), f"{error}; it takes Python's names of text encodings") from error
    if reader.get("inner_tags") and not nested:
        raise _error(files, ("reader", "inner_tags"), "only a corpus with `nested: true` has inner tags")
    if keys["docstart"] != "none" and reader["type"] != "columns":
        raise _error(files, ("docstart",), "only column files have -DOCSTART- lines; it is none")
    try:
        return READERS[reader["type"]].of(reader)
    except ValueError as error:
        raise _error(files, ("reader",), str(error)) from error


def _change_labels(labels: LabelSet, keys: dict[str, Any], files: list[YamlFile]) -> LabelSet:
    """Apply the card's `keep`, `drop`, `merge` and `rename`."""
    changes = {key: keys[key] for key in ("keep", "drop", "merge", "rename") if key in keys}
    if not changes:
        return labels
    try:
        return labels.changed(**changes)
    except ValueError as error:
        named = str(error).partition(":")[0]
        raise _error(files, (named if named in changes else next(iter(changes)),), str(error)) from error


def _split_file(name: str, value: str | dict[str, str], files: list[YamlFile]) -> SplitFile:
    if isinstance(value, str):
        return SplitFile(value)
    first, _, end = value.get("sentences", ":").partition(":")
    start, stop = int(first or 0), int(end) if end else None
    if stop is not None and stop <= start:
        raise _error(
            files,
            ("splits", name, "sentences"),
            f"{value['sentences']!r} holds no sentence; it is first:end, end exclusive",
        )
    return SplitFile(value["file"], start, stop)
