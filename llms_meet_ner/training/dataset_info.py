"""Entries of LLaMA-Factory's `dataset_info.json`, with what this package adds to them under the key `lmn`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from ..characters import harmful_in
from ..errors import LmnError, listed
from ..files import read_json
from ..formats import DEFAULT_FORMAT
from ..generation import check_sha256
from ..prompting.spec import PromptSpec
from ..sentence import Sentence, Span
from ..tags import Repair
from ..typed_json import from_json, to_json, written_as

DATASET_INFO = "dataset_info.json"
_OWN_KEY = "lmn"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""What names of corpora and splits are made of; cards are stricter."""
_INSTRUCTION, _INPUT, _OUTPUT, _SPANS = "instruction", "input", "output", "spans"
_CONVERT = "write it with the lmn-convert command at the top of the recipe"
_CONVERT_AGAIN = "write it again with lmn-convert"


@dataclass(frozen=True, slots=True)
class Augmented:
    """Record of the sentences added to a split by replacing mentions.

    Attributes:
        share: Number of added sentences asked for, relative to the split's own.
        seed: Seed of the draws.
        sentences: Number of sentences added, at most the share of the split's.
    """

    share: float
    seed: int
    sentences: int

    @property
    def mark(self) -> str:
        """Part of a data set's name that describes it: `aug50` for a share of one half, `aug50-seed7` if the seed is not 0."""
        return f"aug{self.share * 100:g}" + (f"-seed{self.seed}" if self.seed else "")


def dataset_name(
    corpus: str,
    split: str,
    spec: PromptSpec,
    default_variant: str,
    labels_mark: str = "",
    augmented: Augmented | None = None,
) -> str:
    """Return `<corpus>[.<labels>][.<variant>][.<format>][.system][.<augmented>]_<split>`; a default leaves no mark.

    Args:
        corpus: Name of the corpus on its card.
        split: Name of the split on the card.
        spec: Prompt of the data.
        default_variant: The card's wording of the instruction.
        labels_mark: Mark of a change of the card's labels; empty for no change.
        augmented: Record of the sentences added to the split, if any.
    """
    marks = [corpus]
    if labels_mark:
        marks.append(labels_mark)
    if spec.variant != default_variant:
        marks.append(spec.variant)
    if spec.format != DEFAULT_FORMAT:
        marks.append(spec.format)
    if spec.instruction_as == "system":
        marks.append("system")
    if augmented:
        marks.append(augmented.mark)
    return f"{'.'.join(marks)}_{split}"


@dataclass(frozen=True, slots=True)
class DatasetEntry:
    """One data set that lmn-convert wrote.

    Attributes:
        name: Key of the entry in `dataset_info.json`.
        file_name: Path of the data, relative to that file's folder.
        card: Name of a card of the package, or path of a user's own card.
        corpus: Name of the corpus on its card.
        split: Name of the split on the card.
        docstart: The card's policy for `-DOCSTART-` lines.
        spec: Prompt that the records hold.
        augmented: Record of the sentences added to the split's; None if the records are exactly the split's sentences.
        source: Folder of the corpus files that it was converted from, as it was given; None for the card's default.
        sha256: Hash of the data, which `check` compares; None in entries of earlier versions.
        command: Command that wrote the data; None in entries of earlier versions.
        repair: Treatment of tags that their scheme does not allow, with which the corpus was read; None in entries of earlier versions,
            whose corpus is read by the card's policy.

    Raises:
        ValueError: Corpus or split is not a name that can be part of a path, or the data lie outside of the folder.
    """

    name: str
    file_name: str
    card: str
    corpus: str
    split: str
    docstart: str
    spec: PromptSpec
    augmented: Augmented | None = None
    source: str | None = None
    sha256: str | None = None
    command: str | None = None
    repair: Repair | None = None

    def __post_init__(self) -> None:
        for key, name in (("corpus", self.corpus), ("split", self.split)):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{key}: {name!r:.60} is not the name of a {key}, which is part of names of files")
        path = PurePath(self.file_name)
        if path.is_absolute() or ".." in path.parts or harmful_in(self.file_name) or not path.name:
            raise ValueError(
                f"file_name: {self.file_name!r:.60} is not the name of a file in the same folder or below it"
            )

    @property
    def format(self) -> str:
        """Name of the output format."""
        return self.spec.format

    @property
    def variant(self) -> str:
        """Name of the instruction's variant."""
        return self.spec.variant

    @property
    def label_names(self) -> tuple[str, ...]:
        """Labels, in the order in which the instruction lists them."""
        return self.spec.labels.names

    def source_folder(self, corpus: str, given: Path | None) -> Path | None:
        """Return the folder of a corpus's files: the one given, else, for the entry's own corpus, the one it was converted from."""
        if given or corpus != self.corpus or self.source is None:
            return given
        return Path(self.source)

    def repair_of(self, corpus: str, given: Repair | None) -> Repair | None:
        """Return the policy for a corpus's tags: the one given, else, for the entry's own corpus, the one it was converted with.

        None stands for the card's.
        """
        return given or (self.repair if corpus == self.corpus else None)

    def check(self, folder: Path) -> None:
        """Make sure that the data in a folder are those that lmn-convert wrote with this entry; unknown in entries of earlier versions.

        Raises:
            LmnError: The data are missing, or others.
        """
        again = f"write it again: {self.command}" if self.command else _CONVERT_AGAIN
        as_it_is = f"to use it as it is, delete the key sha256 of {self.name} in {folder / DATASET_INFO}"
        check_sha256(folder / self.file_name, self.sha256, DATASET_INFO, f"{again}; or, {as_it_is}")

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as LLaMA-Factory reads it, our own keys under `lmn`."""
        columns = {"prompt": _INSTRUCTION, "query": _INPUT, "response": _OUTPUT}
        if self.spec.instruction_as == "system":
            columns = {"system": _INSTRUCTION, "prompt": _INPUT, "response": _OUTPUT}
        return {
            "file_name": self.file_name,
            "columns": columns,
            _OWN_KEY: to_json(self),
        }


written_as(
    DatasetEntry,
    "card corpus split format variant labels=label_names docstart repair? augmented? source? sha256? command? prompt=spec",
)


def names_of(value: Any) -> tuple[str, ...]:
    """Return the names of data sets in a value of a recipe, as LLaMA-Factory reads them: words between commas, or a list."""
    words = value if isinstance(value, list) else str(value or "").split(",")
    return tuple(str(word).strip() for word in words if str(word).strip())


def load_entry(folder: Path, name: str) -> DatasetEntry:
    """Return the entry of a data set.

    Raises:
        LmnError: There is no such data set, or lmn-convert did not write it.
    """
    return _entry_from(folder, name, any_entry(folder, name))


def any_entry(folder: Path, name: str) -> Any:
    """Return the entry of a data set as it stands in `dataset_info.json`, whoever wrote it.

    Raises:
        LmnError: There is no such data set.
    """
    entries = _entries(folder)
    if name not in entries:
        there = listed(list(entries)) or "none"
        raise LmnError(f"no data set {name!r} (there: {there})", folder / DATASET_INFO, _CONVERT)
    return entries[name]


def sibling(folder: Path, entry: DatasetEntry, split: str) -> DatasetEntry:
    """Return the data set of another split with the same corpus and prompt, and with nothing added to it.

    Raises:
        LmnError: The split was not converted, or only with another prompt, which an adapter trained on this one would not answer to.
    """
    others: list[str] = []
    for name, row in _entries(folder).items():
        if not isinstance(row, dict) or _OWN_KEY not in row:
            continue
        other = _entry_from(folder, name, row)
        if (other.corpus, other.split) == (entry.corpus, split):
            differences = entry.spec.differences(other.spec)
            if other.augmented:
                differences.append("number of sentences: it is augmented")
            if not differences:
                return other
            others.append(f"{name} (another {', '.join(differences)})")
    found = f"; there is {', '.join(others)}" if others else ""
    raise LmnError(
        f"no data set of corpus {entry.corpus}, split {split}, with the prompt of {entry.name}{found}", folder / DATASET_INFO,
        f"run lmn-convert {entry.card} --split {split} with the options that {entry.name} was written with",
    )  # fmt: skip


def check_data_sets(folder: Path, names: Iterable[str]) -> None:
    """Make sure that data sets are what lmn-convert wrote, before a training reads them. What it did not write is not looked at.

    Args:
        folder: Folder of `dataset_info.json`.
        names: Names of data sets.

    Raises:
        LmnError: The data of a set are missing, or not those of its entry.
    """
    info = read_dataset_info(folder)
    for name in names:
        row = info.get(name)
        if isinstance(row, dict) and _OWN_KEY in row:
            _entry_from(folder, name, row).check(folder)


def read_sentences(folder: Path, entry: DatasetEntry) -> Iterator[Sentence]:
    """Yield the sentences of a converted data set, without their entities: gold comes from the corpus file alone.

    Raises:
        LmnError: The file is missing, or a record lacks what lmn-convert writes.
    """
    for sentence, _ in _rows(folder, entry):
        yield sentence


def record_of(sentence: Sentence, spec: PromptSpec, output: str) -> dict[str, Any]:
    """Return a record of a data set: Alpaca's three fields; and the sentence's id, tokens and spans, which the readers below take.

    A span is a mapping and not a list: LLaMA-Factory reads records into columns, where the values of a list have one type.
    """
    return {
        _INSTRUCTION: spec.instruction,
        _INPUT: spec.source(sentence.tokens),
        _OUTPUT: output,
        "id": sentence.id,
        "tokens": list(sentence.tokens),
        _SPANS: [{"start": span.start, "end": span.end, "label": span.label} for span in sentence.spans],
    }


def read_answers(folder: Path, entry: DatasetEntry) -> Iterator[tuple[Sentence, str]]:
    """Yield what `read_sentences` yields, each with the output that a model is trained to write for it.

    Raises:
        LmnError: The file is missing, or a record lacks what lmn-convert writes.
    """
    for sentence, row in _rows(folder, entry):
        if not isinstance(row.get(_OUTPUT), str):
            raise LmnError(f"{sentence.id} has no output", folder / entry.file_name, _CONVERT_AGAIN)
        yield sentence, row[_OUTPUT]


def read_annotated(folder: Path, entry: DatasetEntry) -> Iterator[Sentence]:
    """Yield the sentences of a converted data set with their entities, to train on; scores take their gold from the corpus file alone.

    Raises:
        LmnError: The file is missing, a record lacks what lmn-convert writes, or its spans are not those of its sentence.
    """
    path = folder / entry.file_name
    again = f"write it again: {entry.command}" if entry.command else _CONVERT_AGAIN
    for sentence, row in _rows(folder, entry):
        if _SPANS not in row:
            raise LmnError(f"{sentence.id} has no spans, as in data of an earlier version", path, again)
        try:
            spans = tuple(_span(value) for value in row[_SPANS])
            if unknown := {span.label for span in spans} - set(entry.label_names):
                raise ValueError(f"label {min(unknown)!r} is not one of {', '.join(entry.label_names)}")
            yield replace(sentence, spans=spans)
        except (TypeError, ValueError) as error:
            raise LmnError(f"{sentence.id} has no valid spans ({error})", path, again) from error


def _span(value: Any) -> Span:
    """Read a span as `record_of` writes it."""
    match value:
        case {"start": int(start), "end": int(end), "label": str(label)}:
            return Span(start, end, label)
        case _:
            raise ValueError(f"not a span: {value!r:.60}")


def _rows(folder: Path, entry: DatasetEntry) -> Iterator[tuple[Sentence, dict[str, Any]]]:
    path = folder / entry.file_name
    rows = read_json(path, remedy=_CONVERT)
    entry.check(folder)  # after reading: whoever replaces the file meanwhile replaces the entry, too
    if not isinstance(rows, list):
        raise LmnError("not a JSON list of records", path, _CONVERT_AGAIN)
    for number, row in enumerate(rows):
        match row:
            case {"id": str(name), "tokens": [*tokens]} if all(isinstance(token, str) for token in tokens):
                try:
                    sentence = Sentence(name, tuple(tokens))
                except ValueError as error:
                    raise LmnError(f"record {number} is not a sentence ({error})", path, _CONVERT_AGAIN) from error
            case _:
                raise LmnError(f"record {number} has no id or no tokens", path, _CONVERT_AGAIN)
        yield sentence, row


def read_dataset_info(folder: Path) -> dict[str, Any]:
    """Return the entries of a folder's `dataset_info.json` by data set; an empty mapping if there is no such file.

    Raises:
        LmnError: The file is damaged.
    """
    path = folder / DATASET_INFO
    if not path.exists():
        return {}
    remedy = "correct it, or move it away"
    info = read_json(path, remedy=remedy)
    if not isinstance(info, dict):
        raise LmnError("not a JSON mapping of data sets", path, remedy)
    return info


def check_not_foreign(path: Path, info: Mapping[str, Any], new: Mapping[str, str]) -> None:
    """Make sure that new data sets take no name and no file of an entry that lmn-convert did not write: nobody could write it again.

    Args:
        path: The `dataset_info.json`.
        info: Its entries.
        new: Names of the new data sets, with the names of their files.

    Raises:
        LmnError: One of them does.
    """
    for name, row in info.items():
        if isinstance(row, dict) and isinstance(row.get(_OWN_KEY), dict):
            continue
        file_name = row.get("file_name") if isinstance(row, dict) else None
        if name in new or file_name in new.values():
            taken = (
                f"an entry of your own is called {name}"
                if name in new
                else f"{name}, an entry of your own, has the file {file_name}"
            )
            raise LmnError(
                f"{taken}, as a new data set would, and nothing was written", path,
                "rename the entry or its file, or let --out name another folder",
            )  # fmt: skip


def _entries(folder: Path) -> dict[str, Any]:
    path = folder / DATASET_INFO
    if not path.is_file():
        raise LmnError("no such file", path, f"{_CONVERT}, or name the folder with dataset_dir in the recipe")
    return read_dataset_info(folder)


def _entry_from(folder: Path, name: str, row: Any) -> DatasetEntry:
    """Read an entry; the columns, which LLaMA-Factory needs, follow from the prompt."""
    where = f"{folder / DATASET_INFO}: {name}"
    own = row.get(_OWN_KEY) if isinstance(row, dict) else None
    if not isinstance(own, dict):
        raise LmnError(f"not written by lmn-convert (no mapping {_OWN_KEY!r})", where, "convert the corpus with it")
    values = {**own, "name": name, "file_name": row.get("file_name")}
    return from_json(DatasetEntry, values, where, writer="lmn-convert", remedy="convert the corpus again")
