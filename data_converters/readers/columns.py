"""The reader of column files: one token a line, tags in a column, an empty line between sentences.

It streams: memory holds one sentence at a time. Every sentence is validated as it is read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from rich.console import Console
from rich.progress import open as open_with_progress

from ...errors import LmnError
from ...labels import LabelSet
from ...sentence import DOCSTART, Sentence, Span, Where, find_crossing, outer_first
from ...tags import Repair, Scheme, decode
from ..problems import ProblemLog
from .common import Docstart

_CHUNK = 1 << 20
_BREAK = re.compile(r"\n(?:[^\S\n]*\n)+")


@dataclass(frozen=True, slots=True)
class ColumnOptions:
    """How to read a column file.

    Attributes:
        scheme: how the tags are written.
        separator: `auto` splits a line at tabs if it has one and at runs of spaces else; `tab`; `space`; or the string itself.
        token: column of the token, from 0, negative from the end.
        tags: columns of tags, the outer level first.
        columns: number of columns that every line must have, or None.
        comments: exact beginnings of comment lines. A line is a comment in no other case.
        untagged: what becomes of a line without a tag.
        encoding: of the file; a byte order mark is skipped.
    """

    scheme: Scheme
    separator: str = "auto"
    token: int = 0
    tags: tuple[int, ...] = (-1,)
    columns: int | None = None
    comments: tuple[str, ...] = ()
    untagged: Literal["error", "outside", "skip"] = "error"
    encoding: str = "utf-8"

    @classmethod
    def of(cls, reader: dict[str, Any]) -> ColumnOptions:
        """Take the keys of a card's `reader`, checked against the schema beside this file."""
        separator = reader.get("separator", "auto")
        return cls(
            scheme="IOB2" if reader["scheme"] == "BIO" else reader["scheme"],
            separator={"tab": "\t", "space": " "}.get(separator, separator),
            token=reader.get("token", 0),
            tags=(reader.get("tag", -1), *reader.get("inner_tags", ())),
            columns=reader.get("columns"),
            comments=tuple(reader.get("comments", ())),
            untagged=reader.get("untagged", "error"),
            encoding=reader.get("encoding", "utf-8"),
        )

    def reader(self, path: Path, labels: LabelSet, docstart: Docstart, repair: Repair, log: ProblemLog) -> ColumnReader:
        """Return the reader of a file."""
        return ColumnReader(path, self, labels, docstart, repair, log)


@contextmanager
def _open_text(path: Path, encoding: str, progress: bool) -> Iterator[IO[str]]:
    r"""Open a file for reading by lines that end in `\\n` alone, with a progress bar if asked for and on a terminal."""
    name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        if progress and sys.stderr.isatty():
            console = Console(stderr=True)
            with open_with_progress(
                path, "rt", encoding=name, newline="\n", description=path.name, console=console, transient=True
            ) as file:
                yield file
        else:
            with path.open(encoding=name, newline="\n") as file:
                yield file
    except UnicodeError as error:
        reason = getattr(error, "reason", error)
        raise LmnError(
            f"{path}:{_first_undecodable(path, encoding)}: not {encoding} ({reason}); the card's reader.encoding names another"
        ) from error
    except OSError as error:
        raise LmnError(f"{path}: cannot be read ({error.strerror or error})") from error


def _first_undecodable(path: Path, encoding: str) -> int:
    """Return the number of the first line, from 1, that cannot be decoded."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return number
    return 1


def _blocks(file: IO[str]) -> Iterator[tuple[int, str]]:
    r"""Yield what stands between lines of white space: the number of its first line, from 1, and its text.

    Line ends are `\\n` in the text and the last one is left out.
    """
    number = 0
    rest = "\n"  # as if the file came after an empty line: then every block does
    held = ""  # a carriage return whose line feed may be the next chunk's first character
    while True:
        chunk = file.read(_CHUNK)
        text = held + (chunk or "\n")
        held = "\r" if chunk and text.endswith("\r") else ""
        if "\r" in text:
            text = text.removesuffix(held).replace("\r\n", "\n")
        rest += text
        start = 0
        solid = len(rest.rstrip())
        for found in _BREAK.finditer(rest):
            if chunk and found.end() >= solid:
                break  # the white space may go on in the next chunk
            if found.start() > start:
                first = start + rest.startswith("\n", start)
                yield number + first - start, rest[first : found.start()]
            number += rest.count("\n", start, found.end())
            start = found.end()
        rest = rest[start:]
        if not chunk:
            break
    text = rest.strip("\n")
    if text and not text.isspace():
        yield number + rest.startswith("\n"), text


class ColumnReader:
    """Reads the sentences of one file.

    Args:
        path: the file; errors quote it as given.
        options: its layout.
        labels: the labels that may occur.
        docstart: what a `-DOCSTART-` line is. One always ends the sentence before it.
        repair: what becomes of invalid tag sequences.
        log: takes the findings.
    """

    def __init__(
        self, path: Path, options: ColumnOptions, labels: LabelSet, docstart: Docstart, repair: Repair, log: ProblemLog
    ) -> None:
        self.path = path
        self.options = options
        self.labels = labels
        self.docstart = docstart
        self.repair = repair
        self.log = log
        self._file = str(path)
        self._known_labels = frozenset(labels.corpus_names)
        self._marks_documents = docstart != "none"

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order.

        Args:
            id_prefix: `<corpus>/<split>`; the number after it counts every sentence and every `-DOCSTART-` line from 0.
            progress: show a progress bar on standard error if that is a terminal.

        Raises:
            LmnError: the file cannot be read, or the log does not keep going over a fatal finding.
        """
        count = 0
        with _open_text(self.path, self.options.encoding, progress) as file:
            for number, block in _blocks(file):
                if not self._is_special(block):
                    sentence = self._fast_sentence(f"{id_prefix}/{count}", number, block) or self._sentence(
                        f"{id_prefix}/{count}", block.split("\n"), range(number, number + block.count("\n") + 1)
                    )
                    if sentence:
                        yield sentence
                        count += 1
                    continue
                for lines, numbers in self._parts(block, number):
                    is_docstart = self._marks_documents and len(lines) == 1 and self._is_docstart(lines[0])
                    sentence = None if is_docstart else self._sentence(f"{id_prefix}/{count}", lines, numbers)
                    if is_docstart and self.docstart == "sentence":
                        sentence = Sentence(f"{id_prefix}/{count}", (DOCSTART,), (), self._where(numbers[0]))
                    if sentence:
                        yield sentence
                    count += is_docstart or sentence is not None

    def _is_special(self, block: str) -> bool:
        """Whether a block may hold comments, a `-DOCSTART-` line or a stray carriage return: then its lines are looked at singly."""
        if (self._marks_documents and DOCSTART in block) or "\r" in block:
            return True
        comments = self.options.comments
        return bool(comments) and (block.startswith(comments) or any("\n" + comment in block for comment in comments))

    def _parts(self, block: str, number: int) -> Iterator[tuple[list[str], list[int]]]:
        """Cut a block at its `-DOCSTART-` lines, each a part of its own, and leave its comments out."""
        lines: list[str] = []
        numbers: list[int] = []
        comments = self.options.comments
        for at, line in enumerate(block.split("\n"), start=number):
            if comments and line.startswith(comments):
                continue
            if self._marks_documents and DOCSTART in line and self._is_docstart(line):
                if lines:
                    yield lines, numbers
                lines, numbers = [], []
                yield [line], [at]
                continue
            lines.append(line)
            numbers.append(at)
        if lines:
            yield lines, numbers

    def _is_docstart(self, line: str) -> bool:
        fields = self._split(line)
        column = self.options.token
        return fields == [DOCSTART] or (-len(fields) <= column < len(fields) and fields[column] == DOCSTART)

    def _split(self, line: str) -> list[str]:
        separator = self.options.separator
        if separator == "auto":
            separator = "\t" if "\t" in line else " "
        if separator == " ":
            return [field for field in line.split(" ") if field]
        return line.split(separator)

    def _fast_sentence(self, sentence_id: str, number: int, block: str) -> Sentence | None:
        """Make a sentence of a block whose lines all have the same columns; None where a line needs a closer look."""
        options = self.options
        separator = options.separator
        if separator == "auto":
            separator = "\t" if "\t" in block else " "
        if separator == " " and ("  " in block or "\n " in f"\n{block}" or " \n" in f"{block}\n"):
            return None  # runs of spaces separate like one
        fields = block.replace("\n", f"{separator}\n{separator}").split(separator)
        lines = block.count("\n") + 1
        width = (len(fields) + 1) // lines - 1
        if (
            width < 2
            or len(fields) != (width + 1) * lines - 1
            or fields[width :: width + 1].count("\n") != lines - 1
            or (options.columns is not None and width != options.columns)
            or not -width <= options.token < width
        ):
            return None
        tokens = fields[options.token % width :: width + 1]
        if "" in tokens:
            return None
        levels: list[list[str]] = []
        for column in options.tags:
            if not -width <= column < width:
                return None
            tags = fields[column % width :: width + 1]
            if "" in tags:
                return None
            levels.append(tags)
        return self._build(sentence_id, tokens, levels, range(number, number + lines))

    def _sentence(self, sentence_id: str, lines: list[str], numbers: Sequence[int]) -> Sentence | None:
        """Make a sentence of its lines, each looked at; None if none of them holds a token that may be kept."""
        rows, sound_numbers = self._sound_rows([self._split(line) for line in lines], numbers)
        if not rows:
            return None
        tokens = [row[self.options.token] for row in rows]
        levels = [[row[column] for row in rows] for column in self.options.tags]
        return self._build(sentence_id, tokens, levels, sound_numbers)

    def _build(self, sentence_id: str, tokens: list[str], levels: list[list[str]], numbers: Sequence[int]) -> Sentence:
        """Decode the tags of each level and make the sentence."""
        if self.log.notes:
            self._note_brackets(tokens, numbers)
        spans: list[Span] = []
        for tags in levels:
            if tags.count("O") != len(tags):
                spans += self._decode(tags, tokens, numbers)
        if len(levels) > 1 and len(spans) > 1:
            spans = self._settle(spans, numbers)
        return Sentence(sentence_id, tuple(tokens), tuple(spans), Where(self._file, numbers[0]))

    def _note_brackets(self, tokens: list[str], numbers: Sequence[int]) -> None:
        for token, number in zip(tokens, numbers):
            if any(bracket in token for bracket in "[]|"):
                self.log.report("bracket-token", self._where(number), repr(token), fatal=False)

    def _where(self, number: int) -> Where:
        return Where(self._file, number)

    def _decode(self, tags: list[str], tokens: list[str], numbers: Sequence[int]) -> list[Span]:
        """Decode one level of tags and report what is invalid in it."""
        spans, invalid = decode(tags, self.options.scheme, self.repair)
        if not self._known_labels.issuperset([span.label for span in spans]):
            for span in spans:
                if span.label not in self._known_labels:
                    self._report_unknown(span, tokens, numbers)
            spans = [span for span in spans if span.label in self._known_labels]
        for bad in invalid:
            place = f"token {tokens[bad.position]!r} is tagged {bad.tag!r}"
            if bad.expected is None:
                self._report_malformed(bad.tag, place, self._where(numbers[bad.position]))
            else:
                self.log.report(
                    "invalid-transition",
                    self._where(numbers[bad.position]),
                    f"{place} where {self.options.scheme} has {bad.expected!r}",
                    remedy="--repair conlleval reads such chunks as that script does, --repair discard makes them O",
                    fatal=self.repair == "error",
                )
        return spans

    def _report_malformed(self, tag: str, place: str, where: Where) -> None:
        self.log.report(
            "malformed-tag",
            where,
            f"{place}, which is no {self.options.scheme} tag",
            remedy="check the card's scheme and tag column",
        )

    def _report_unknown(self, span: Span, tokens: list[str], numbers: Sequence[int]) -> None:
        where = self._where(numbers[span.start])
        place = f"token {tokens[span.start]!r} has the label {span.label!r}"
        if "," in span.label:
            remedy = (
                "that looks like several tags in one: this file holds raw annotations, take the one with the final ones"
            )
        else:
            remedy = f"the card lists {', '.join(self.labels.corpus_names)}: add the label there, or name the right tag column"
        self.log.report("unknown-label", where, f"{place}, which the card does not list", remedy=remedy)

    def _sound_rows(self, rows: list[list[str]], numbers: Sequence[int]) -> tuple[list[list[str]], list[int]]:
        """Go through the rows of a sentence one by one, report those that lack something, and keep the others."""
        options = self.options
        kept: list[list[str]] = []
        kept_numbers: list[int] = []
        needed = max(column + 1 if column >= 0 else -column for column in (options.token, *options.tags))
        for row, number in zip(rows, numbers):
            where = self._where(number)
            if len(row) == 1 or len(row) < needed or "" in [row[column] for column in options.tags]:
                self.log.report(
                    "untagged",
                    where,
                    f"a line without a tag: {' '.join(row)!r}",
                    remedy="the card's reader.untagged says what becomes of such lines: error, outside or skip",
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
            if "\r" in row[options.token]:
                self.log.report(
                    "line-break", where, f"the token {row[options.token]!r} holds a carriage return",
                    remedy="take it out; lines end in a line feed, or a carriage return and a line feed",
                )  # fmt: skip
                continue
            if row[options.token] == "":
                self.log.report(
                    "empty-token", where, "the token is empty", remedy="mend the line, or the card's token column"
                )
                continue
            kept.append(row)
            kept_numbers.append(number)
        return kept, kept_numbers

    def _as_outside(self, row: list[str], needed: int) -> list[str]:
        width = max(needed, self.options.columns or 2)
        filled = ["O"] * width
        column = self.options.token
        filled[column] = row[column] if len(row) > 1 and -len(row) <= column < len(row) else row[0]
        return filled

    def _settle(self, spans: list[Span], numbers: Sequence[int]) -> list[Span]:
        """Keep of spans from several levels those that neither cross nor double one of a level further out."""
        kept: list[Span] = []
        for span in spans:
            ordered = sorted([*kept, span], key=outer_first)
            crossing = find_crossing(tuple(ordered))
            if crossing is None and span not in kept:
                kept = ordered
                continue
            other = next(s for s in kept if s.start < span.end and span.start < s.end)
            self.log.report(
                "crossing",
                self._where(numbers[span.start]),
                f"the {span.label} over tokens {span.start}-{span.end - 1} of the sentence crosses or doubles the {other.label} "
                f"over {other.start}-{other.end - 1}",
                remedy="--repair conlleval keeps the outer one",
                fatal=self.repair == "error",
            )
        return kept
