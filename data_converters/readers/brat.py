"""Reader of brat's stand-off files: each document is a text (`.txt`) and a file of annotations next to it (`.ann`).

The format is described in brat's manual, "brat standoff format". Of the annotations, text-bound ones (`T`) are spans; relations, events,
attributes, normalizations and notes pass by. Where a document has no `.ann`, the files of BioNLP's shared tasks are read (`.a1`, `.a2`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from ...errors import LmnError
from ..problems import ProblemLog
from .common import CorpusRules
from .file_sets import CorpusFiles, files_below
from .spanned import Discontinuous
from .text_files import open_text
from .texts import AnnotatedText, Fault, MarkedSpan, TextOptions, TextReader

_ENDINGS = (".ann", ".a1", ".a2")
_LINE = re.compile(r"(T\S*)[ \t]+(\S+)[ \t]+(\d+[ \t]+\d+(?:;\d+[ \t]+\d+)*)(?:[ \t](.*))?")
_TRIGGER = re.compile(r"E\S*[ \t]+[^\s:]+:(\S+)")
_OTHERS = ("E", "R", "A", "M", "N", "#", "*")
"""First characters of the ids of annotations that pass by."""


@dataclass(frozen=True, slots=True)
class BratOptions(TextOptions):
    """Layout of brat's stand-off files.

    Attributes:
        discontinuous: Treatment of a span of several parts with more than white space between them: `drop` leaves it out, `join` reads
            it with what lies between, `error` refuses it.
    """

    sentences: Literal["whole", "split", "lines"] = "split"
    discontinuous: Discontinuous = "drop"

    def find(self, folder: Path, value: str) -> list[Path]:
        """Return the files of a split: those of one document, or of all documents below a folder, sorted."""
        path = folder / value
        if path.is_dir():
            return files_below(path, lambda name: name.endswith((".txt", *_ENDINGS)))
        beside = [path.with_suffix(ending) for ending in (".txt", *_ENDINGS)]
        return [file for file in beside if file.exists()]

    def data(self, folder: Path, value: str) -> CorpusFiles:
        """Return the files of a split."""
        return CorpusFiles(folder, value, self.find, "a document is a text (.txt) and its annotations (.ann)")

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> BratReader:
        """Return the reader of a split."""
        return BratReader(folder / value, self.find(folder, value), self, rules, log)


class _Line(NamedTuple):
    """A text-bound annotation.

    Attributes:
        key: Its id.
        label: Its label.
        parts: Start and end (exclusive) of each of its parts, as the file counts.
        words: Its text; None if the line has none.
        file: File in which it stands.
        number: Its line, from 1.
    """

    key: str
    label: str
    parts: list[tuple[int, int]]
    words: str | None
    file: Path
    number: int


class BratReader(TextReader):
    """Reads the documents of a split. Every document counts in the ids, whether it is read or not; split ones by their sentences.

    Args:
        path: The file or folder; errors quote it as given.
        files: The files to read, in order.
        options: Layout of the files.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(
        self, path: Path, files: Sequence[Path], options: BratOptions, rules: CorpusRules, log: ProblemLog
    ) -> None:
        super().__init__(str(path), options, rules, log)
        self.path = path
        self.files = files
        self.options = options
        self._lines: list[_Line] = []

    def _texts(self, progress: bool) -> Iterator[tuple[int, AnnotatedText | Fault | None]]:
        documents: dict[Path, list[Path]] = {}
        for file in self.files:
            documents.setdefault(file.with_suffix(""), []).append(file)
        for stem, files in documents.items():
            text_file = stem.with_name(f"{stem.name}.txt")
            annotated = [file for file in files if file != text_file]
            self._file = str(text_file if text_file in files else annotated[0])
            if text_file not in files:
                message = f"there is no {text_file.name} with the text of the document"
                yield 1, Fault("malformed-record", message, "put the text next to it, or take the annotations out")
            elif not annotated:
                yield 1, Fault("not-annotated", f"there is no {stem.name}.ann", fatal=False)
            else:
                with open_text(text_file, self.options.encoding, progress) as opened:
                    text = opened.read()
                joined = [file for file in annotated if file.suffix == ".ann"] or annotated
                yield 1, self._document(text, joined)
        self._file = str(self.path)

    def _without_spans(self, first: Fault | None) -> LmnError:
        return LmnError("no document is annotated", self.path, "the annotations of x.txt lie next to it, in x.ann")

    def _document(self, text: str, files: Sequence[Path]) -> AnnotatedText:
        """Return a document with its spans."""
        lines, triggers = self._annotations(files)
        starts, ends = self._counting.positions(text)
        spans: list[MarkedSpan] = []
        self._lines = []
        for line in lines:
            if line.key in triggers and line.label not in self._known_labels:
                message = f"{line.key} is the trigger of an event, and the card does not list {line.label}"
                self._report_line(line, Fault("passed-region", message, fatal=False))
                continue
            is_inside = all(0 <= start < end < len(starts) for start, end in line.parts)
            between = zip(line.parts, line.parts[1:])
            words = line.words
            if is_inside and any(text[ends[end] : starts[start]].strip() for (_, end), (start, _) in between):
                cut = " ".join(text[starts[start] : ends[end]] for start, end in line.parts)
                self._report_line(line, self._discontinuous(line.label, cut))
                if self.options.discontinuous != "join":
                    continue
                words = None  # the words between its parts are not in the file
            spans.append(MarkedSpan(line.parts[0][0], line.parts[-1][1], line.label, words))
            self._lines.append(line)
        return AnnotatedText(text, spans)

    def _discontinuous(self, label: str, words: str) -> Fault:
        return Fault(
            "discontinuous",
            f"the {label} {words!r:.200} has parts with other text between them",
            "the card's reader.discontinuous says what happens to such spans: drop, join or error",
            fatal=self.options.discontinuous == "error",
        )

    def _report_line(self, line: _Line, fault: Fault) -> None:
        """Report something about an annotation at its own place."""
        before, self._file = self._file, str(line.file)
        try:
            self._report(fault, line.number)
        finally:
            self._file = before

    def _placed(self, item: AnnotatedText, number: int) -> Iterator[tuple[int, int, str, bool]]:
        """Yield the spans of a document in code points. Those without a place are reported at their own lines."""
        before = self._file
        found: list[tuple[int, int, str, bool]] = []
        try:
            for span, line in zip(item.spans or (), self._lines):
                self._file = str(line.file)
                found += super()._placed(AnnotatedText(item.text, [span]), line.number)
        finally:
            self._file = before
        yield from found

    def _annotations(self, files: Sequence[Path]) -> tuple[list[_Line], set[str]]:
        """Return the text-bound annotations of a document, and the ids of those that are triggers of events."""
        lines: list[_Line] = []
        triggers: set[str] = set()
        for path in files:
            with open_text(path, self.options.encoding, False) as file:
                for number, row in enumerate(file, start=1):
                    text = row.rstrip("\r\n")
                    if found := _LINE.fullmatch(text):
                        pairs = [tuple(map(int, part.split())) for part in found[3].split(";")]
                        parts = sorted((start, end) for start, end in pairs)
                        lines.append(_Line(found[1], found[2], parts, found[4] or None, path, number))
                    elif event := _TRIGGER.match(text):
                        triggers.add(event[1])
                    elif text.strip() and not text.startswith(_OTHERS):
                        message = f"no line of brat's: {text:.60}"
                        remedy = "a span is T1, its label, start and end, and its text, with tabs between the three"
                        place = _Line("", "", [], None, path, number)
                        self._report_line(place, Fault("malformed-record", message, remedy))
        return lines, triggers
