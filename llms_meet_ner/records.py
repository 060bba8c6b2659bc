"""Prediction records: one JSON line a sentence, and the files that hold them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from .alignment import Alignment
from .errors import LmnError
from .sentence import Span

PREDICTIONS_FILE = "predictions.jsonl"


class Uncertainty(NamedTuple):
    """How unsure a model was of a sentence: entropy, in nats, of the steps at which markup could have been written or not.

    Attributes:
        mean: over those steps; 0 where there is none.
        max: the largest.
    """

    mean: float
    max: float


@dataclass(frozen=True, slots=True)
class Generated:
    """What came out for one sentence.

    Attributes:
        text: the output up to its first newline.
        confidences: a probability for each span of the text's alignment, in their order, or None where the decoding gives none.
        uncertainty: of the sentence, or None likewise.
    """

    text: str
    confidences: tuple[float, ...] | None = None
    uncertainty: Uncertainty | None = None

    def to_list(self) -> list[Any]:
        """Return a list for JSON."""
        return [
            self.text,
            None if self.confidences is None else list(self.confidences),
            None if self.uncertainty is None else list(self.uncertainty),
        ]

    @classmethod
    def from_list(cls, row: Any) -> Generated:
        """Read what `to_list` wrote.

        Raises:
            ValueError: it is something else.
        """
        match row:
            case [str(text), None, None]:
                return cls(text)
            case [str(text), list(confidences), [float(mean), float(highest)]]:
                if all(isinstance(value, float) for value in confidences):
                    return cls(text, tuple(confidences), Uncertainty(mean, highest))
        raise ValueError(f"not a generated text: {row!r}")


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """What a model said of one sentence.

    Attributes:
        id: of the sentence.
        output: the generated text up to its first newline.
        tokens_sha1: hash of the sentence's tokens (`tokens_sha1`).
        decoding: how it was generated: `free` is greedy and unconstrained.
        spans: as aligned when the record was written; scoring aligns anew from `output`.
        status: of that alignment.
        reasons: of that alignment.
        confidences: a probability for each span, or None where the decoding gives none.
        uncertainty: of the sentence, or None likewise.
    """

    id: str
    output: str
    tokens_sha1: str
    decoding: str
    spans: tuple[Span, ...]
    status: str
    reasons: tuple[str, ...]
    confidences: tuple[float, ...] | None = None
    uncertainty: Uncertainty | None = None

    @classmethod
    def of(
        cls, sentence_id: str, generated: Generated, sha1: str, decoding: str, alignment: Alignment
    ) -> PredictionRecord:
        """Make a record of what was generated and its alignment."""
        return cls(
            sentence_id, generated.text, sha1, decoding, alignment.spans, alignment.status, alignment.reasons,
            generated.confidences, generated.uncertainty,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON; a span is `[start, end, label]`."""
        return {
            "id": self.id,
            "output": self.output,
            "tokens_sha1": self.tokens_sha1,
            "decoding": self.decoding,
            "spans": [[span.start, span.end, span.label] for span in self.spans],
            "status": self.status,
            "reasons": list(self.reasons),
            "confidences": None if self.confidences is None else list(self.confidences),
            "uncertainty": None if self.uncertainty is None else self.uncertainty._asdict(),
        }

    def to_json(self) -> str:
        """Return the JSON line, without its end."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line numbers, from 1, and the mappings of a JSON Lines file.

    Raises:
        LmnError: the file cannot be read, or a line is not a whole JSON mapping (as the last line of a file that was cut off).
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise LmnError(f"{path}: cannot be read ({error})") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            last = number >= len(lines) - 1
            hint = "the file was cut off: predict again, or copy it again" if last else "mend it or predict again"
            raise LmnError(
                f"{path}:{number}: not a whole JSON line ({getattr(error, 'msg', error)}); {hint}"
            ) from error
        if not isinstance(row, dict):
            raise LmnError(f"{path}:{number}: not a JSON mapping: {line[:60]!r}")
        yield number, row
