"""Corpus cards: a YAML file gives the name of a corpus, the files of its splits, how to read them and what its labels mean."""

from __future__ import annotations

import codecs
import os
import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..characters import harmful_in
from ..errors import LmnError, listed
from ..formats import DEFAULT_VARIANT, get_format
from ..labels import OUTSIDE, Label, LabelChangeError, LabelSet, writable_name
from ..sentence import SPACE, Join
from ..tags import DEFAULT_REPAIR, Repair
from .paths import named_path
from .problems import label_row
from .readers import READERS, CorpusFile, Docstart, ReaderOptions, SplitData
from .yaml_lines import KeyPath, YamlFile, check_schema, key_error, load_extending, load_schema, place_of

CARD_FILE = "card.yaml"
"""Name of a card that lies in the folder of its corpus files."""
DATA = Path("data")
"""Folder that holds a folder for each corpus, by default."""
PUBLISHED_KEYS = ("title", "licence", "citation")
"""Keys that a card needs only when a model trained on its corpus is published."""

INSIDE = (
    "a file names cards and mixes below its own folder or the working directory; run the command in a folder above both"
)
"""Remedy for a name of a card or a mix that leads elsewhere."""
_UNFIT = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
"""Python's names of encodings that are not of text files: what they read can hold half of a character."""
ENCODING_REMEDY = "it takes Python's names of text encodings"
_HERE = Path(__file__).parent
_CARDS = _HERE / "cards"
_SCHEMA = _HERE / "card.schema.yaml"


@dataclass(frozen=True, slots=True)
class SplitFile:
    """The data of a split as its card gives it.

    Attributes:
        file: Path of a file in the folder of the corpus, or name that a data set has for the split.
        ranges: Sentences of the split, as rising ranges over the sentences of the file, counted from 0: first sentence, and sentence
            before which the range ends; None for the end of the file.
    """

    file: str
    ranges: tuple[tuple[int, int | None], ...] = ((0, None),)


@dataclass(frozen=True, slots=True)
class Card:
    """A corpus as its card describes it.

    Attributes:
        name: Name of the corpus, with which ids and data set names begin.
        title: Name of the corpus in words; its name if the card gives no title.
        language: Language tag.
        licence: Licence in words; may be empty.
        citation: Reference to cite; may be empty.
        homepage: Address where to get the corpus; may be empty.
        splits: Data of each split, by name, in the card's order.
        reader: Options with which the files are read.
        labels: Labels in the order in which an instruction lists them, with what each label of the files counts as.
        docstart: Treatment of `-DOCSTART-` lines.
        repair: Treatment of tags that their scheme does not allow.
        nested: Whether entities may lie inside entities.
        variant: Default wording of the instruction.
        path: File of the card.
        join: Text between two tokens as the language is written, and as models read and write it.
        unsaid: Keys of `PUBLISHED_KEYS` that the card does not give.
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
    join: Join = SPACE
    unsaid: tuple[str, ...] = ()

    def with_labels(self, labels: LabelSet) -> Card:
        """Return the card with another label set for the same corpus. Its sentences are read with those labels.

        Raises:
            LmnError: The set belongs to a corpus with other labels.
        """
        if set(labels.corpus_names) != set(self.labels.corpus_names):
            own, others = ", ".join(self.labels.corpus_names), ", ".join(labels.corpus_names)
            raise LmnError(f"corpus {self.name} has the labels {own}, not {others}", self.path)
        return replace(self, labels=labels)

    def split(self, name: str) -> SplitFile:
        """Return a split by name.

        Raises:
            LmnError: The card has no such split; the message lists the splits that it has.
        """
        if name not in self.splits:
            raise LmnError(
                f"corpus {self.name} has no split {name!r}", self.path, f"it has: {listed(list(self.splits))}"
            )
        return self.splits[name]

    @property
    def reference(self) -> str:
        """Reference to this card in commands and files: its name if it comes with the package, otherwise its path."""
        return self.name if _CARDS in self.path.parents else str(self.path)

    @property
    def default_source(self) -> Path:
        """The folder of the corpus files unless another is given: the card's own if it is called `card.yaml`, else `data/<name>`."""
        return self.path.parent if self.path.name == CARD_FILE else DATA / self.name

    def data_of(self, split: str, source: Path | None = None) -> SplitData:
        """Return the data of a split: a file, or a split of a data set.

        Raises:
            LmnError: The card has no such split, or its file is missing, or a link that leads out of the folder of the corpus.
        """
        data = self.reader.data(source or self.default_source, self.split(split).file)
        missing = data.missing()
        if missing and self.homepage:
            raise LmnError(missing.what, missing.where, f"{missing.remedy} (the corpus: {self.homepage})")
        if missing:
            raise missing
        return data

    def is_missing(self, split: str, source: Path | None = None) -> bool:
        """Return whether the file of a split is missing.

        Raises:
            LmnError: The card has no such split, or its file is a link that leads out of the folder of the corpus.
        """
        return self.reader.data(source or self.default_source, self.split(split).file).missing() is not None

    def file_of(self, split: str, source: Path | None = None) -> Path:
        """Return the path of a split's file.

        Raises:
            LmnError: The card has no such split, its file is missing, or the split is not a file.
        """
        data = self.data_of(split, source)
        if not isinstance(data, CorpusFile):
            raise LmnError(f"split {split} of corpus {self.name} is not a file but {data}", self.path)
        return data.path


def card_names() -> list[str]:
    """Return the names of the cards that come with the package, sorted."""
    return sorted(
        [path.stem for path in _CARDS.glob("*.yaml")] + [path.parent.name for path in _CARDS.glob(f"*/{CARD_FILE}")]
    )


def load_card(name_or_path: str | Path, near: Path | None = None) -> Card:
    """Load a card of the package by name, or one of your own by path.

    Args:
        name_or_path: Name of a card of the package, or path of a card, or of a folder that holds `card.yaml`.
        near: Folder in which a path may start; it is tried before the working directory.

    Raises:
        LmnError: There is no such card, or it is wrong; the message names file, line and key.
    """
    keys, files = load_extending(
        _find(str(name_or_path), near), _find, "card", load_schema(_SCHEMA)["required"], deep="reader"
    )
    return _card_from(keys, files)


def _find(name_or_path: str, near: Path | None = None) -> Path:
    """Find a card by name, or by path.

    Args:
        name_or_path: The name or path.
        near: Folder of the file that names the card: a path starts there or in the working directory, and stays inside. None for
            what the user names.
    """
    if re.fullmatch(r"[\w-]+", name_or_path):
        for card in (_CARDS / f"{name_or_path}.yaml", _CARDS / name_or_path / CARD_FILE):
            if os.path.isfile(card):
                return card
    if found := named_path(name_or_path, near, INSIDE, CARD_FILE):
        return found
    names = card_names()
    near_names = get_close_matches(name_or_path[:100], names)
    cards = listed([*near_names, *(name for name in names if name not in near_names)])
    remedy = f"cards: {cards}; `lmn-convert cards` lists all"
    raise LmnError("neither a card's name nor a card's file", name_or_path, remedy)


def _validate(keys: dict[str, Any], files: list[YamlFile]) -> None:
    reader = keys.get("reader")
    kind = reader.get("type") if isinstance(reader, dict) else None
    known = isinstance(kind, str) and kind in READERS
    inner = {"reader": load_schema(_HERE / "readers" / f"{kind}.schema.yaml")} if known else {}
    schema = load_schema(_SCHEMA)
    if known and kind != "columns":
        schema = {**schema, "required": [key for key in schema["required"] if key != "docstart"]}
    check_schema(keys, schema, files, inner=inner)
    if not known:
        what = f"no reader is called {kind!r}"
        raise key_error(files, ("reader", "type"), what, f"there are: {', '.join(READERS)}")


def labels_from(keys: dict[str, Any], files: list[YamlFile], *, of_files: bool = True) -> LabelSet:
    """Return the label set that the keys `labels`, `keep`, `drop`, `merge` and `rename` of a card or a mix describe.

    A row's `corpus` is the name that the corpus files have for the label, where that is not its `name`.

    Args:
        keys: The keys.
        files: Files as `load_extending` returns them.
        of_files: Whether corpus files have these labels, so that a row can have `corpus`.

    Raises:
        LmnError: A name cannot be a label's or is listed twice, or a change names a label that is missing; with file and line.
    """
    rows = keys["labels"]
    labels = tuple(_label(row, index, files, of_files) for index, row in enumerate(rows))
    called = tuple((row.get("corpus", row["name"]), row["name"]) for row in rows)
    try:
        label_set = LabelSet(labels, called if any("corpus" in row for row in rows) else ())
    except ValueError as error:
        raise key_error(files, ("labels",), str(error)) from error
    return change_labels(label_set, keys, files)


def _label(row: dict[str, str], index: int, files: list[YamlFile], of_files: bool) -> Label:
    """Return the label of a row of `labels`."""
    name = row["name"]
    if name == OUTSIDE:
        what = f"{OUTSIDE} is the tag of tokens outside of entities, and no label"
        raise key_error(files, ("labels", index, "name"), what, "take the row out, or give the label another name")
    try:
        return Label(name, row.get("long", ""), " ".join(row.get("definition", "").split()))
    except ValueError as error:
        key = next((key for key in ("long", "definition") if harmful_in(" ".join(row.get(key, "").split()))), "name")
        remedy = None
        if key == "name" and not harmful_in(name):
            own = f"write {label_row(name)}: the files' name is `corpus`"
            remedy = own if of_files else f"call it {writable_name(name)}, and name it so in the sources' `map`"
        raise key_error(files, ("labels", index, key), str(error), remedy) from error


def _card_from(keys: dict[str, Any], files: list[YamlFile]) -> Card:
    _validate(keys, files)
    nested = keys.get("nested", False)
    variant = keys.get("variant", DEFAULT_VARIANT)
    variants = get_format(nested=nested).variants
    if variant not in variants:
        what = f"no wording of the instruction is called {variant!r}"
        raise key_error(files, ("variant",), what, f"there are: {', '.join(variants)}")
    return Card(
        name=keys["name"],
        title=keys.get("title", keys["name"]),
        language=keys["language"],
        licence=keys.get("licence", ""),
        citation=keys.get("citation", "").strip(),
        homepage=keys.get("homepage", ""),
        splits={name: _split_file(name, value, files) for name, value in keys["splits"].items()},
        reader=_reader_options(keys, files, nested),
        labels=labels_from(keys, files),
        docstart=keys.get("docstart", "none"),
        repair=keys.get("repair", DEFAULT_REPAIR),
        nested=nested,
        variant=variant,
        path=files[0].path,
        join=keys.get("join", SPACE),
        unsaid=tuple(key for key in PUBLISHED_KEYS if not keys.get(key, "").strip()),
    )


def encoding_fault(name: str) -> str | None:
    """Return what is wrong with the name of an encoding of text files; None if Python knows it as one."""
    try:
        "a".encode(name)
    except (LookupError, ValueError) as error:
        return str(error)
    return f"{name} is not an encoding of text files" if codecs.lookup(name).name.replace("_", "-") in _UNFIT else None


def _reader_options(keys: dict[str, Any], files: list[YamlFile], nested: bool) -> ReaderOptions:
    """Return the options of the card's `reader`, checked against the keys around it."""
    reader = keys["reader"]
    if fault := encoding_fault(reader.get("encoding", "utf-8")):
        raise key_error(files, ("reader", "encoding"), fault, ENCODING_REMEDY)
    if reader.get("inner_tags") and not nested:
        raise key_error(files, ("reader", "inner_tags"), "only a corpus with `nested: true` has inner tags")
    if keys.get("docstart", "none") != "none" and reader["type"] != "columns":
        raise key_error(files, ("docstart",), "only column files have -DOCSTART- lines", "write `docstart: none`")
    try:
        return READERS[reader["type"]].of(reader)
    except ValueError as error:
        raise key_error(files, ("reader",), str(error)) from error


def change_labels(labels: LabelSet, keys: dict[str, Any], files: list[YamlFile], under: KeyPath = ()) -> LabelSet:
    """Apply the `keep`, `drop`, `merge` and `rename` among some keys to a label set.

    Args:
        labels: The label set.
        keys: Keys of a card, a mix or a source of a mix.
        files: Files as `load_extending` returns them.
        under: Path of the keys in the files.

    Raises:
        LmnError: The keys name a label that is missing, or leave none; with file and line.
    """
    changes = {key: keys[key] for key in ("keep", "drop", "merge", "rename") if key in keys}
    if not changes:
        return labels
    try:
        return labels.changed(**changes)
    except LabelChangeError as error:
        raise error.at(place_of(files, (*under, error.operation))) from error


def _split_file(name: str, value: str | dict[str, str], files: list[YamlFile]) -> SplitFile:
    if isinstance(value, str):
        return SplitFile(value)
    ranges = [_range(part.strip()) for part in value.get("sentences", ":").split(",")]
    before: int | None = 0
    for start, stop in ranges:
        part = f"{start}:{'' if stop is None else stop}"
        if stop is not None and stop <= start:
            what = f"{part!r} holds no sentence"
            raise key_error(files, ("splits", name, "sentences"), what, "it is first:end, end exclusive")
        if before is None or start < before:
            what = f"{part!r} begins before the end of the range before it"
            raise key_error(files, ("splits", name, "sentences"), what, "ranges rise, and no two overlap")
        before = stop
    return SplitFile(value["file"], tuple(ranges))


def _range(part: str) -> tuple[int, int | None]:
    """Return the first sentence of a range and the one before which it ends; a number by itself is one sentence."""
    first, colon, end = part.partition(":")
    if not colon:
        return int(first), int(first) + 1
    return int(first or 0), int(end) if end else None
