"""Reader of two files that go in parallel: each line of one holds the tokens of a sentence, the same line of the other its tags."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ...sentence import Sentence, Where
from ...tags import Scheme
from ..problems import ProblemLog
from .common import CorpusRules
from .file_sets import CorpusFiles
from .sentence_ends import SentenceEnds
from .tag_notation import AS_THE_SCHEME, TagNotation
from .tagged import TaggedReader, tag_options
from .text_files import open_text

_ITEM = re.compile(r"[^ \t\r\n\v\f]+")


@dataclass(frozen=True, slots=True)
class ParallelOptions:
    """Layout of a file of tokens and a file of tags.

    Attributes:
        scheme: Scheme of the tags.
        tags: Name of the file of tags next to the file of tokens, or its path from the folder of the corpus if it holds a slash. A `*`
            stands for the name of the file of tokens up to one of its dots: the last dot for which there is such a file.
        encoding: Encoding of the files; a byte order mark is skipped.
        tag_names: Names of the tags by number, from 0, if tags are numbers; otherwise ().
        notation: How the tags are written.
        token_prefix: Prefix taken off the tokens that begin with it; a token that is the prefix alone keeps it, and is counted.
        ends: Splitter that cuts a line into sentences; None if each line is one sentence.
    """

    scheme: Scheme
    tags: str = "*.out"
    encoding: str = "utf-8"
    tag_names: tuple[str, ...] = ()
    notation: TagNotation = AS_THE_SCHEME
    token_prefix: str = ""
    ends: SentenceEnds | None = None

    @classmethod
    def of(cls, reader: dict[str, Any]) -> ParallelOptions:
        """Take the keys of a card's `reader`, as the schema next to this file describes them."""
        return cls(**tag_options(reader), tags=reader.get("tags", "*.out"), encoding=reader.get("encoding", "utf-8"))

    def files(self, folder: Path, value: str) -> list[Path]:
        """Return the file of tokens and the file of tags of a split. Neither need exist."""
        path = folder / value
        start = folder if "/" in self.tags else path.parent
        stems = [path.name]
        while shorter := stems[-1].rpartition(".")[0]:
            stems.append(shorter)
        named = [start / self.tags.replace("*", stem) for stem in stems[1:] or stems]
        return [path, next((file for file in named if os.path.exists(file) and file != path), named[0])]

    def data(self, folder: Path, value: str) -> CorpusFiles:
        """Return the two files of a split."""
        return CorpusFiles(folder, value, self.files, "the card's reader.tags names the file of tags")

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> ParallelReader:
        """Return the reader of a split."""
        path, tags_path = self.files(folder, value)
        return ParallelReader(path, tags_path, self, rules, log)


class ParallelReader(TaggedReader):
    """Reads the sentences of two files. Lines that are empty in both are skipped; every other line counts in the ids.

    Where a splitter cuts lines, every sentence counts instead.

    Args:
        path: The file of tokens; errors quote it as given.
        tags_path: The file of tags.
        options: Layout of the files.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(
        self, path: Path, tags_path: Path, options: ParallelOptions, rules: CorpusRules, log: ProblemLog
    ) -> None:
        super().__init__(str(path), options, rules, log)
        self.path = path
        self.tags_path = tags_path
        self.options = options

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Return the sentences in order, as `Reader.read` does."""
        return self._cut(self._documents(id_prefix, progress), id_prefix)

    def _documents(self, id_prefix: str, progress: bool) -> Iterator[Sentence]:
        count = 0
        encoding = self.options.encoding
        with (
            open_text(self.path, encoding, progress) as tokens_file,
            open_text(self.tags_path, encoding, False) as tags_file,
        ):
            for number, (tokens_line, tags_line) in enumerate(zip_longest(tokens_file, tags_file), start=1):
                tokens, tags = _ITEM.findall(tokens_line or ""), _ITEM.findall(tags_line or "")
                if not tokens and not tags:
                    continue
                if tokens_line is None or tags_line is None:
                    self._report_end(tokens_line is None, number)
                    return
                sentence = self._tagged(f"{id_prefix}/{count}", tokens, tags, number)
                if sentence:
                    yield sentence
                count += 1
        self._check_tag_key()

    def _report_end(self, is_tokens: bool, number: int) -> None:
        """Report the file that ends before the other one."""
        short, long = (self.path, self.tags_path) if is_tokens else (self.tags_path, self.path)
        self.log.report(
            "unequal",
            Where(str(long), number),
            f"{short.name} ends before this line, and {long.name} goes on",
            remedy="the two files have the same lines; the card's reader.tags names the file of tags",
        )
