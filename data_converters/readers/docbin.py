"""Reader of spaCy's DocBins, which hold documents with tokens and entities."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...errors import LmnError, installing
from ...files import unreadable
from ...sentence import Sentence, Span
from ..problems import ProblemLog
from .common import CorpusRules, FileLayout
from .spanned import Crossing, SpannedReader


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
            spans = self._spans(doc, number)
            annotated += spans is not None
            for tokens, inside in self._cut(doc, spans or [], number):
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

    def _documents(self) -> Iterator[Any]:
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
            yield from DocBin().from_bytes(data).get_docs(vocab)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise LmnError(f"not a DocBin ({str(error).strip().split(chr(10))[0]})", self.path) from error

    def _spans(self, doc: Any, number: int) -> list[Any] | None:
        """Return the spans of a document. Note a document that is not annotated, and return None for it."""
        if self.options.spans is None:
            if doc.has_annotation("ENT_IOB"):
                return list(doc.ents)
            what = "no entities, not even an empty list"
        else:
            if self.options.spans in doc.spans:
                return list(doc.spans[self.options.spans])
            what = f"no spans {self.options.spans!r}"
        self.log.report("unannotated", self._where(number), what, fatal=False)
        return None

    def _cut(self, doc: Any, spans: list[Any], number: int) -> Iterator[tuple[list[str], list[Span]]]:
        """Yield the tokens and spans of each sentence of a document."""
        kept = [token.i for token in doc if not token.is_space]
        found: list[Span] = []
        for span in spans:
            start, end = bisect_left(kept, span.start), bisect_left(kept, span.end)
            if start < end and span.label_:
                found.append(Span(start, end, span.label_))
            else:
                name = span.label_ or "span without a label"
                message = f"the {name} over tokens {span.start}-{span.end - 1} is white space, or has no label"
                self.log.report("outside-text", self._where(number), message, fatal=False)
        ends = [len(kept)]
        if self.options.sentences == "split":
            if doc.has_annotation("SENT_START"):
                ends = sorted({bisect_left(kept, sentence.end) for sentence in doc.sents} - {0}) or ends
            else:
                self.log.report("unsplit", self._where(number), "no sentence boundaries", fatal=False)
        yield from self._sentences([doc[position].text for position in kept], ends, found, found, number)
