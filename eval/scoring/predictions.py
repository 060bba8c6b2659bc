"""Read predictions, whoever made them, and put them beside their gold sentences."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...alignment import Alignment
from ...errors import LmnError
from ...records import Uncertainty, read_jsonl
from ...sentence import Sentence, Span, tokens_sha1

_OUTPUT_KEYS = ("output", "predict")
_MAX_NATS = 100.0
"""More than the entropy of any vocabulary."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a file says of one sentence.

    Attributes:
        line: in the file, from 1.
        output: the generated text.
        confidences: of the record's spans, from 0 to 1, or None where the record gives none.
        uncertainty: of the sentence, or None likewise.
    """

    line: int
    output: str
    confidences: dict[Span, float] | None = None
    uncertainty: Uncertainty | None = None


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions in the order of the gold sentences.

    Attributes:
        path: of their file.
        rows: one a sentence.
        decoding: as the records say; `unknown` for files of other tools.
    """

    path: Path
    rows: list[Prediction]
    decoding: str

    def confidences_of(self, alignments: Sequence[Alignment]) -> list[tuple[float, ...]] | None:
        """Return the confidences of aligned spans, sentence by sentence in their order; None where any entity lacks one.

        Args:
            alignments: of the outputs, in the order of the rows.

        Raises:
            LmnError: a record has confidences, but none for a span that its output aligns to.
        """
        if self._first_without(alignments):
            return None
        return [self._confidences(row, alignment.spans) for row, alignment in zip(self.rows, alignments)]

    def needed_confidences_of(self, alignments: Sequence[Alignment]) -> list[tuple[float, ...]]:
        """Return the same where there is no doing without them.

        Raises:
            LmnError: likewise; or an entity lacks a confidence.
        """
        found = self.confidences_of(alignments)
        if found is None:
            raise LmnError(
                f"{self.path}:{self._first_without(alignments)}: no confidences (decoding: {self.decoding}), so no entity can be "
                "dropped for its confidence; predict with --decoding constrained, or leave --min-confidence out"
            )
        return found

    def _first_without(self, alignments: Sequence[Alignment]) -> int | None:
        """Return the line of the first record that has entities and no confidences; of the first at all where none has any."""
        if all(row.confidences is None for row in self.rows):
            return min(row.line for row in self.rows)
        lines = (row.line for row, aligned in zip(self.rows, alignments) if aligned.spans and row.confidences is None)
        return min(lines, default=None)

    def _confidences(self, row: Prediction, spans: Sequence[Span]) -> tuple[float, ...]:
        known = row.confidences or {}
        for span in spans:
            if span not in known:
                raise LmnError(
                    f"{self.path}:{row.line}: the output aligns to {_listed(span)}, which is not among the record's spans, so its "
                    "confidence is not known; predict again, or take the confidences out"
                )
        return tuple(known[span] for span in spans)


def read_predictions(path: Path, sentences: Sequence[Sentence]) -> Predictions:
    """Read a predictions file: records of lmn-predict, or one JSON line a sentence with `output` or `predict`.

    Records are matched by id, and their hash of the tokens must be the gold's. Lines without ids (LLaMA-Factory's
    `generated_predictions.jsonl`) must be as many as there are sentences and in their order; a `prompt` must contain its
    sentence up to white space. Confidences and uncertainties are read from records with ids only.

    Args:
        path: JSON Lines.
        sentences: the gold.

    Raises:
        LmnError: the file is damaged, or its predictions are not those of these sentences; with file and line.
    """
    rows = list(read_jsonl(path))
    if not rows:
        raise LmnError(f"{path}: no predictions in it")
    for number, row in rows:
        if not any(isinstance(row.get(key), str) for key in _OUTPUT_KEYS):
            raise LmnError(
                f"{path}:{number}: no text under {' or '.join(map(repr, _OUTPUT_KEYS))}; it has: {', '.join(row) or 'nothing'}"
            )
    with_id = [(number, row) for number, row in rows if "id" in row]
    if with_id and len(with_id) < len(rows):
        number = next(number for number, row in rows if "id" not in row)
        raise LmnError(f"{path}:{number}: no id, while other lines have one; mend the file or predict again")
    return _by_id(path, rows, sentences) if with_id else _by_order(path, rows, sentences)


def _output(row: dict[str, Any]) -> str:
    return _whole(next(row[key] for key in _OUTPUT_KEYS if isinstance(row.get(key), str)))


def _whole(text: str) -> str:
    """Put a replacement character for each half of a surrogate pair, which JSON can hold and no file."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _by_id(path: Path, rows: list[tuple[int, dict[str, Any]]], sentences: Sequence[Sentence]) -> Predictions:
    by_id = {sentence.id: sentence for sentence in sentences}
    found: dict[str, Prediction] = {}
    decodings: set[str] = set()
    for number, row in rows:
        sentence = by_id.get(row["id"]) if isinstance(row["id"], str) else None
        if sentence is None:
            raise LmnError(
                f"{path}:{number}: sentence {row['id']!r} is not among the gold's ({sentences[0].id} to {sentences[-1].id}): "
                "the predictions are of another corpus or split"
            )
        if sentence.id in found:
            raise LmnError(f"{path}:{number}: a second prediction of {sentence.id}; keep one")
        if row.get("tokens_sha1") not in (None, tokens_sha1(sentence.tokens)):
            raise LmnError(
                f"{path}:{number}: {sentence.id} was predicted with other tokens than those at {sentence.where}: "
                "the corpus has changed since; predict again"
            )
        where = f"{path}:{number}"
        found[sentence.id] = Prediction(number, _output(row), _confidences(where, row), _uncertainty(where, row))
        decodings.add(_whole(str(row.get("decoding", "unknown"))))
    _check_number(path, len(rows), len(sentences), next((s.id for s in sentences if s.id not in found), ""))
    return Predictions(path, [found[sentence.id] for sentence in sentences], "+".join(sorted(decodings)))


def _confidences(where: str, row: dict[str, Any]) -> dict[Span, float] | None:
    """Read the confidences of a record's spans, or None where it gives none."""
    values = row.get("confidences")
    if values is None:
        return None
    spans = _spans(row.get("spans"))
    if spans is None:
        raise LmnError(
            f"{where}: confidences, but no spans that they are of ([start, end, label] each, none twice); predict again"
        )
    if not isinstance(values, list) or len(values) != len(spans):
        raise LmnError(
            f"{where}: confidences are {values!r:.60}, and not a list of {len(spans)}, one a span; predict again"
        )
    for value in values:
        if not _is_number(value, 1):
            raise LmnError(f"{where}: a confidence is {value!r:.60}, and not a number from 0 to 1; predict again")
    return dict(zip(spans, map(float, values)))


def _spans(rows: Any) -> list[Span] | None:
    """Read spans, or None where they are not whole or one stands twice."""
    spans: list[Span] = []
    for row in rows if isinstance(rows, list) else [None]:
        match row:
            case [int(start), int(end), str(label)] if 0 <= start < end and label:
                spans.append(Span(start, end, label))
            case _:
                return None
    return spans if len(set(spans)) == len(spans) else None


def _uncertainty(where: str, row: dict[str, Any]) -> Uncertainty | None:
    """Read a record's uncertainty, or None where it gives none."""
    match row.get("uncertainty"):
        case None:
            return None
        case {"mean": mean, "max": highest} if _is_number(mean, _MAX_NATS) and _is_number(highest, _MAX_NATS):
            return Uncertainty(float(mean), float(highest))
        case value:
            raise LmnError(f"{where}: uncertainty is {value!r:.60}, and not a mean and a max in nats; predict again")


def _is_number(value: Any, highest: float) -> bool:
    """Whether a JSON value is a number from 0 to `highest`."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest


def _listed(span: Span) -> list[Any]:
    """Return a span as records write it."""
    return [span.start, span.end, span.label]


def _by_order(path: Path, rows: list[tuple[int, dict[str, Any]]], sentences: Sequence[Sentence]) -> Predictions:
    _check_number(path, len(rows), len(sentences))
    for (number, row), sentence in zip(rows, sentences):
        prompt = row.get("prompt")
        if isinstance(prompt, str) and _unspaced(sentence.text) not in _unspaced(prompt):
            raise LmnError(
                f"{path}:{number}: the prompt does not contain sentence {sentence.id} ({sentence.where}): "
                f"{sentence.text[:80]!r}; the predictions are of another split or in another order"
            )
    return Predictions(path, [Prediction(number, _output(row)) for number, row in rows], "unknown")


def _unspaced(text: str) -> str:
    """Take white space out of a text, in the compatibility form that some tokenizers bring it into."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _check_number(path: Path, found: int, expected: int, first_missing: str = "") -> None:
    if found != expected:
        missing = f" (the first without one is {first_missing})" if first_missing else ""
        raise LmnError(f"{path}: {found:,} predictions for {expected:,} sentences{missing}; predict the whole split")
