"""Predictions on the tokens of their gold sentences, with their confidences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...alignment import Alignment, WrittenEntity
from ...decoding.requests import CONSTRAINED
from ...errors import LmnError
from ...formats import OutputFormat
from ...formats.candidates import Candidates
from ...labels import LabelSet
from ...reading import LENIENT, PUBLISHED, READINGS, BothReadings, Reading, read_both, read_output
from ...records import read_pieces, spans_to_json
from ...sentence import Sentence, Span
from ..scored_run.trust import Calibration, UncertaintySummary
from .calibration import calibrate, summarise_uncertainty
from .predictions import PREDICT_AGAIN, SPANS, Keep, Prediction, Predictions

NOT_PUBLISHED = "not published"
"""Stands for text that a model wrote, where it was left out."""
_LISTED_BY_SERVERS = "leave --min-confidence out, or start the server so that it lists probabilities (docs/serving.md)"


@dataclass(frozen=True, slots=True)
class AlignedPredictions:
    """Predictions aligned with their gold sentences.

    Attributes:
        path: Predictions file.
        rows: One prediction for each sentence.
        decoding: Decoding as the records say.
        format: Name of the output format; `spans` if no prediction has a text.
        labels: Labels that the model was asked for.
        aligned: Alignment of each prediction.
        kept: The same alignments without the spans below `least`, which are scored.
        confidences: Confidences of the aligned spans, sentence by sentence in their order; None if any entity lacks one.
        least: Minimum confidence of the spans that are scored; None if all are.
        others: Alignment of each prediction in the other reading; None if that finds the same entities everywhere.
    """

    path: Path
    rows: list[Prediction]
    decoding: str
    format: str
    labels: LabelSet
    aligned: list[Alignment]
    kept: list[Alignment]
    confidences: list[tuple[float, ...]] | None
    least: float | None
    others: list[Alignment] | None = None

    @property
    def outputs(self) -> list[str]:
        """The outputs as they were generated, or what was kept of them; an empty text for a prediction that is spans."""
        return [row.output or "" for row in self.rows]

    @property
    def span_confidences(self) -> list[dict[Span, float]] | None:
        """Confidence of each sentence's aligned spans; None if any entity lacks one."""
        if self.confidences is None:
            return None
        return [dict(zip(found.spans, values)) for found, values in zip(self.aligned, self.confidences)]

    @property
    def in_pieces(self) -> int:
        """Number of sentences that were read in pieces."""
        return sum(1 for row in self.rows if row.pieces)

    @property
    def dropped(self) -> int:
        """Number of spans below the minimum confidence."""
        return sum(len(one.spans) - len(other.spans) for one, other in zip(self.aligned, self.kept))

    def texts(self) -> list[str]:
        """Return the generated texts.

        Raises:
            LmnError: A prediction has no text.
        """
        for row in self.rows:
            if row.output is None:
                raise LmnError(
                    "holds spans and no generated text", f"{self.path}:{row.line}", "leave --scorer out, which reads texts"
                )  # fmt: skip
        return self.outputs


def aligning(fmt: OutputFormat, labels: LabelSet, reading: Reading = LENIENT, *, whole: bool = False) -> Keep:
    """Return what aligns a prediction as soon as it is read, and keeps little of it.

    Args:
        fmt: Format of texts; whether its entities may nest holds for spans, too.
        labels: Labels that were asked for.
        reading: Reading of the texts.
        whole: Whether to keep all of an output. Otherwise only the beginning is kept of one that is far longer than its sentence:
            about as much as an inline format reads.
    """

    def align(row: Prediction, sentence: Sentence) -> Prediction:
        """Align a prediction with its sentence."""
        found, other = _align(row, sentence, fmt, labels, reading)
        output = row.output if whole or row.output is None else _beginning(row.output, sentence)
        pieces = tuple(
            piece._replace(output="") for piece in row.pieces
        )  # they are aligned: only their number is still asked for
        return replace(
            row, output=output, alignment=_lean(found), other=None if other is None else _lean(other), pieces=pieces
        )

    return align


def _lean(found: Alignment) -> Alignment:
    return replace(
        found, ungrounded=_shared(found.ungrounded), unknown_labels=_shared(found.unknown_labels), dropped=_shared(found.dropped)
    )  # fmt: skip


def _shared(entities: tuple[WrittenEntity, ...]) -> tuple[WrittenEntity, ...]:
    """Return the same entities, equal ones as one object: a model that never ends writes the same one a thousand times."""
    known: dict[WrittenEntity, WrittenEntity] = {}
    return tuple(known.setdefault(entity, entity) for entity in entities)


def _beginning(output: str, sentence: Sentence) -> str:
    most = 8 * len(sentence.text) + 1000
    return output if len(output) <= most else f"{output[:most]} ... ({len(output):,} characters)"


def align_predictions(
    read: Predictions, sentences: Sequence[Sentence], fmt: OutputFormat, labels: LabelSet, least: float | None = None
) -> AlignedPredictions:
    """Put predictions on the tokens of their gold sentences.

    Args:
        read: Predictions in the order of the sentences. Those that `aligning` has aligned are taken as they are.
        sentences: Gold sentences.
        fmt: Format of texts; whether its entities may nest holds for spans, too.
        labels: Labels that were asked for.
        least: Minimum confidence of the spans that are scored; None scores all.

    Raises:
        LmnError: A record has confidences, but none for a span that its output aligns to; or a minimum
            confidence is set and an entity has none.
    """
    aligned = [row.alignment or _align(row, sentence, fmt, labels)[0] for row, sentence in zip(read.rows, sentences)]
    confidences = _confidences(read, aligned)
    kept = aligned if least is None else _confident(read, aligned, confidences, least)
    name = SPANS if all(row.output is None for row in read.rows) else fmt.name
    others = None
    if least is None and any(row.other for row in read.rows):
        others = [row.other or alignment for row, alignment in zip(read.rows, aligned)]
    return AlignedPredictions(
        read.path, read.rows, read.decoding, name, labels, aligned, kept, confidences, least, others
    )


def judged_entities(
    predictions: AlignedPredictions, sentences: Sequence[Sentence]
) -> list[list[tuple[float, bool]]]:  # fmt: skip
    """Return for each sentence, for each predicted entity, its confidence and whether the gold has it; none without confidences."""
    return [
        [(value, span in sentence.spans) for span, value in zip(alignment.spans, values)]
        for sentence, alignment, values in zip(
            sentences, predictions.aligned, predictions.confidences or [()] * len(sentences)
        )
    ]


def judge(
    predictions: AlignedPredictions, sentences: Sequence[Sentence]
) -> tuple[Calibration | None, UncertaintySummary | None]:
    """Compare confidences and uncertainties with what is right; each is None if the predictions have none."""
    judged = [pair for found in judged_entities(predictions, sentences) for pair in found]
    unsure = [
        (row.uncertainty, set(sentence.spans) != set(alignment.spans))
        for sentence, row, alignment in zip(sentences, predictions.rows, predictions.aligned)
        if row.uncertainty
    ]
    total = sum(len(sentence.spans) for sentence in sentences)
    return calibrate(judged, total) if judged else None, summarise_uncertainty(unsure) if unsure else None


def _align(
    row: Prediction, sentence: Sentence, fmt: OutputFormat, labels: LabelSet, reading: Reading = LENIENT
) -> tuple[Alignment, Alignment | None]:
    """Return the spans of a prediction on the gold tokens, with what had to be repaired.

    The second alignment is that of the other reading; None if it has the same entities.
    """
    if row.output is not None:
        both = _read_both(row, row.output, sentence, fmt, labels)
        found, other = both.of(reading), both.of(PUBLISHED if reading == LENIENT else LENIENT)
        same = (found.spans, found.ungrounded) == (other.spans, other.ungrounded)
        return found, None if same else other
    candidates = Candidates(fmt.nested, set())
    for span in row.spans:
        entity = WrittenEntity(" ".join(sentence.tokens[span.start : span.end]), span.label)
        if span.label in labels:
            candidates.placed.append((span, entity))
        else:
            candidates.unknown_labels.append(entity)
    found = candidates.alignment()
    if row.noted:
        lost = (WrittenEntity(NOT_PUBLISHED, NOT_PUBLISHED),) * row.noted.ungrounded
        found = replace(found, status=row.noted.status, reasons=row.noted.reasons, ungrounded=lost)
    return found, None


def _read_both(row: Prediction, output: str, sentence: Sentence, fmt: OutputFormat, labels: LabelSet) -> BothReadings:
    """Read an output both ways, or the outputs for the pieces of its sentence."""
    if not row.pieces:
        return read_both(fmt, output, sentence.tokens, labels)
    return BothReadings(
        *(
            read_pieces(
                row.pieces, sentence.tokens,
                lambda text, tokens, reading=reading: read_output(fmt, text, tokens, labels, reading),  # type: ignore[misc]
            )
            for reading in READINGS
        )
    )  # fmt: skip


def _confidences(read: Predictions, aligned: Iterable[Alignment]) -> list[tuple[float, ...]] | None:
    """Return the confidences of aligned spans; None if any entity lacks one."""
    found = []
    for row, alignment in zip(read.rows, aligned):
        if alignment.spans and row.confidences is None:
            return None
        found.append(_confidences_of(read.path, row, alignment.spans))
    return None if all(row.confidences is None for row in read.rows) else found


def _confidences_of(path: Path, row: Prediction, spans: Sequence[Span]) -> tuple[float, ...]:
    known = row.confidences or {}
    for span in spans:
        if span not in known:
            raise LmnError(
                f"the output aligns to {spans_to_json((span,))[0]}, which is not among the record's spans, so its confidence is "
                "not known",
                f"{path}:{row.line}", f"{PREDICT_AGAIN}, or take the confidences out",
            )  # fmt: skip
    return tuple(known[span] for span in spans)


def _confident(
    read: Predictions, aligned: Sequence[Alignment], confidences: Sequence[tuple[float, ...]] | None, least: float
) -> list[Alignment]:
    """Leave out spans with a confidence below `least`."""
    if not 0 <= least <= 1:
        raise LmnError("a probability is a number from 0 to 1", f"--min-confidence {least}")
    if confidences is None:
        raise LmnError(
            f"no confidences (decoding: {read.decoding}), so no entity can be dropped for its confidence",
            f"{read.path}:{_first_without(read, aligned)}",
            _LISTED_BY_SERVERS
            if read.decoding == CONSTRAINED
            else f"predict with --decoding {CONSTRAINED}, or leave --min-confidence out",
        )
    return [
        replace(alignment, spans=tuple(span for span, value in zip(alignment.spans, values) if value >= least))
        for alignment, values in zip(aligned, confidences)
    ]


def _first_without(read: Predictions, aligned: Sequence[Alignment]) -> int:
    """Return the line of the first record with entities and no confidences; if no record has any, of the first record."""
    without = [row.line for row, found in zip(read.rows, aligned) if found.spans and row.confidences is None]
    none_at_all = all(row.confidences is None for row in read.rows)
    return min(row.line for row in read.rows) if none_at_all else min(without)
