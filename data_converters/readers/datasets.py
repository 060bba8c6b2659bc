"""Reader of data sets of the `datasets` library, on the Hub or on disk, with a column of tokens and a column of tags."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import LmnError, installing
from ...hub_client import guard_hub
from ...sentence import Sentence
from ...standard_input import kept_from_libraries
from ...terminal import progress_bars
from ..paths import inner_path
from ..problems import ProblemLog
from .common import CorpusRules, SplitData
from .dataset_files import FORMATS, check_plain, load_file, load_folder, load_from_hub, load_saved
from .tokens import RecordOptions, RecordReader

_BATCH = 1000
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_OLDEST = 4
"""First version of the library, by its first number, that runs no programs of data sets."""


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """Layout of a data set.

    Attributes:
        record: Keys of a record.
        path: File or folder in the folder of the corpus; if there is none, id of a data set on the Hub.
        name: Configuration of the data set.
        revision: Branch, tag or commit on the Hub.
    """

    record: RecordOptions
    path: str
    name: str | None = None
    revision: str | None = None

    @classmethod
    def of(cls, reader: dict[str, Any]) -> DatasetOptions:
        """Take the keys of a card's `reader`, as the schema next to this file describes them."""
        return cls(RecordOptions.of(reader), reader["path"], reader.get("name"), reader.get("revision"))

    def data(self, folder: Path, value: str) -> SplitData:
        """Return a split of the data set, by name."""
        return DatasetSplit(self, folder, value)

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> DatasetReader:
        """Return the reader of a split, by name."""
        return DatasetReader(DatasetSplit(self, folder, value), rules, log)


@dataclass(frozen=True, slots=True)
class DatasetSplit:
    """One split of a data set.

    Attributes:
        options: How to read the data set.
        folder: Folder of the corpus files.
        split: Name that the data set has for the split.
    """

    options: DatasetOptions
    folder: Path
    split: str

    @property
    def local(self) -> Path | None:
        """The file or folder of the data set; None for a data set on the Hub."""
        path = self.folder / self.options.path
        return path if os.path.exists(path) else None

    def __str__(self) -> str:
        name = str(self.local or self.options.path)
        return f"{name}[{', '.join(filter(None, [self.options.name, self.split]))}]"

    def missing(self) -> LmnError | None:
        """Return the error for a file or folder that does not exist; None if it does, or the path may be an id of the Hub.

        Raises:
            LmnError: The path leads out of the folder of the corpus.
        """
        path = self.options.path
        inner_path(self.folder, path, "--source DIR names the folder that holds it")
        if self.local or (_HUB_ID.fullmatch(path) and Path(path).suffix not in FORMATS):
            return None
        remedy = f"--source DIR names the folder that holds {path}"
        if "/" not in path and Path(path).suffix not in FORMATS:
            remedy = f"{remedy}; a data set on the Hub is called OWNER/NAME"
        return LmnError("no such file or folder", self.folder / path, remedy)

    def sha256(self) -> str:
        """Return the hash of the tokens and tags, one line of JSON per record, in the order of the split."""
        digest = hashlib.sha256()
        keys = (self.options.record.tokens, self.options.record.tags)
        for record in self.rows():
            digest.update(json.dumps([record.get(key) for key in keys], ensure_ascii=True).encode() + b"\n")
        return digest.hexdigest()

    def rows(self, loaded: Any = None) -> Iterator[dict[str, Any]]:
        """Yield the records as mappings. In the columns of `where`, names replace the numbers that stand for them.

        Raises:
            LmnError: The data is damaged.
        """
        data = self.load() if loaded is None else loaded
        named = {
            column: dict(enumerate(feature.names))
            for column, feature in data.features.items()
            if column in self.options.record.where and hasattr(feature, "names")
        }
        chosen = data.select_columns([name for name in data.column_names if name in self._columns])
        try:
            for batch in chosen.iter(_BATCH):
                for values in zip(*batch.values()):
                    record = dict(zip(batch, values))
                    for column, names in named.items():
                        record[column] = names.get(record[column], record[column])
                    yield record
        except (ValueError, OSError, TypeError, KeyError, NotImplementedError) as error:  # pyarrow's and the library's
            raise LmnError(f"its data cannot be read ({_first_line(error)})", self, self._remedy(error)) from error

    @property
    def _columns(self) -> set[str]:
        return {self.options.record.tokens, self.options.record.tags, *self.options.record.where}

    def load(self) -> Any:
        """Load the split.

        Raises:
            LmnError: The library is not installed, or the data set, configuration, split or column does not exist.
        """
        try:
            import datasets

            guard_hub()
        except ImportError as error:
            raise LmnError(f"reading it needs the datasets library ({error})", self, installing("readers")) from error
        if int(datasets.__version__.split(".")[0]) < _OLDEST:
            what = f"reading it needs datasets {_OLDEST} or later, not {datasets.__version__}, which runs programs"
            raise LmnError(what, self, installing("readers"))
        if not sys.stderr.isatty():
            datasets.disable_progress_bars()
        try:
            with kept_from_libraries():
                data = self._load(datasets)
        except LmnError:
            raise
        except Exception as error:  # the library raises errors of many kinds, its own and others'
            raise LmnError(_first_line(error), self, self._remedy(error)) from error
        record = self.options.record
        for key, column in (
            ("tokens", record.tokens),
            ("tags", record.tags),
            *(("where", column) for column in record.where),
        ):
            if column not in data.column_names:
                remedy = f"it has {', '.join(data.column_names)}: the card's reader.{key} names one"
                raise LmnError(f"no column {column!r}", self, remedy)
        check_plain(data.features, self._columns, self)
        return data

    def _load(self, datasets: Any) -> Any:
        if missing := self.missing():
            raise missing
        path, options = self.local, self.options
        if path is None:
            return load_from_hub(datasets, options.path, options.name, options.revision, self.split)
        if not path.is_dir():
            return load_file(datasets, self.folder, path, self.split)
        saved = load_saved(datasets, self.folder, path, self.split)
        return load_folder(datasets, self.folder, path, options.name, self.split) if saved is None else saved

    def _remedy(self, error: Exception) -> str:
        """Return the remedy for an error that the library raised."""
        text = str(error)
        if "scripts are no longer supported" in text or "trust_remote_code" in text:
            return (
                "it is a program, which is not run: take a copy in Parquet (the card's reader.revision may be refs/convert/parquet), "
                "or its files with another reader"
            )
        if isinstance(error, ConnectionError) or "offline" in text.lower() or "Hub" in text:
            return (
                f"{self.folder / self.options.path} is not a file or folder either: save the data set there (save_to_disk), or check the "
                "card's reader.path and the connection to the Hub"
            )
        return "the card's reader.path, reader.name and splits say what is read"


class DatasetReader(RecordReader):
    """Reads the sentences of one split. Places give the data set and the number of the record, from 1.

    Args:
        split: The split.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, split: DatasetSplit, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(str(split), split.options.record, rules, log)
        self.split = split

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order, as `Reader.read` does."""
        data = self.split.load()
        if not self.record_options.tag_names:
            self._name_tags(_names(data, self.record_options.tags))
        records: Iterator[tuple[int, Any]] = enumerate(self.split.rows(data), start=1)
        with progress_bars() if progress else nullcontext() as bars:
            shown = bars.track(records, len(data), description=str(self.split)) if bars else records
            yield from self._sentences(iter(shown), id_prefix)


def _names(data: Any, column: str) -> list[str]:
    """Return the names that a data set's features give to the numbers in a column of lists; empty if they give none."""
    feature = data.features[column]
    inner = feature[0] if isinstance(feature, list) else getattr(feature, "feature", feature)
    return list(getattr(inner, "names", None) or [])


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
