"""Entries of LLaMA-Factory's `dataset_info.json`, with what this package adds to them under the key `lmn`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import LmnError
from ..files import read_json
from ..formats import DEFAULT_FORMAT
from ..prompting.spec import PromptSpec

DATASET_INFO = "dataset_info.json"


@dataclass(frozen=True, slots=True)
class Augmented:
    """What was added to the sentences of a split by replacing mentions.

    Attributes:
        share: of added sentences, relative to the split's own.
        seed: of the draws.
        sentences: number of those added, at most the share of the split's.
    """

    share: float
    seed: int
    sentences: int

    @property
    def mark(self) -> str:
        """What stands in the name of a data set: `aug50` for a share of one half; a seed that is not 0 stands in it too (`aug50-seed7`)."""
        return f"aug{self.share * 100:g}" + (f"-seed{self.seed}" if self.seed else "")


def dataset_name(
    corpus: str,
    split: str,
    spec: PromptSpec,
    default_variant: str,
    labels_mark: str = "",
    augmented: Augmented | None = None,
) -> str:
    """Return `<corpus>[.<labels>][.<variant>][.<format>][.system][.<augmented>]_<split>`: what is the default leaves no mark.

    Args:
        corpus: the card's name for it.
        split: the card's name for it.
        spec: the prompt.
        default_variant: the card's wording.
        labels_mark: tells a change of the card's labels; empty for none.
        augmented: what was added to the split, if anything.
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
        name: its key in `dataset_info.json`.
        file_name: relative to that file's folder.
        card: name of a card of the package, or path of a user's own.
        corpus: the card's corpus name.
        split: the card's split name.
        docstart: the card's policy for `-DOCSTART-` lines.
        spec: the prompt that the records hold.
        augmented: what was added to the split's sentences; None where the records are these and no others.
        source: folder of the corpus files that it was converted from, as it was given; None for the card's default.
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

    def source_folder(self, corpus: str, given: Path | None) -> Path | None:
        """Return the folder of a corpus's files: the one given, else for the entry's own corpus that which it was converted from."""
        if given or corpus != self.corpus or self.source is None:
            return given
        return Path(self.source)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as LLaMA-Factory reads it, our own keys under `lmn`."""
        columns = {"prompt": "instruction", "query": "input", "response": "output"}
        if self.spec.instruction_as == "system":
            columns = {"system": "instruction", "prompt": "input", "response": "output"}
        return {
            "file_name": self.file_name,
            "columns": columns,
            "lmn": {
                "card": self.card,
                "corpus": self.corpus,
                "split": self.split,
                "format": self.spec.format,
                "variant": self.spec.variant,
                "labels": list(self.spec.labels.names),
                "docstart": self.docstart,
                "augmented": asdict(self.augmented) if self.augmented else None,
                "source": self.source,
                "prompt": self.spec.to_dict(),
            },
        }


class Record(NamedTuple):
    """What prediction needs of a converted record."""

    id: str
    tokens: tuple[str, ...]


def load_entry(folder: Path, name: str) -> DatasetEntry:
    """Return the entry of a data set.

    Raises:
        LmnError: there is no such data set, or lmn-convert did not write it.
    """
    entries = _entries(folder)
    if name not in entries:
        raise LmnError(
            f"{folder / DATASET_INFO}: no data set {name!r}; write it with lmn-convert (there: {', '.join(entries) or 'none'})"
        )
    return _entry_from(folder, name, entries[name])


def sibling(folder: Path, entry: DatasetEntry, split: str) -> DatasetEntry:
    """Return the data set of another split with the same corpus and prompt, and with nothing added to it.

    Raises:
        LmnError: none was converted; or only with another prompt, which an adapter trained on this one would not answer to.
    """
    others: list[str] = []
    for name, row in _entries(folder).items():
        if not isinstance(row, dict) or "lmn" not in row:
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
        f"{folder / DATASET_INFO}: no data set of corpus {entry.corpus}, split {split}, with the prompt of {entry.name}{found}; "
        f"run lmn-convert {entry.card} --split {split} with the options that {entry.name} was written with"
    )


def read_records(folder: Path, entry: DatasetEntry) -> Iterator[Record]:
    """Yield ids and tokens of a converted data set.

    Raises:
        LmnError: the file is missing or a record lacks what lmn-convert writes.
    """
    for record, _ in _rows(folder, entry):
        yield record


def read_outputs(folder: Path, entry: DatasetEntry) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the tokens of each sentence of a converted data set and the output that a model is trained to write for it.

    Raises:
        LmnError: the file is missing or a record lacks what lmn-convert writes.
    """
    for record, output in read_answers(folder, entry):
        yield record.tokens, output


def read_answers(folder: Path, entry: DatasetEntry) -> Iterator[tuple[Record, str]]:
    """Yield what `read_records` yields, each with the output that a model is trained to write for it.

    Raises:
        LmnError: the file is missing or a record lacks what lmn-convert writes.
    """
    for record, row in _rows(folder, entry):
        if not isinstance(row.get("output"), str):
            raise LmnError(f"{folder / entry.file_name}: {record.id} has no output; write it anew with lmn-convert")
        yield record, row["output"]


def _rows(folder: Path, entry: DatasetEntry) -> Iterator[tuple[Record, dict[str, Any]]]:
    path = folder / entry.file_name
    rows = read_json(path, remedy="write it with lmn-convert")
    if not isinstance(rows, list):
        raise LmnError(f"{path}: not a JSON list of records; write it anew with lmn-convert")
    for number, row in enumerate(rows):
        try:
            record = Record(row["id"], tuple(row["tokens"]))
            texts = (record.id, *record.tokens)
            if not (record.tokens and isinstance(row["tokens"], list) and all(isinstance(text, str) for text in texts)):
                raise TypeError
        except (KeyError, TypeError) as error:
            raise LmnError(f"{path}: record {number} has no id or no tokens; write it anew with lmn-convert") from error
        yield record, row


def read_dataset_info(folder: Path) -> dict[str, Any]:
    """Return what a folder's `dataset_info.json` holds, by data set; nothing where there is none.

    Raises:
        LmnError: it is damaged.
    """
    path = folder / DATASET_INFO
    if not path.exists():
        return {}
    info = read_json(path, remedy="mend it or move it away")
    if not isinstance(info, dict):
        raise LmnError(f"{path}: not a JSON mapping of data sets; mend it or move it away")
    return info


def _entries(folder: Path) -> dict[str, Any]:
    path = folder / DATASET_INFO
    if not path.is_file():
        raise LmnError(
            f"{path}: no such file; run lmn-convert first, or name the folder with dataset_dir in the recipe"
        )
    return read_dataset_info(folder)


def _entry_from(folder: Path, name: str, row: dict[str, Any]) -> DatasetEntry:
    where = f"{folder / DATASET_INFO}: {name}"
    try:
        lmn = row["lmn"]
        texts = [row["file_name"], *(lmn[key] for key in ("card", "corpus", "split", "docstart"))]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("a value that is no string")
        file_name, card, corpus, split, docstart = texts
        added = Augmented(**lmn["augmented"]) if lmn.get("augmented") else None
        source = lmn.get("source")
        if not isinstance(source, str | None):
            raise TypeError("a source that is no string")
        spec = PromptSpec.from_dict(lmn["prompt"], where)
        return DatasetEntry(name, file_name, card, corpus, split, docstart, spec, added, source)
    except KeyError as error:
        raise LmnError(f"{where}: not written by lmn-convert (no {error}); convert the corpus with it") from error
    except TypeError as error:
        raise LmnError(f"{where}: not as lmn-convert writes it ({error}); convert the corpus again") from error
