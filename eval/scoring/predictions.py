"""Read predictions of any tool, and match them with their gold sentences."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from ...alignment import REASONS, STATUSES, Alignment, Status
from ...characters import shortened
from ...errors import LmnError, listed
from ...records import Piece, Uncertainty, pieces_from_json, read_jsonl, spans_from_json, spans_to_json
from ...sentence import Sentence, Span, tokens_sha1

UNKNOWN_DECODING = "unknown"
"""Decoding of predictions that do not say it: those of other tools."""
NO_DECODING = "none"
"""Decoding of predictions that are spans, without a text."""
SPANS = "spans"
"""Format of such predictions."""
_OUTPUT_KEYS = ("output", "predict")
_MOST_UNGROUNDED = 100_000
"""More than an output is read to hold."""
_MAX_NATS = 100.0
"""More than the entropy of any vocabulary."""
PREDICT_AGAIN = "predict again"
UNGROUNDED_KEY = "ungrounded"
"""Key of a record whose text was left out, for the number of entities of the text that touch no token."""


class Noted(NamedTuple):
    """What a record says about the alignment of a text that was left out of it.

    Attributes:
        status: Status of the alignment.
        reasons: Reasons of the alignment.
        ungrounded: Number of entities that touch no token.
    """

    status: Status
    reasons: tuple[str, ...]
    ungrounded: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """A file's prediction for one sentence.

    Attributes:
        line: Line in the file, counted from 1.
        output: Generated text; None if the spans are the answer.
        confidences: Confidences of the record's spans, from 0 to 1; None if the record has none.
        uncertainty: Uncertainty of the sentence; None if the record has none.
        spans: The spans of the record where they are the answer; else empty.
        alignment: The prediction on the tokens of its sentence; None if it is not aligned yet.
        pieces: Outputs for the pieces that the sentence was read in, in order; empty if it was read whole.
        other: The same in the other reading; None if that finds the same entities.
        noted: Alignment of the text that the spans come from; None if there was no text, or it is there.
    """

    line: int
    output: str | None
    confidences: dict[Span, float] | None = None
    uncertainty: Uncertainty | None = None
    spans: tuple[Span, ...] = ()
    alignment: Alignment | None = None
    pieces: tuple[Piece, ...] = ()
    other: Alignment | None = None
    noted: Noted | None = None


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions in the order of the gold sentences.

    Attributes:
        path: File of the predictions.
        rows: One prediction for each sentence.
        decoding: Decoding as the records say; `unknown` for files of other tools, `none` for spans.
    """

    path: Path
    rows: list[Prediction]
    decoding: str


Keep = Callable[[Prediction, Sentence], Prediction]
"""Returns what is kept of the prediction for a sentence."""


def read_predictions(
    path: Path, sentences: Sequence[Sentence], keep: Keep = lambda prediction, sentence: prediction
) -> Predictions:
    """Read a predictions file: records of lmn-predict, or one JSON line a sentence with `output` or `predict`.

    Records are matched by id, and their hash of the tokens must be the gold's. If `output` is null, the record's spans are the
    answer, and the hash must be there. Lines without ids (LLaMA-Factory's `generated_predictions.jsonl`) must be as many as there are
    sentences and in their order; a `prompt` must contain its sentence up to white space. Confidences and uncertainties are read from
    records with ids only.

    Only one line is in memory at a time, and what is kept of the lines before it.

    Args:
        path: JSON Lines.
        sentences: Gold sentences.
        keep: Called with each prediction and its sentence as soon as they are read; by default, the prediction is kept as it is.

    Raises:
        LmnError: The file is damaged, or its predictions are not of these sentences; with file and line.
    """
    rows = read_jsonl(path)
    first = next(rows, None)
    if first is None:
        raise LmnError("no predictions in it", path)
    lines = _lines(path, chain([first], rows))
    return _by_id(path, lines, sentences, keep) if "id" in first[1] else _by_order(path, lines, sentences, keep)


class _Line(NamedTuple):
    """A line of the file: its number, its mapping, and its text, None where the spans are the answer."""

    number: int
    row: dict[str, Any]
    text: str | None


def _lines(path: Path, rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[_Line]:
    """Yield lines with an answer; all of them have an id, or none has."""
    first: tuple[int, bool] | None = None
    for number, row in rows:
        text = _text(row)
        if text is None and not _is_spans(row):
            raise LmnError(
                f"no text under {' or '.join(map(repr, _OUTPUT_KEYS))}, and no spans; it has: {listed(list(row)) or 'nothing'}",
                f"{path}:{number}",
            )
        first = first or (number, "id" in row)
        if ("id" in row) != first[1]:
            without = number if first[1] else first[0]
            raise LmnError(
                "no id, while other lines have one", f"{path}:{without}", f"correct the file, or {PREDICT_AGAIN}"
            )
        yield _Line(number, row, text)


def _text(row: dict[str, Any]) -> str | None:
    text = next((row[key] for key in _OUTPUT_KEYS if isinstance(row.get(key), str)), None)
    return None if text is None else _whole(text)


def _is_spans(row: dict[str, Any]) -> bool:
    return "id" in row and "spans" in row and row.get("output", "") is None


def _whole(text: str) -> str:
    """Replace each half of a surrogate pair, which JSON can hold but no file, by a replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _by_id(path: Path, lines: Iterable[_Line], sentences: Sequence[Sentence], keep: Keep) -> Predictions:
    by_id = {sentence.id: sentence for sentence in sentences}
    found: dict[str, Prediction] = {}
    decodings: set[str] = set()
    for number, row, text in lines:
        where = f"{path}:{number}"
        sentence = by_id.get(row["id"]) if isinstance(row["id"], str) else None
        if sentence is None:
            raise LmnError(
                f"sentence {row['id']!r} is not among the gold's ({sentences[0].id} to {sentences[-1].id}): "
                "the predictions are of another corpus or split",
                where,
            )
        if sentence.id in found:
            raise LmnError(f"a second prediction of {sentence.id}", where, "keep one")
        if row.get("tokens_sha1") not in (None, tokens_sha1(sentence.tokens)):
            raise LmnError(
                f"{sentence.id} was predicted with other tokens than those at {sentence.where}: the corpus has changed since",
                where, PREDICT_AGAIN,
            )  # fmt: skip
        spans = () if text is not None else _answer_spans(where, row, sentence)
        pieces = _pieces(where, row, sentence)
        noted = _noted(row) if text is None else None
        found[sentence.id] = keep(
            Prediction(
                number, text, _confidences(where, row), _uncertainty(where, row), spans, pieces=pieces, noted=noted
            ),
            sentence,
        )
        said = text is not None or noted is not None
        decodings.add(_whole(str(row.get("decoding", UNKNOWN_DECODING))) if said else NO_DECODING)
    _check_number(path, len(found), len(sentences), next((s.id for s in sentences if s.id not in found), ""))
    return Predictions(path, [found[sentence.id] for sentence in sentences], shortened("+".join(sorted(decodings))))


def _answer_spans(where: str, row: dict[str, Any], sentence: Sentence) -> tuple[Span, ...]:
    """Return the spans of a record without a text."""
    if row.get("tokens_sha1") is None:
        raise LmnError(
            "spans without tokens_sha1, the hash of the sentence's tokens, so they may belong to another sentence",
            where,
            PREDICT_AGAIN,
        )
    spans = _spans(row["spans"])
    if spans is None:
        raise LmnError("spans must be [start, end, label] each, without repetition", where, PREDICT_AGAIN)
    if beyond := next((span for span in spans if span.end > len(sentence.tokens)), None):
        raise LmnError(
            f"{spans_to_json((beyond,))[0]} ends after the last of {len(sentence.tokens)} tokens", where, PREDICT_AGAIN
        )
    return spans


def _noted(row: dict[str, Any]) -> Noted | None:
    """Return the alignment of the text that a record was written without; None if the record does not name the text's decoding."""
    status, reasons = row.get("status"), row.get("reasons")
    if not isinstance(row.get("decoding"), str) or status not in STATUSES or not isinstance(reasons, list):
        return None
    ungrounded = row.get(UNGROUNDED_KEY)
    known = tuple(reason for reason in reasons if isinstance(reason, str) and reason in REASONS)
    return Noted(status, known, ungrounded if type(ungrounded) is int and 0 <= ungrounded < _MOST_UNGROUNDED else 0)


def _pieces(where: str, row: dict[str, Any], sentence: Sentence) -> tuple[Piece, ...]:
    """Return the pieces that the sentence of a record was read in."""
    if row.get("pieces") is None:
        return ()
    try:
        pieces = pieces_from_json(row["pieces"], len(sentence.tokens))
    except ValueError as error:
        raise LmnError(str(error), where, PREDICT_AGAIN) from error
    return tuple(Piece(piece.tokens, _whole(piece.output)) for piece in pieces)


def _confidences(where: str, row: dict[str, Any]) -> dict[Span, float] | None:
    """Return the confidences of a record's spans, or None if it has none."""
    values = row.get("confidences")
    if values is None:
        return None
    spans = _spans(row.get("spans"))
    if spans is None:
        raise LmnError(
            "confidences without their spans ([start, end, label] each, without repetition)", where, PREDICT_AGAIN
        )
    if not isinstance(values, list) or len(values) != len(spans):
        raise LmnError(
            f"confidences are {values!r:.60}, and not a list of {len(spans)}, one for each span", where, PREDICT_AGAIN
        )
    for value in values:
        if not _is_number(value, 1):
            raise LmnError(f"a confidence is {value!r:.60}, and not a number from 0 to 1", where, PREDICT_AGAIN)
    return dict(zip(spans, map(float, values)))


def _spans(rows: Any) -> tuple[Span, ...] | None:
    """Return spans, or None if one is damaged or repeated."""
    try:
        return tuple(Span(span.start, span.end, _whole(span.label)) for span in spans_from_json(rows))
    except ValueError:
        return None


def _uncertainty(where: str, row: dict[str, Any]) -> Uncertainty | None:
    """Return a record's uncertainty, or None if it has none."""
    match row.get("uncertainty"):
        case None:
            return None
        case {"mean": mean, "max": highest} if _is_number(mean, _MAX_NATS) and _is_number(highest, _MAX_NATS):
            return Uncertainty(float(mean), float(highest))
        case value:
            raise LmnError(f"uncertainty is {value!r:.60}, and not a mean and a max in nats", where, PREDICT_AGAIN)


def _is_number(value: Any, highest: float) -> bool:
    """Return whether a JSON value is a number from 0 to `highest`."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest


def _by_order(path: Path, lines: Iterable[_Line], sentences: Sequence[Sentence], keep: Keep) -> Predictions:
    found: list[Prediction] = []
    other: LmnError | None = None
    count = 0
    for count, (number, row, text) in enumerate(lines, 1):
        if other or count > len(sentences):
            continue  # how many there are says more than that they differ
        sentence = sentences[count - 1]
        prompt = row.get("prompt")
        if isinstance(prompt, str) and _unspaced(sentence.text) not in _unspaced(prompt):
            other = LmnError(
                f"the prompt does not contain sentence {sentence.id} ({sentence.where}): {sentence.text[:80]!r}; the predictions are "
                "of another split or in another order",
                f"{path}:{number}",
            )
        else:
            found.append(keep(Prediction(number, text), sentence))
    _check_number(path, count, len(sentences))
    if other:
        raise other
    return Predictions(path, found, UNKNOWN_DECODING)


def _unspaced(text: str) -> str:
    """Return a text without white space, in the compatibility form that some tokenizers turn it into."""
    return "".join(unicodedata.normalize("NFKD", text).split())


def _check_number(path: Path, found: int, expected: int, first_missing: str = "") -> None:
    if found != expected:
        missing = f" (the first without one is {first_missing})" if first_missing else ""
        raise LmnError(
            f"{found:,} predictions for {expected:,} sentences{missing}", path,
            "predict the whole split, or score only its first N sentences with --limit N",
        )  # fmt: skip
