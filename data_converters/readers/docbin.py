"""Reader of spaCy's DocBins, which hold documents with tokens and entities."""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ...errors import LmnError, installing
from ...files import unreadable
from ...sentence import Sentence, Span
from ..problems import ProblemLog
from .common import CorpusRules, FileLayout
from .spanned import Crossing, SpannedReader

_FINE, _MOST_PACKED, _STEP = 1 << 26, 200, 1 << 20
"""Bytes that any file may unpack to, times its size that a larger one may, and bytes that are unpacked at once."""


@dataclass(frozen=True, slots=True)
class DocBinOptions(FileLayout):
    """Layout of a DocBin.

    Attributes:
        language: Code of the spaCy language with which the documents were made.
        spans: Key of the group of spans to read; None for the documents' own entities.
        sentences: Whether a document is one sentence (`whole`) or is split at its sentence boundaries. An entity across a boundary
            joins the two sentences.
        crossing: Treatment of crossing spans; see `SpannedReader`. Only groups of spans can have them.
    """

    language: str = "xx"
    spans: str | None = None
    sentences: Literal["whole", "split"] = "whole"
    crossing: Crossing = "error"

    @classmethod
    def of(cls, reader: dict[str, Any]) -> DocBinOptions:
        """Take the keys of a card's `reader`, as the schema next to this file describes them."""
        return cls(**{key: value for key, value in reader.items() if key != "type"})

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> DocBinReader:
        """Return the reader of a file."""
        return DocBinReader(folder / value, self, rules, log)


class _Document(NamedTuple):
    """What is read of a document.

    Attributes:
        words: Texts of all tokens.
        kept: Positions of the tokens that are not white space.
        spans: Start, end (exclusive) and label of each span; None if the document is not annotated.
        ends: Ends of its sentences, exclusive; None if it has no boundaries.
    """

    words: list[str]
    kept: list[int]
    spans: list[tuple[int, int, str]] | None
    ends: list[int] | None

    @classmethod
    def of(cls, doc: Any, key: str | None) -> _Document:
        """Read a document of spaCy.

        Args:
            doc: The document.
            key: Key of the group of spans to read; None for its entities.
        """
        is_annotated = doc.has_annotation("ENT_IOB") if key is None else key in doc.spans
        spans = (doc.ents if key is None else doc.spans[key]) if is_annotated else ()
        return cls(
            [token.text for token in doc],
            [token.i for token in doc if not token.is_space],
            [(span.start, span.end, span.label_) for span in spans] if is_annotated else None,
            [sentence.end for sentence in doc.sents] if doc.has_annotation("SENT_START") else None,
        )


class DocBinReader(SpannedReader):
    """Reads the sentences of one file. Places give the number of the document, from 1, in place of a line.

    spaCy's tokens of white space are left out. Every document counts in the ids; where documents are split, every sentence does.

    Args:
        path: The file; errors quote it as given.
        options: Layout of the file.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, path: Path, options: DocBinOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(str(path), options.crossing, rules, log)
        self.path = path
        self.options = options

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order, as `Reader.read` does, but without a progress bar.

        Raises:
            LmnError: The file cannot be read, spaCy is not installed, or no document has the spans, not even an empty list.
        """
        del progress
        count = number = annotated = 0
        for number, doc in enumerate(self._documents(), start=1):
            annotated += doc.spans is not None
            if doc.spans is None:
                of = (
                    "entities, not even an empty list"
                    if self.options.spans is None
                    else f"spans {self.options.spans!r}"
                )
                self.log.report("unannotated", self._where(number), f"no {of}", fatal=False)
            for tokens, inside in self._cut(doc, number):
                sentence = self._make(f"{id_prefix}/{count}", tokens, inside, number)
                if sentence:
                    yield sentence
                count += 1
        if number and not annotated:
            what = "entities" if self.options.spans is None else f"spans {self.options.spans!r}"
            raise LmnError(
                f"no document has {what}, not even an empty list",
                self.path,
                "the card's reader.spans names a group of spans",
            )

    def _documents(self) -> Iterator[_Document]:
        try:
            import spacy
            from spacy.tokens import DocBin
        except ImportError as error:
            raise LmnError(f"reading it needs spaCy ({error})", self.path, installing("readers")) from error
        try:
            vocab = spacy.blank(self.options.language).vocab
        except (ImportError, AttributeError, ValueError) as error:
            what = str(error).strip().split("\n")[0]
            raise LmnError(what, f"language {self.options.language!r}", "'xx' reads any language") from error
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise unreadable(error, self.path) from error
        try:
            _check_size(data)
            for doc in DocBin().from_bytes(data).get_docs(vocab):
                yield _Document.of(doc, self.options.spans)
        except Exception as error:  # spaCy and msgpack check little, and stumble over a damaged file in many ways
            what = str(error).strip().split("\n")[0] or type(error).__name__
            raise LmnError(f"not a DocBin ({what})", self.path) from error

    def _cut(self, doc: _Document, number: int) -> Iterator[tuple[list[str], list[Span]]]:
        """Yield the tokens and spans of each sentence of a document."""
        kept = doc.kept
        found: list[Span] = []
        for first, last, label in doc.spans or []:
            start, end = bisect_left(kept, first), bisect_left(kept, last)
            if start < end and label:
                found.append(Span(start, end, label))
            else:
                name = label or "span without a label"
                message = f"the {name} over tokens {first}-{last - 1} is white space, or has no label"
                self.log.report("outside-text", self._where(number), message, fatal=False)
        ends = [len(kept)]
        if self.options.sentences == "split":
            if doc.ends is None:
                self.log.report("unsplit", self._where(number), "no sentence boundaries", fatal=False)
            else:
                ends = sorted({bisect_left(kept, end) for end in doc.ends} - {0}) or ends
        yield from self._sentences([doc.words[position] for position in kept], ends, found, found, number)


def _check_size(data: bytes) -> None:
    """Unpack a DocBin to see how large it is, without keeping it.

    Raises:
        ValueError: It unpacks to far more than documents do.
    """
    limit = max(_FINE, _MOST_PACKED * len(data))
    unpacker, size, rest = zlib.decompressobj(), 0, data
    while rest and not unpacker.eof:
        try:
            size += len(unpacker.decompress(rest, _STEP))
        except zlib.error:
            return  # spaCy says what is wrong
        rest = unpacker.unconsumed_tail
        if size > limit:
            raise ValueError(f"{len(data):,} bytes that unpack to more than {limit:,}")
