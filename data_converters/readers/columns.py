"""Reader of column files: one token per line, tags in a column, an empty line between sentences.

It streams: memory holds one sentence at a time. Every sentence is validated as it is read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from ...errors import LmnError
from ...sentence import DOCSTART, Sentence
from ...tags import InvalidTag, Scheme, decode
from ..problems import ProblemLog
from .common import CorpusRules, FileLayout
from .sentence_ends import SentenceEnds, report_joined
from .tag_notation import AS_THE_SCHEME, TagNotation
from .tagged import TaggedReader, tag_options
from .text_files import open_text

MAX_LINES = 1_000_000
"""Number of lines that a sentence may have: memory holds one sentence, and no larger one."""
_CHUNK = 1 << 20
_MAX_SEEN = 1_000_000
_BREAK = re.compile(r"\n(?:[^\S\n]*\n)+")


@dataclass(frozen=True, slots=True)
class ColumnOptions(FileLayout):
    """Layout of a column file.

    Attributes:
        scheme: Scheme of the tags.
        separator: `auto` splits a line at tabs if it has one, else at runs of spaces. A space also splits at runs of spaces.
            `last-space` splits a line in two at its last run of spaces, so that a token may hold others. Any other string splits at
            that string.
        token: Column of the token, from 0; negative numbers count from the end.
        tags: Columns of tags, the outer level first.
        columns: Number of columns that every line must have, or None. Where spaces (or another string, but no tab) separate columns, a
            token may hold them: it takes the columns too many.
        comments: Exact beginnings of comment lines; no other line is a comment.
        untagged: Treatment of a line without a tag.
        encoding: Encoding of the file; a byte order mark is skipped.
        tag_names: Names of the tags by number, from 0, if tags are numbers; otherwise ().
        notation: How the tags are written.
        token_prefix: Prefix taken off the tokens that begin with it; a token that is the prefix alone keeps it, and is counted.
        sentence: Column, from 0, in which a new value begins a sentence, as an empty line does. An empty value continues the sentence
            above. None: only empty lines separate sentences.
        header: Whether the first line names the columns; it is skipped.
        quoted: Whether fields may be in double quotes, as in CSV files.
        ends: What else ends a sentence, besides an empty line; None for nothing.

    Raises:
        ValueError: Fields are quoted, and the separator is not one character; or a column of sentences stands beside other ends.
    """

    scheme: Scheme
    separator: str = "auto"
    token: int = 0
    tags: tuple[int, ...] = (-1,)
    columns: int | None = None
    comments: tuple[str, ...] = ()
    untagged: Literal["error", "outside", "skip"] = "error"
    encoding: str = "utf-8"
    tag_names: tuple[str, ...] = ()
    notation: TagNotation = AS_THE_SCHEME
    token_prefix: str = ""
    sentence: int | None = None
    header: bool = False
    quoted: bool = False
    ends: SentenceEnds | None = None

    def __post_init__(self) -> None:
        if self.quoted and len(self.separator) != 1:
            raise ValueError('quoted fields need a separator of one character, such as separator: ","')
        if self.ends and not self.ends.splitter and self.sentence is not None:
            raise ValueError("sentences end by a column of numbers (sentence) or by a mark: name one of them")

    @classmethod
    def of(cls, reader: dict[str, Any]) -> ColumnOptions:
        """Take the keys of a card's `reader`, as the schema next to this file describes them."""
        separator = reader.get("separator", "auto")
        return cls(
            **tag_options(reader),
            separator={"tab": "\t", "space": " "}.get(separator, separator),
            token=reader.get("token", 0),
            tags=(reader.get("tag", -1), *reader.get("inner_tags", ())),
            columns=reader.get("columns"),
            comments=tuple(reader.get("comments", ())),
            untagged=reader.get("untagged", "error"),
            encoding=reader.get("encoding", "utf-8"),
            sentence=reader.get("sentence"),
            header=reader.get("header", False),
            quoted=reader.get("quoted", False),
        )

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> ColumnReader:
        """Return the reader of a file."""
        return ColumnReader(folder / value, self, rules, log)


class _SpacedRow(list[str]):
    """Fields of a line whose token took the columns too many."""


def _blocks(file: IO[str], number: int, too_long: Callable[[int], LmnError]) -> Iterator[tuple[int, str]]:
    r"""Yield the blocks between blank lines, each with the number of its first line, from 1.

    Lines end in `\\n` in a block, and the last line end is left out.

    Args:
        file: Open file, read from its current position.
        number: Number of lines read before.
        too_long: Function that makes the error for a block of more than `MAX_LINES` lines, given the line with which it begins.
    """
    rest = "\n"  # as if an empty line came before the file, as before every block
    held = ""  # a carriage return whose line feed may begin the next chunk
    looked = 0  # position in the rest before which no block ends
    lines = 0
    while True:
        chunk = file.read(_CHUNK)
        text = held + (chunk or "\n")
        held = "\r" if chunk and text.endswith("\r") else ""
        if "\r" in text:
            text = text.removesuffix(held).replace("\r\n", "\n")
        rest += text
        start = 0
        solid = len(rest.rstrip())
        for found in _BREAK.finditer(rest, looked):
            if chunk and found.end() >= solid:
                break  # the white space may go on in the next chunk
            if found.start() > start:
                first = start + rest.startswith("\n", start)
                yield number + first - start, rest[first : found.start()]
            number += rest.count("\n", start, found.end())
            start = found.end()
        rest = rest[start:]
        looked = max(solid - start, 0)
        lines = rest.count("\n") if start else lines + text.count("\n")
        if lines > MAX_LINES:
            raise too_long(number + rest.startswith("\n"))
        if not chunk:
            break
    text = rest.strip("\n")
    if text and not text.isspace():
        yield number + rest.startswith("\n"), text


class ColumnReader(TaggedReader):
    """Reads the sentences of one file. A `-DOCSTART-` line always ends the sentence before it.

    Args:
        path: The file; errors quote it as given.
        options: Layout of the file.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, path: Path, options: ColumnOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(str(path), options, rules, log)
        self.path = path
        self.options = options
        self.docstart = rules.docstart
        self._marks_documents = rules.docstart != "none"
        self._marks = 0  # marks of sentences that were seen
        self._current = ""  # number of the sentence
        self._seen: set[str] = set()  # numbers of the sentences of the document
        separator = options.separator
        self._counts_columns = options.columns is None and separator != "last-space"
        self._spaced = (
            None if options.columns is None or separator in ("\t", "last-space") or options.quoted else options.columns
        )

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Return the sentences in order.

        Args:
            id_prefix: `<corpus>/<split>`. The number after it counts every sentence and every `-DOCSTART-` line from 0 (where a splitter
                cuts documents, the `-DOCSTART-` lines that are sentences).
            progress: Whether to show a progress bar on standard error if that is a terminal.

        Raises:
            LmnError: The file cannot be read, a fatal problem is found and the log does not keep going, or no sentence ends within
                `MAX_LINES` lines.
        """
        return self._cut(self._documents(id_prefix, progress), id_prefix)

    def _documents(self, id_prefix: str, progress: bool) -> Iterator[Sentence]:
        with open_text(self.path, self.options.encoding, progress) as file:
            if self.options.header:
                file.readline()
            before = int(self.options.header)
            by_mark = self.options.ends is not None and self.options.ends.splitter is None
            if self.options.sentence is None and not self.options.quoted and not by_mark:
                yield from self._read_blocks(file, before, id_prefix)
            else:
                count = 0
                for rows, numbers in self._row_parts(file, before):
                    sentence, is_counted = self._part(f"{id_prefix}/{count}", rows, numbers)
                    if sentence:
                        yield sentence
                    count += is_counted
                if by_mark and count and not self._marks:
                    self._report_unmarked(before + 1)
        self._check_tag_key()

    def _report_unmarked(self, number: int) -> None:
        message = f"no line has the mark that ends a sentence ({self.options.ends})"
        self.log.report("unsplit", self._where(number), message, fatal=False)

    def _read_blocks(self, file: IO[str], before: int, id_prefix: str) -> Iterator[Sentence]:
        """Yield the sentences of a file in which empty lines separate sentences."""
        count = 0
        comments = self.options.comments
        for first, text in _blocks(file, before, self._too_long):
            number, block = first, text
            while comments and block.startswith(comments):
                number, block = number + 1, block.partition("\n")[2]
            if not block:
                continue
            if not self._is_special(block):
                sentence = self._fast_sentence(f"{id_prefix}/{count}", number, block) or self._sentence(
                    f"{id_prefix}/{count}",
                    [self._split(line) for line in block.split("\n")],
                    range(number, number + block.count("\n") + 1),
                )
                if sentence:
                    yield sentence
                    count += 1
                continue
            for rows, numbers in self._parts(block, number):
                sentence, is_counted = self._part(f"{id_prefix}/{count}", rows, numbers)
                if sentence:
                    yield sentence
                count += is_counted

    def _part(self, sentence_id: str, rows: list[list[str]], numbers: Sequence[int]) -> tuple[Sentence | None, bool]:
        """Return the sentence of some rows, or None, and whether it counts in the ids; a `-DOCSTART-` line always does."""
        if self._marks_documents and len(rows) == 1 and self._is_docstart(rows[0]):
            if self.docstart == "sentence":
                return Sentence(sentence_id, (DOCSTART,), (), self._where(numbers[0])), True
            return None, True
        sentence = self._sentence(sentence_id, rows, numbers)
        return sentence, sentence is not None

    def _is_special(self, block: str) -> bool:
        """Return whether a block may hold comments, a `-DOCSTART-` line or a stray carriage return, so that each line needs a look."""
        if (self._marks_documents and DOCSTART in block) or "\r" in block:
            return True
        comments = self.options.comments
        return bool(comments) and (block.startswith(comments) or any("\n" + comment in block for comment in comments))

    def _parts(self, block: str, number: int) -> Iterator[tuple[list[list[str]], list[int]]]:
        """Cut a block at its `-DOCSTART-` lines, which are parts of their own, and leave comments out."""
        lines = ((at, line, self._split(line)) for at, line in enumerate(block.split("\n"), start=number))
        yield from self._grouped(lines)

    def _row_parts(self, file: IO[str], before: int) -> Iterator[tuple[list[list[str]], list[int]]]:
        """Cut a file into sentences line by line, by its sentence column and empty lines; `before` lines have been read."""
        yield from self._grouped(self._quoted_rows(file, before) if self.options.quoted else self._rows(file, before))

    def _rows(self, file: IO[str], before: int) -> Iterator[tuple[int, str, list[str]]]:
        for number, line in enumerate(file, start=before + 1):
            text = line[:-2] if line.endswith("\r\n") else line.removesuffix("\n")
            yield number, text, self._split(text)

    def _quoted_rows(self, file: IO[str], before: int) -> Iterator[tuple[int, str, list[str]]]:
        rows = csv.reader(file, delimiter=self.options.separator, strict=True)
        first = before + 1
        try:
            for row in rows:
                yield first, self.options.separator.join(row), row
                first = before + rows.line_num + 1
        except csv.Error as error:
            remedy = "the card's reader.quoted is for files whose quotes come in pairs"
            raise LmnError(str(error), f"{self.path}:{first}", remedy) from error

    def _too_long(self, number: int) -> LmnError:
        remedy = "the card's reader.sentence_end names the mark or comment that ends one; or put an empty line between documents"
        return LmnError(f"no sentence ends within {MAX_LINES:,} lines", self._where(number), remedy)

    def _grouped(self, lines: Iterator[tuple[int, str, list[str]]]) -> Iterator[tuple[list[list[str]], list[int]]]:
        """Group lines (number, text, fields) into sentences and `-DOCSTART-` lines, and leave comments out."""
        comments, ends = self.options.comments, self.options.ends
        rows: list[list[str]] = []
        numbers: list[int] = []
        ended = False  # whether a mark ends the sentence here, unless an entity goes on
        for number, text, row in lines:
            if ends and ends.comment and text.startswith(ends.comment):
                ended = True
                self._marks += 1
                continue
            if comments and text.startswith(comments):
                continue
            is_docstart = self._marks_documents and DOCSTART in text and self._is_docstart(row)
            is_empty = not text.strip()
            is_new = self._is_new(row, number, restart=is_docstart or is_empty)
            is_marked = ends is not None and not is_empty and ends.marks(row)
            self._marks += is_marked
            ended = ended or (is_marked and ends is not None and ends.begins)
            if rows and (is_new or (ended and not self._goes_on(rows[-1], row, number))):
                yield rows, numbers
                rows, numbers = [], []
            ended = is_marked and ends is not None and not ends.begins
            if is_docstart:
                yield [row], [number]
            elif not is_empty:
                rows.append(row)
                numbers.append(number)
                if len(rows) > MAX_LINES:
                    raise self._too_long(numbers[0])
        if rows:
            yield rows, numbers

    def _is_new(self, row: list[str], number: int, *, restart: bool) -> bool:
        """Return whether a line begins a sentence whatever its tag: after an empty or `-DOCSTART-` line, or by its number in a column."""
        column = self.options.sentence
        if restart:
            self._current, self._seen = "", set()
        if restart or column is None:
            return restart
        value = row[column] if column < len(row) else ""
        if not value or value == self._current:
            return False
        if value in self._seen:
            message = f"the sentence {value!r} comes back after {self._current!r}"
            self.log.report("returning-sentence", self._where(number), message, fatal=False)
        self._current = value
        self._seen = self._seen if len(self._seen) < _MAX_SEEN else set()
        self._seen.add(value)
        return True

    def _goes_on(self, before: list[str], row: list[str], number: int) -> bool:
        """Return whether an entity goes on from a line to the next, so that no sentence ends between them.

        Tags of IOB1 and IO do not tell an entity that goes on from one that begins.
        """
        if self.scheme in ("IOB1", "IO"):
            return False
        for column in self.options.tags:
            if all(-len(fields) <= column < len(fields) for fields in (before, row)):
                tags = self._of_scheme([fields[column] for fields in (before, row)])
                spans, _ = decode(tags, self.scheme, "conlleval")
                if spans and spans[0].end - spans[0].start == 2:
                    words = [fields[self.options.token] for fields in (before, row)]
                    report_joined(self.log, words, spans[0].label, self._where(number))
                    return True
        return False

    def _is_docstart(self, fields: list[str]) -> bool:
        column = self.options.token
        return fields == [DOCSTART] or (-len(fields) <= column < len(fields) and fields[column] == DOCSTART)

    def _split(self, line: str) -> list[str]:
        separator = self.options.separator
        if separator == "auto":
            separator = "\t" if "\t" in line else " "
        if separator == "last-space":
            before, _, tag = line.rstrip(" ").rpartition(" ")
            return [before.strip(" "), tag] if before.strip(" ") else [tag]
        fields = line.split(separator)
        if separator == " ":
            fields = [field for field in fields if field]
        if self._spaced is None or separator == "\t" or len(fields) <= self._spaced:
            return fields
        token = self.options.token % self._spaced
        end = token + len(fields) - self._spaced + 1
        return _SpacedRow([*fields[:token], separator.join(fields[token:end]), *fields[end:]])

    def _fast_sentence(self, sentence_id: str, number: int, block: str) -> Sentence | None:
        """Make a sentence of a block whose lines all have the same columns; None if a line needs a closer look."""
        options = self.options
        separator = options.separator
        if separator == "auto":
            separator = "\t" if "\t" in block else " "
        one_space = separator == "last-space"
        separator = " " if one_space else separator
        by_space = separator == " "  # a run of spaces separates like one space; without runs, no field is empty
        if by_space and ("  " in block or "\n " in block or " \n" in block or block[0] == " " or block[-1] == " "):
            return None
        fields = block.replace("\n", f"{separator}\n{separator}").split(separator)
        lines = block.count("\n") + 1
        width = (len(fields) + 1) // lines - 1
        if (
            width < 2
            or (one_space and width > 2)
            or len(fields) != (width + 1) * lines - 1
            or fields[width :: width + 1].count("\n") != lines - 1
            or (options.columns is not None and width != options.columns)
            or not -width <= options.token < width
        ):
            return None
        tokens = fields[options.token % width :: width + 1]
        if not by_space and "" in tokens:
            return None
        levels: list[list[str]] = []
        for column in options.tags:
            if not -width <= column < width:
                return None
            tags = fields[column % width :: width + 1]
            if not by_space and "" in tags and options.notation.key is None:
                return None
            levels.append(tags)
        if self._counts_columns:
            widths = self.log.widths
            if width == widths.full:
                widths.counts[width] += lines
            else:
                widths.add(width, self._file, number, block, lines)
        return self._build(sentence_id, tokens, levels, range(number, number + lines))

    def _sentence(self, sentence_id: str, lines: list[list[str]], numbers: Sequence[int]) -> Sentence | None:
        """Make a sentence of its lines, checking each; None if no line holds a token to keep."""
        rows, sound_numbers = self._sound_rows(lines, numbers)
        if not rows:
            return None
        tokens = [row[self.options.token] for row in rows]
        levels = [[row[column] for row in rows] for column in self.options.tags]
        return self._build(sentence_id, tokens, levels, sound_numbers)

    def _sound_rows(self, rows: list[list[str]], numbers: Sequence[int]) -> tuple[list[list[str]], list[int]]:
        """Return the sound rows of a sentence with their lines, and report the others."""
        options = self.options
        kept: list[list[str]] = []
        kept_numbers: list[int] = []
        needed = max(column + 1 if column >= 0 else -column for column in (options.token, *options.tags))
        for row, number in zip(rows, numbers):
            where = self._where(number)
            if (
                len(row) == 1
                or len(row) < needed
                or (options.notation.key is None and "" in [row[column] for column in options.tags])
            ):
                self.log.report(
                    "untagged",
                    where,
                    f"a line without a tag: {' '.join(row)!r}",
                    remedy="the card's reader.untagged says what happens to such lines: error, outside or skip",
                    fatal=options.untagged == "error",
                )
                if options.untagged == "outside" and row[0]:
                    row = self._as_outside(row, needed)  # noqa: PLW2901
                else:
                    continue
            elif options.columns is not None and len(row) != options.columns:
                self.log.report(
                    "columns", where, f"{len(row)} columns where the card says {options.columns}: {' '.join(row)!r}",
                    remedy="check the card's separator and columns",
                )  # fmt: skip
            elif self._counts_columns:
                self.log.widths.add(len(row), self._file, number, " ".join(row))
            elif isinstance(row, _SpacedRow):
                message = f"the token {row[options.token]!r} holds spaces, or what separates the columns"
                self.log.report("spaced-token", where, message, fatal=False)
            if broken := self._broken(row):
                remedy = "end lines in a line feed, or in a carriage return and a line feed; take it out of a token"
                self.log.report("line-break", where, broken, remedy=remedy)
                continue
            if row[options.token] == "":
                self.log.report(
                    "empty-token", where, "the token is empty", remedy="mend the line, or the card's token column"
                )
                continue
            kept.append(row)
            kept_numbers.append(number)
        return kept, kept_numbers

    def _broken(self, row: list[str]) -> str:
        """Return which field holds a line break, in words; empty if none does. In quotes, only a token may hold none."""
        token = row[self.options.token]
        for field in [token] if self.options.quoted else [token, *row]:
            if "\r" in field or "\n" in field:
                what = "carriage return" if "\r" in field else "line feed"
                return f"the {'token' if field is token else 'field'} {field!r:.200} holds a {what}"
        return ""

    def _remedy(self, bad: InvalidTag) -> str:
        if '"' in bad.tag and len(self.options.separator) == 1 and not self.options.quoted:
            return "if the fields are in double quotes, as in CSV, `quoted: true` in the card's reader takes the quotes off"
        return super()._remedy(bad)

    def _as_outside(self, row: list[str], needed: int) -> list[str]:
        width = max(needed, self.options.columns or 2)
        filled = ["O"] * width
        column = self.options.token
        filled[column] = row[column] if len(row) > 1 and -len(row) <= column < len(row) else row[0]
        return filled
