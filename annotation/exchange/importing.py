"""The export of an annotation tool back to sentences on the tokens of their corpus, and what people made of the suggestions.

The layouts are read by the readers of corpus files; here a record finds its sentence again, gets that sentence's own tokens, and may stand
in the file once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from ...data_converters.cards import Card, SplitFile
from ...data_converters.corpus import read_corpus
from ...data_converters.problems import ProblemLog
from ...data_converters.readers import CorpusRules, ReaderOptions, SplitData
from ...data_converters.readers.argilla import found_in
from ...data_converters.readers.texts import AnnotatedText, Fault, TextRecordReader, malformed
from ...errors import LmnError
from ...labels import LabelSet
from ...sentence import Sentence, Span
from ..provenance import ACCEPTED, CHANGED, LEFT_OUT, REJECTED, Review, Verdict
from .suggestions import ID_KEY, Suggested, Suggestions
from .tools import Correction, Tool

_SHOWN = 80
_SEVERAL, _NOT_ANNOTATED = "several-annotations", "not-annotated"


@dataclass(frozen=True, slots=True)
class Corrected:
    """A sentence as a person left it, or the reason why nobody did.

    Attributes:
        sentence: The sentence of the corpus, with the entities that it has now; those suggested if it was left out.
        review: What the person made of it.
    """

    sentence: Sentence
    review: Review


@dataclass(frozen=True, slots=True)
class Imported:
    """What an export holds.

    Attributes:
        sentences: Every sentence of the corpus, in its order.
        nameless: Number of records that nobody annotated and that name no sentence of the corpus.
        log: Problems that the reader found.
    """

    sentences: tuple[Corrected, ...]
    nameless: int
    log: ProblemLog

    @property
    def left_out(self) -> Counter[str]:
        """Number of sentences that are left out, by reason."""
        return Counter(one.review.why for one in self.sentences if one.review.why)


@dataclass(frozen=True, slots=True)
class _Read:
    """A record of the export.

    Attributes:
        correction: Whose it is.
        why: Reason why it is no annotation; None if it is one.
    """

    correction: Correction
    why: str | None = None


@dataclass(frozen=True)
class _ToolOptions:
    """The options of a tool's reader, whose records find their sentences.

    Attributes:
        tool: The tool.
        inner: Options of its reader.
        sentences: Sentences of the corpus, by id.
        annotator: Annotator whose annotations are read; None for the only one.
        read: Takes a record of the export each, in the order of the file.
    """

    tool: Tool
    inner: ReaderOptions
    sentences: Mapping[str, Suggested]
    annotator: str | None
    read: list[_Read] = field(default_factory=list)

    @classmethod
    def of(cls, reader: dict[str, Any]) -> Self:
        """No card names these options."""
        raise NotImplementedError

    def data(self, folder: Path, value: str) -> SplitData:
        """Return the export."""
        return self.inner.data(folder, value)

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> TextRecordReader:
        """Return the reader of the export."""
        self.read.clear()
        reader = self.inner.reader(folder, value, rules, log)
        assert isinstance(reader, TextRecordReader)  # as all tools' readers
        reader.text_of = self._finding(reader.text_of, set())
        return reader

    def _finding(
        self, read: Callable[[Any], AnnotatedText | Fault], seen: set[str]
    ) -> Callable[[Any], AnnotatedText | Fault]:
        """Return the function that reads a record and finds its sentence."""

        def text_of(record: Any) -> AnnotatedText | Fault:
            if isinstance(
                record, dict
            ):  # two sentences may have one text, by whose hash Prodigy's reader would take them for one
                record = {key: value for key, value in record.items() if key != "_input_hash"}
            found = read(record)
            correction = self.tool.correction(record, self.annotator)
            if isinstance(found, AnnotatedText):
                found = self._on_tokens(found, correction, seen)
            why = None
            if isinstance(found, Fault):
                why = found.message
                if found.kind == _SEVERAL:
                    found = _twice(found.message)
                elif found.kind == _NOT_ANNOTATED:
                    found = found._replace(remedy=self.tool.unannotated)
            self.read.append(_Read(correction, why))
            return found

        return text_of

    def _on_tokens(self, found: AnnotatedText, correction: Correction, seen: set[str]) -> AnnotatedText | Fault:
        """Return an annotated text with the tokens of its sentence, or the fault of one that has none."""
        if several := next((fault for fault in found.faults if fault.kind == _SEVERAL), None):
            return several
        name = correction.id
        if name is None:
            return malformed(
                f"no {ID_KEY}, by which a record finds its sentence",
                "label the records that lmn-annotate export writes; they have it",
            )
        one = self.sentences.get(name)
        if one is None:
            return malformed(
                f"its sentence {name!r:.200} is not in the corpus",
                "--from and --split name the corpus that was exported",
            )
        if name in seen:
            return Fault(_SEVERAL, f"the file has {name} twice")
        seen.add(name)
        tokens = found_in(found.text, list(one.sentence.tokens))
        if tokens is None:
            return malformed(
                f"the text of {name} was changed: {_shown(found.text, one.text)} is not {_shown(one.text, found.text)}",
                "label the text as it was exported; another text is another sentence",
            )  # fmt: skip
        return found._replace(tokens=tokens)


def read_export(
    path: Path, tool: Tool, found: Suggestions, annotator: str | None = None, *, reviewed: bool = False, keys: dict[str, Any] | None = None
) -> Imported:  # fmt: skip
    """Read the export of a tool.

    Args:
        path: The export.
        tool: The tool.
        found: Sentences that were exported.
        annotator: Annotator whose annotations are read; None if each sentence has one annotation.
        reviewed: Whether all records were looked at, where the tool does not say.
        keys: More keys of the tool's reader.

    Raises:
        LmnError: The file cannot be read, a record is not of a sentence of the corpus or has another text, a sentence is annotated twice, a
            span does not fit its words or its sentence, or the card lacks a label. The message names the line.
    """
    sentences = {one.sentence.id: one for one in found.sentences}
    options = _ToolOptions(tool, tool.options(annotator, reviewed=reviewed, keys=keys or {}), sentences, annotator)
    card = _card(found.card, found.split, options, path)
    log = ProblemLog()
    spans: dict[str, tuple[Span, ...]] = {}
    places: dict[str, Correction] = {}
    for sentence in read_corpus(card, found.split, path.parent, log=log):
        correction = options.read[int(sentence.id.rpartition("/")[2])].correction
        assert correction.id is not None  # a record without one is an error
        spans[correction.id], places[correction.id] = sentence.spans, correction
    reasons = {row.correction.id: row.why for row in options.read if row.why and row.correction.id not in spans}
    rows = tuple(_corrected(one, tool, spans.get(name), places.get(name), reasons) for name, one in sentences.items())
    return Imported(rows, sum(row.why is not None and row.correction.id not in sentences for row in options.read), log)


def _card(card: Card, split: str, options: _ToolOptions, path: Path) -> Card:
    """Return a card for the export, with the labels of the corpus."""
    return replace(
        card, reader=options, splits={split: SplitFile(path.name)}, labels=LabelSet(card.labels.labels), docstart="none"
    )


def _corrected(
    one: Suggested, tool: Tool, spans: tuple[Span, ...] | None, correction: Correction | None, reasons: Mapping[str | None, str | None]
) -> Corrected:  # fmt: skip
    """Return a sentence with what a person made of it.

    Args:
        one: The sentence, and what was suggested.
        tool: The tool.
        spans: Entities that it has now, on the tokens that a tool can mark; None if nobody annotated it.
        correction: Who corrected it, and when.
        reasons: Reasons why sentences were left out, by id.
    """
    if spans is None or correction is None:
        why = reasons.get(one.sentence.id) or "not in the export"
        return Corrected(one.sentence, Review(tool.name, LEFT_OUT, why=why))
    now = tuple(Span(one.kept[span.start], one.kept[span.end - 1] + 1, span.label) for span in spans)
    suggested = {(entity.first, entity.last + 1, entity.span.label) for entity in one.marked() if tool.takes(entity)}
    there = {(span.start, span.end, span.label) for span in spans}
    kept = len(suggested & there)
    verdict: Verdict = ACCEPTED if suggested == there else CHANGED if kept or not suggested else REJECTED
    review = Review(
        tool.name, verdict, correction.annotator, correction.date, kept, len(there - suggested), len(suggested - there)
    )
    return Corrected(replace(one.sentence, spans=now), review)


def _twice(message: str) -> Fault:
    return Fault(
        _SEVERAL,
        f"annotated more than once: {message}",
        "--annotator NAME says whose annotations are read, or leave one in the export",
    )


def _shown(text: str, other: str) -> str:
    """Return the part of a text around the first place where it differs from another one."""
    at = next((at for at, (one, two) in enumerate(zip(text, other)) if one != two), min(len(text), len(other)))
    start = max(0, at - _SHOWN // 4)
    return repr(("..." if start else "") + text[start : start + _SHOWN])


def no_annotation(found: Imported, path: Path) -> LmnError:
    """Return the error for an export in which nobody annotated anything."""
    why = "; ".join(f"{reason} ({count:,})" for reason, count in found.left_out.most_common(3))
    return LmnError(f"no sentence in it is annotated: {why}", path, "annotate some in the tool, and export again")
