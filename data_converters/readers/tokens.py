"""Reader of JSON records that have a list of tokens and a list of tags: JSON Lines, or a JSON list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ...sentence import Sentence
from ...tags import Scheme
from ..problems import ProblemLog
from .common import CorpusRules, FileLayout
from .records import MISSING, RecordFilter, is_text, pick, read_records
from .sentence_ends import SentenceEnds
from .tag_notation import AS_THE_SCHEME, TagNotation
from .tagged import TaggedReader, tag_options

Duplicates = Literal["keep", "drop"]


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """Layout of records with tokens and tags.

    Attributes:
        scheme: Scheme of the tags.
        tokens: Key of the tokens, or path of keys (see `records.pick`).
        tags: Key of the tags, or path of keys.
        tag_names: Names of the tags by number, from 0, if tags are numbers; otherwise ().
        notation: How the tags are written.
        token_prefix: Prefix taken off the tokens that begin with it; a token that is the prefix alone keeps it, and is counted.
        where: Values by key; only records that have them are read.
        duplicates: Treatment of a record that has the tokens and tags of an earlier one: `keep` reads it, `drop` leaves it out.
        ends: Splitter that cuts a record into sentences; None if each record is one sentence.
    """

    scheme: Scheme
    tokens: str = "tokens"
    tags: str = "ner_tags"
    tag_names: tuple[str, ...] = ()
    notation: TagNotation = AS_THE_SCHEME
    token_prefix: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    duplicates: Duplicates = "keep"
    ends: SentenceEnds | None = None

    @classmethod
    def of(cls, reader: dict[str, Any]) -> RecordOptions:
        """Take the keys of a card's `reader`, which follow the schema of its type."""
        return cls(
            **tag_options(reader),
            tokens=reader.get("tokens", "tokens"),
            tags=reader.get("tags", "ner_tags"),
            where=reader.get("where", {}),
            duplicates=reader.get("duplicates", "keep"),
        )


@dataclass(frozen=True, slots=True)
class TokenOptions(FileLayout):
    """Layout of a JSON file of records with tokens and tags.

    Attributes:
        record: Keys of a record.
        records: Path of keys to the records in the values that the file holds; None if these values are the records.
        encoding: Encoding of the file; a byte order mark is skipped.
    """

    record: RecordOptions
    records: str | None = None
    encoding: str = "utf-8"

    @classmethod
    def of(cls, reader: dict[str, Any]) -> TokenOptions:
        """Take the keys of a card's `reader`, as the schema next to this file describes them."""
        return cls(RecordOptions.of(reader), reader.get("records"), reader.get("encoding", "utf-8"))

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> TokenReader:
        """Return the reader of a file."""
        return TokenReader(folder / value, self, rules, log)


class RecordReader(TaggedReader):
    """Makes sentences of records. Every record counts in the ids, whether it is read or not.

    Where a splitter cuts records, every sentence counts instead.

    Args:
        file: Name of the file or data set, for places.
        options: Keys of a record.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, file: str, options: RecordOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(file, options, rules, log)
        self.record_options = options

    def _sentences(self, records: Iterator[tuple[int, Any]], id_prefix: str) -> Iterator[Sentence]:
        """Return the sentences of records, which come with their lines."""
        return self._cut(self._documents(records, id_prefix), id_prefix)

    def _documents(self, records: Iterator[tuple[int, Any]], id_prefix: str) -> Iterator[Sentence]:
        wanted = RecordFilter(self.record_options.where, self._note_filtered)
        first_lines: dict[bytes, int] = {}
        for count, (number, record) in enumerate(records):
            if not wanted.accepts(number, record):
                continue
            tokens = self._words(record, number)
            tags = None if tokens is None else self._tags(record, number)
            if tokens is None or tags is None or self._is_duplicate(tokens, tags, number, first_lines):
                continue
            sentence = self._tagged(f"{id_prefix}/{count}", tokens, tags, number)
            if sentence:
                yield sentence
        wanted.check(self._file)
        self._check_tag_key()

    def _note_filtered(self, number: int, message: str) -> None:
        self.log.report("filtered", self._where(number), message, fatal=False)

    def _is_duplicate(self, tokens: list[str], tags: list[str], number: int, first_lines: dict[bytes, int]) -> bool:
        if self.record_options.duplicates == "keep":
            return False
        key = hashlib.blake2b(repr((tokens, tags)).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        first = first_lines.get(key)
        if first is None:
            first_lines[key] = number
            return False
        self.log.report("duplicate", self._where(number), f"the same as {self._where(first)}", fatal=False)
        return True

    def _words(self, record: Any, number: int) -> list[str] | None:
        values = self._list(record, self.record_options.tokens, "tokens", number)
        if values is None:
            return None
        wrong = [value for value in values if not isinstance(value, str) or not is_text(value)]
        if not wrong:
            return values
        self._malformed(number, f"{_begin(wrong[0])} among the tokens is not text", "check the card's reader.tokens")
        return None

    def _tags(self, record: Any, number: int) -> list[str] | None:
        values = self._list(record, self.record_options.tags, "tags", number)
        return None if values is None else list(map(str, values))

    def _list(self, record: Any, key: str, what: str, number: int) -> list[Any] | None:
        value = pick(record, key)
        if isinstance(value, str):
            return [item for item in value.split(" ") if item]
        if isinstance(value, list):
            return value
        if value is MISSING and isinstance(record, dict):
            seen, remedy = (
                f"no {key!r} in the record",
                f"it has {', '.join(record)}; the card's reader.{what} names one",
            )
        else:
            seen = (
                f"the value of {key!r} is not a list"
                if isinstance(record, dict)
                else f"{_begin(record)} is not a record"
            )
            remedy = f"check the card's reader.{what}"
        self._malformed(number, seen, remedy)
        return None

    def _malformed(self, number: int, message: str, remedy: str) -> None:
        self.log.report("malformed-record", self._where(number), message, remedy=remedy)


class TokenReader(RecordReader):
    """Reads the sentences of one JSON file.

    Args:
        path: The file; errors quote it as given.
        options: Layout of the file.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, path: Path, options: TokenOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(str(path), options.record, rules, log)
        self.path = path
        self.options = options

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order, as `Reader.read` does."""
        options = self.options
        records = read_records(self.path, options.encoding, options.records, self._malformed, progress)
        yield from self._sentences(records, id_prefix)


def _begin(value: Any) -> str:
    """Quote a value, or the beginning of a long value."""
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "..."
