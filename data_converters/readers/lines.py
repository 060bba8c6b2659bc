"""Reader of files with one sentence per line: tokens in one column, tags in another, spaces between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...sentence import Sentence
from ...tags import Scheme
from ..problems import ProblemLog
from .common import CorpusRules, FileLayout
from .sentence_ends import SentenceEnds
from .tag_notation import AS_THE_SCHEME, TagNotation
from .tagged import TaggedReader, tag_options
from .text_files import open_text


@dataclass(frozen=True, slots=True)
class LineOptions(FileLayout):
    """Layout of a file with one sentence per line.

    Attributes:
        scheme: Scheme of the tags.
        separator: String between the columns of a line.
        tokens: Column of the tokens, from 0; negative numbers count from the end.
        tags: Column of the tags.
        within: String between a token and its tag where lines have no columns but items like `word|tag`; `tokens` and `tags` then
            count the parts of an item. None if lines have columns.
        encoding: Encoding of the file; a byte order mark is skipped.
        tag_names: Names of the tags by number, from 0, if tags are numbers; otherwise ().
        notation: How the tags are written.
        token_prefix: Prefix taken off the tokens that begin with it; a token that is the prefix alone keeps it, and is counted.
        ends: Splitter that cuts a line into sentences; None if each line is one sentence.
    """

    scheme: Scheme
    separator: str = "\t"
    tokens: int = -1
    tags: int = -2
    within: str | None = None
    encoding: str = "utf-8"
    tag_names: tuple[str, ...] = ()
    notation: TagNotation = AS_THE_SCHEME
    token_prefix: str = ""
    ends: SentenceEnds | None = None

    @classmethod
    def of(cls, reader: dict[str, Any]) -> LineOptions:
        """Take the keys of a card's `reader`, as the schema next to this file describes them."""
        separator = reader.get("separator", "tab")
        within = reader.get("within")
        return cls(
            **tag_options(reader),
            separator={"tab": "\t", "space": " "}.get(separator, separator),
            tokens=reader.get("tokens", 0 if within else -1),
            tags=reader.get("tags", -1 if within else -2),
            within=within,
            encoding=reader.get("encoding", "utf-8"),
        )

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> LineReader:
        """Return the reader of a file."""
        return LineReader(folder / value, self, rules, log)


class LineReader(TaggedReader):
    """Reads the sentences of one file. Blank lines are skipped; every other line counts in the ids, sound or not.

    Where a splitter cuts lines, every sentence counts instead.

    Args:
        path: The file; errors quote it as given.
        options: Layout of the file.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, path: Path, options: LineOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(str(path), options, rules, log)
        self.path = path
        self.options = options

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order, as `Reader.read` does."""
        return self._cut(self._documents(id_prefix, progress), id_prefix)

    def _documents(self, id_prefix: str, progress: bool) -> Iterator[Sentence]:
        count = 0
        with open_text(self.path, self.options.encoding, progress) as file:
            for number, line in enumerate(file, start=1):
                text = line[:-2] if line.endswith("\r\n") else line.removesuffix("\n")
                if not text.strip():
                    continue
                columns = self._columns(text, number)
                sentence = self._tagged(f"{id_prefix}/{count}", *columns, number) if columns else None
                if sentence:
                    yield sentence
                count += 1
        self._check_tag_key()

    def _columns(self, text: str, number: int) -> tuple[list[str], list[str]] | None:
        """Return the tokens and tags of a line. Report a problem and return None if it lacks them."""
        options = self.options
        if options.within is None:
            fields = text.split(options.separator)
            if self._has_both(fields):
                return _items(fields[options.tokens]), _items(fields[options.tags])
            seen, remedy = f"no tokens and tags in {len(fields)} columns", "check the card's separator, tokens and tags"
        else:
            parts = [item.split(options.within) for item in _items(text)]
            short = next((part for part in parts if not self._has_both(part)), None)
            if short is None:
                return [part[options.tokens] for part in parts], [part[options.tags] for part in parts]
            seen, remedy = f"{options.within.join(short)!r} has no tag", "check the card's within, tokens and tags"
        self.log.report("malformed-record", self._where(number), f"{seen}: {_begin(text)}", remedy=remedy)
        return None

    def _has_both(self, fields: list[str]) -> bool:
        """Return whether the fields include a token and, in another column, a tag."""
        token, tag = self.options.tokens, self.options.tags
        width = len(fields)
        return -width <= token < width and -width <= tag < width and token % width != tag % width


def _items(field: str) -> list[str]:
    return [item for item in field.split(" ") if item]


def _begin(text: str) -> str:
    """Quote a line, or the beginning of a long line."""
    return repr(text if len(text) <= 60 else text[:60] + "...")
