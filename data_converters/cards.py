"""Corpus cards: one YAML file says what a corpus is called, where its splits lie, how to read them and what its labels mean."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..formats import DEFAULT_VARIANT, get_format
from ..labels import Label, LabelSet
from ..tags import Repair
from .readers import READERS, CorpusFile, Docstart, Origin, ReaderOptions
from .yaml_lines import KeyPath, YamlFile, check_schema, key_error, load_extending, load_schema

_HERE = Path(__file__).parent
_CARDS = _HERE / "cards"
_SCHEMA = _HERE / "card.schema.yaml"


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


def load_card(name_or_path: str | Path, beside: Path | None = None) -> Card:
    """Load a card that comes with the package, by name, or one's own, by path (of the file, or of a folder with `card.yaml`).

    Args:
        name_or_path: of the card.
        beside: a folder from which a path may start, before the working directory.

    Raises:
        LmnError: there is none, or something in it is wrong; the message names file, line and key.
    """
    keys, files = load_extending(
        _find(str(name_or_path), beside), _find, "card", load_schema(_SCHEMA)["required"], deep="reader"
    )
    return _card_from(keys, files)


def _find(name_or_path: str, beside: Path | None = None) -> Path:
    """Find a card by name, or by path from the folder of the file that names it, if one does, or from the working directory."""
    given = Path(name_or_path)
    candidates = [] if given.suffix else [_CARDS / f"{name_or_path}.yaml", _CARDS / name_or_path / "card.yaml"]
    for folder in [Path()] if beside is None else [beside, Path()]:
        candidates += [folder / given / "card.yaml", folder / given]
    for candidate in candidates:
        if os.path.isfile(candidate):
            return candidate
    raise LmnError(f"{name_or_path}: neither a card's name nor a card's file; cards: {', '.join(card_names())}")


def _validate(keys: dict[str, Any], files: list[YamlFile]) -> None:
    check_schema(keys, load_schema(_SCHEMA), files, what="card")
    reader = keys["reader"]
    if reader["type"] not in READERS:
        raise key_error(
            files, ("reader", "type"), f"no reader is called {reader['type']!r}; there are: {', '.join(READERS)}"
        )
    check_schema(reader, load_schema(_HERE / "readers" / f"{reader['type']}.schema.yaml"), files, ("reader",))


def labels_from(keys: dict[str, Any], files: list[YamlFile]) -> LabelSet:
    """Return the label set that the keys `labels`, `keep`, `drop`, `merge` and `rename` of a card (or a mix) describe.

    Raises:
        LmnError: a label has no proper name or stands twice, or a change names one that is not there; with file and line.
    """
    labels: list[Label] = []
    for index, row in enumerate(keys["labels"]):
        try:
            labels.append(Label(row["name"], row.get("long", ""), " ".join(row.get("definition", "").split())))
        except ValueError as error:
            raise key_error(files, ("labels", index, "name"), str(error)) from error
    try:
        label_set = LabelSet(tuple(labels))
    except ValueError as error:
        raise key_error(files, ("labels",), str(error)) from error
    return change_labels(label_set, keys, files)


def _card_from(keys: dict[str, Any], files: list[YamlFile]) -> Card:
    _validate(keys, files)
    nested = keys.get("nested", False)
    variant = keys.get("variant", DEFAULT_VARIANT)
    variants = get_format(nested=nested).variants
    if variant not in variants:
        raise key_error(
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
        labels=labels_from(keys, files),
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
        raise key_error(files, ("reader", "encoding"), f"{error}; it takes Python's names of text encodings") from error
    if reader.get("inner_tags") and not nested:
        raise key_error(files, ("reader", "inner_tags"), "only a corpus with `nested: true` has inner tags")
    if keys["docstart"] != "none" and reader["type"] != "columns":
        raise key_error(files, ("docstart",), "only column files have -DOCSTART- lines; it is none")
    try:
        return READERS[reader["type"]].of(reader)
    except ValueError as error:
        raise key_error(files, ("reader",), str(error)) from error


def change_labels(labels: LabelSet, keys: dict[str, Any], files: list[YamlFile], under: KeyPath = ()) -> LabelSet:
    """Apply `keep`, `drop`, `merge` and `rename`, where they stand among the keys under a path, to a label set.

    Raises:
        LmnError: they name a label that is not there, or leave none; with file and line.
    """
    changes = {key: keys[key] for key in ("keep", "drop", "merge", "rename") if key in keys}
    if not changes:
        return labels
    try:
        return labels.changed(**changes)
    except ValueError as error:
        named, _, message = str(error).partition(": ")
        key, what = (named, message) if named in changes else (next(iter(changes)), str(error))
        raise key_error(files, (*under, key), what) from error


def _split_file(name: str, value: str | dict[str, str], files: list[YamlFile]) -> SplitFile:
    if isinstance(value, str):
        return SplitFile(value)
    first, _, end = value.get("sentences", ":").partition(":")
    start, stop = int(first or 0), int(end) if end else None
    if stop is not None and stop <= start:
        raise key_error(
            files,
            ("splits", name, "sentences"),
            f"{value['sentences']!r} holds no sentence; it is first:end, end exclusive",
        )
    return SplitFile(value["file"], start, stop)
