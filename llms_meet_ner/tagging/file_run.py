"""Files through a tagger: portions that are kept, so that a killed run goes on, and an output that is written whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Literal

from ..errors import LmnError
from ..files import atomic_write, atomic_write_bytes, sha256_of
from ..systems.system import RESOLVED_DTYPE_KEY
from ..terminal import echo, progress_bars
from .files.choosing import FileOptions
from .files.records import InputFile, Kept, Notes, Output, Source, TextRecord
from .portions import Portions, kept_portions
from .tagger import TaggedText, Tagger

OnError = Literal["stop", "skip"]
STOP: OnError = "stop"
SKIP: OnError = "skip"
PARTIAL = ".partial"
"""End of the name of the file that keeps what an unfinished run has tagged; it lies beside the output."""
_KEPT = "tagged texts are kept: the same command continues where this one ended"
_BATCH_SIZE = "batch_size"
_INPUT = "input"


@dataclass(frozen=True, slots=True)
class FileRun:
    """A file to tag, and what becomes of it.

    Attributes:
        source: The file.
        output: What writes its records with their entities.
        out: File to write; None for a stream.
        options: How the file is read and written.
        on_error: What to do about a record that cannot be read: `stop` with its error, or `skip` it, which is counted and said.
        settings: Further settings that the output follows from, such as the language, by the names of their options.
        notes: What people should know in the end.
    """

    source: Source
    output: Output
    out: Path | None
    options: FileOptions
    on_error: OnError
    settings: Mapping[str, Any]
    notes: Notes

    @classmethod
    def of(
        cls, file: InputFile, out: Path | None, options: FileOptions, on_error: OnError = STOP,
        settings: Mapping[str, Any] = MappingProxyType({}),
    ) -> FileRun:  # fmt: skip
        """Return the run of a file; the arguments are the attributes.

        Raises:
            LmnError: The formats do not go together, the file has no such field, or a package is missing.
        """
        notes = Notes()
        options.written(file, out)
        source = options.source(file)
        return cls(source, options.output(source, out, notes), out, options, on_error, settings, notes)

    def to_stream(self, tagger: Tagger, stream: IO[Any]) -> None:
        """Tag the file and write what comes out as it comes. Nothing is kept of a run that is broken off.

        Raises:
            LmnError: The file or a record cannot be read, or the system cannot answer.
        """
        portions = _portions(tagger, self._good())
        rows = ((record, self._kept_of(tagged)) for portion in portions for record, tagged in portion)
        self.output.write(self._noted(rows), stream)
        self._say()

    def to_file(self, tagger: Tagger, *, restart: bool = False) -> None:
        """Tag the file and write the output, which takes its name in the end.

        Portions are kept beside it as they are tagged, and a later call with the same settings goes on after them. Standard input
        cannot be read again, and a device has no place for them: there, nothing is kept.

        Args:
            tagger: Tags the texts.
            restart: Discard what an unfinished run has kept.

        Raises:
            LmnError: The file or a record cannot be read, the system cannot answer, or an unfinished run with other settings is in the
                way, or one that is under way.
        """
        out, path = self.out, self.source.file.path
        assert out is not None
        write = atomic_write_bytes if self.output.is_binary else atomic_write
        if path is None or (out.exists() and not out.is_file()):  # nothing lies beside a device or a pipe
            with write(out) as target:
                self.to_stream(tagger, target)
            return
        stamp = self._stamp(tagger, path)
        with kept_portions(out.with_name(out.name + PARTIAL), stamp, restart=restart) as kept:
            self._tag(tagger, kept)
            if sha256_of(path) != stamp[_INPUT]:
                raise LmnError("has changed while it was tagged", path, "tag it again, with --restart")
            with write(out) as target:
                self.output.write(self._noted(zip(self._good(), kept.texts(), strict=True)), target)
            kept.remove()
        self._say()

    def _tag(self, tagger: Tagger, kept: Portions) -> None:
        """Tag the texts after those that are done, and keep each portion."""
        if kept.done:
            echo(f"{kept.path}: goes on after {kept.done:,} texts", err=True)
        with progress_bars() as bars:
            task = bars.add_task("tagging", total=self.source.total)
            try:
                for portion in _portions(tagger, islice(self._good(quiet=True), kept.done, None)):
                    kept.add([self._kept_of(tagged) for _, tagged in portion])
                    bars.update(task, completed=self.source.position)
            except LmnError as error:
                raise error.advising(_KEPT) if kept.done else error from None

    def _kept_of(self, tagged: TaggedText) -> list[Any]:
        """Return what is kept of a text: what the output needs of it, and the number of its pieces."""
        return [self.output.keep(tagged), tagged.pieces]

    def _noted(self, rows: Iterable[tuple[TextRecord, Any]]) -> Iterator[tuple[TextRecord, Kept]]:
        """Yield records with what the output needs of them, and note those that were read in pieces."""
        for record, (kept, pieces) in rows:
            if pieces:
                self.notes.pieces.append(f"{record.where} ({pieces})")
            yield record, kept

    def _good(self, *, quiet: bool = False) -> Iterator[TextRecord]:
        """Yield the records that can be read; of the others, raise the error or note it, unless that is done elsewhere."""
        for record in self.source.records():
            if isinstance(record, TextRecord):
                yield record
            elif self.on_error == STOP:
                raise record
            elif not quiet:
                self.notes.left_out.append(record)

    def _stamp(self, tagger: Tagger, path: Path) -> dict[str, Any]:
        """Return everything that the kept portions follow from, for JSON."""
        system = tagger.system.stamp()
        system.pop(_BATCH_SIZE, None)  # an unfinished run may go on with another
        return {
            **system,
            RESOLVED_DTYPE_KEY: tagger.dtype,
            "min_confidence": tagger.min_confidence,
            **self.settings,
            _INPUT: sha256_of(path),
            "input_format": self.options.format_of(self.source.file),
            "field": self.options.field,
            "delimiter": self.options.delimiter,
            "format": self.options.written(self.source.file, self.out),
        }

    def _say(self) -> None:
        for line in self.notes.lines():
            echo(line, err=True)


def _portions(tagger: Tagger, records: Iterable[TextRecord]) -> Iterator[list[tuple[TextRecord, TaggedText]]]:
    """Yield records with their tagged texts, portion by portion."""
    waiting: deque[TextRecord] = deque()

    def texts() -> Iterator[str]:
        for record in records:
            waiting.append(record)
            yield record.text

    for portion in tagger.portions(texts()):
        yield [(waiting.popleft(), tagged) for tagged in portion]
