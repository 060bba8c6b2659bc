"""Answers and prediction records, and the names of the files that a run leaves in its folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from .alignment import Alignment, Status, joined
from .errors import LmnError
from .files import unreadable
from .sentence import Span
from .strict_json import parse_json
from .typed_json import from_json, to_json, written_as, written_as_list

PREDICTIONS_FILE = "predictions.jsonl"
"""One record a line, in corpus order; there once a run has finished."""
RUN_FILE = "run.json"
"""Name of the file with the stamp of the predictions next to it."""
PARTIAL_FILE = "predictions.partial.jsonl"
"""The finished batches of a run that has not ended."""
LONGEST_LINE = 2**24
"""Bytes of the longest line of a JSON Lines file that is read; as JSON values it takes up to twenty times as much memory."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Uncertainty of a model about a sentence: entropy, in nats, of its steps with a choice between markup and none.

    Of a student, it is the entropy of the tags of the tokens that it reads.

    Attributes:
        mean: Mean entropy of those steps or tags; 0 if there were none.
        max: Largest entropy of those steps or tags; 0 if there were none.
        log_probability: Logarithm of the probability of the whole answer: of a student, of its sequence of tags among those that BIO
            allows; of a model that writes, of all its choices. None in records of earlier versions.
        choices: Number of those steps or tags; None in records of earlier versions.
    """

    mean: float
    max: float
    log_probability: float | None = None
    choices: int | None = None

    def to_list(self) -> list[Any]:
        """Return a list for JSON; the last two values are left out where they are not known."""
        last = [] if self.log_probability is None or self.choices is None else [self.log_probability, self.choices]
        return [self.mean, self.max, *last]


written_as(Uncertainty, "mean max log_probability?? choices??")


class Piece(NamedTuple):
    """The part of an output that answers a piece of a sentence.

    Attributes:
        tokens: Number of tokens of the piece.
        output: Output for it.
    """

    tokens: int
    output: str


written_as_list(Piece)


def pieces_from_json(rows: Any, tokens: int | None = None) -> tuple[Piece, ...]:
    """Read pieces as records write them: `[tokens, output]` each.

    Args:
        rows: Value that was read from JSON.
        tokens: Number of tokens of the sentence; None if it is not known.

    Raises:
        ValueError: A row is not a piece, or the pieces are not those of a sentence of that length.
    """
    pieces = []
    for row in rows if isinstance(rows, list) else [None]:
        match row:
            case [int(count), str(output)] if count > 0:
                pieces.append(Piece(count, output))
            case _:
                raise ValueError(f"not a piece, [tokens, output]: {row!r:.60}")
    if tokens is not None and sum(piece.tokens for piece in pieces) != tokens:
        raise ValueError(f"the pieces are not those of a sentence of {tokens:,} tokens")
    return tuple(pieces)


def read_pieces(
    pieces: Sequence[Piece], tokens: tuple[str, ...], read: Callable[[str, tuple[str, ...]], Alignment]
) -> Alignment:
    """Return the spans that the outputs for the pieces of a sentence put on its tokens.

    Args:
        pieces: Pieces of the sentence, in order.
        tokens: Tokens of the sentence.
        read: Returns what an output puts on tokens.
    """
    parts = []
    start = 0
    for piece in pieces:
        parts.append((start, read(piece.output, tokens[start : start + piece.tokens])))
        start += piece.tokens
    return joined(parts)


@dataclass(frozen=True, slots=True)
class Answer:
    """A system's result for one sentence: the text that a model generated, or spans.

    Attributes:
        text: Output up to the newline that ends it; None if the spans are the answer.
        confidences: A probability for each span of the answer, in their order; None if the system gives none.
        uncertainty: Uncertainty of the whole sentence; None if the system gives none.
        spans: Spans on the sentence's tokens, sorted as in a `Sentence`; None if the text is the answer.
        replaced: Number of lone surrogates, which no file can hold, that became U+FFFD in the text.
        pieces: Outputs for the pieces that a long sentence was read in, of which the text is made; empty if it was read whole.

    Raises:
        ValueError: There are both a text and spans, or neither; or spans and confidences differ in number.
    """

    text: str | None = None
    confidences: tuple[float, ...] | None = None
    uncertainty: Uncertainty | None = None
    spans: tuple[Span, ...] | None = None
    replaced: int = 0
    pieces: tuple[Piece, ...] = ()

    def __post_init__(self) -> None:
        if (self.text is None) == (self.spans is None):
            raise ValueError("an answer is a text or spans, and not both")
        if self.spans is not None and self.confidences is not None and len(self.spans) != len(self.confidences):
            raise ValueError(f"{len(self.spans)} spans and {len(self.confidences)} confidences")

    def to_list(self) -> list[Any]:
        """Return a list for JSON; the number of replaced characters and the pieces come last, if there are any."""
        return [
            self.text if self.spans is None else spans_to_json(self.spans),
            None if self.confidences is None else list(self.confidences),
            None if self.uncertainty is None else self.uncertainty.to_list(),
            *([self.replaced] if self.replaced or self.pieces else []),
            *([list(map(list, self.pieces))] if self.pieces else []),
        ]

    @classmethod
    def from_list(cls, row: Any) -> Answer:
        """Read what `to_list` wrote.

        Raises:
            ValueError: The row is something else.
        """
        match row:
            case [str() | list() as said, None | list() as values, None | list() as unsure, *more] if (
                all(isinstance(value, float) for value in values or ())
                and (unsure is None or list(map(type, unsure)) in ([float, float], [float, float, float, int]))
                and list(map(type, more)) in ([], [int], [int, list])
            ):
                confidences = None if values is None else tuple(values)
                uncertainty = None if unsure is None else Uncertainty(*unsure)
                if isinstance(said, str):
                    pieces = pieces_from_json(more[1]) if len(more) > 1 else ()
                    return cls(said, confidences, uncertainty, replaced=sum(more[:1]), pieces=pieces)
                return cls(None, confidences, uncertainty, spans_from_json(said))
        raise ValueError(f"not an answer: {row!r}")


def spans_to_json(spans: tuple[Span, ...]) -> list[list[Any]]:
    """Return spans as records write them: `[start, end, label]` each."""
    return [[span.start, span.end, span.label] for span in spans]


def spans_from_json(rows: Any) -> tuple[Span, ...]:
    """Read spans that `spans_to_json` wrote.

    Raises:
        ValueError: A row is not a span, or a span is repeated.
    """
    spans: list[Span] = []
    for row in rows if isinstance(rows, list) else [None]:
        match row:
            case [int(start), int(end), str(label)]:
                spans.append(Span(start, end, label))
            case _:
                raise ValueError(f"not a span: {row!r}")
    if len(set(spans)) < len(spans):
        raise ValueError("a span is repeated")
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """A system's answer for one sentence, as a line of `predictions.jsonl`.

    Attributes:
        id: Id of the sentence.
        output: Generated text up to the newline that ends it; None if the spans are the answer.
        tokens_sha1: Hash of the sentence's tokens (`tokens_sha1`).
        decoding: Decoding of the text: `constrained`, or `free`, which is greedy; None without a text.
        spans: Spans of the answer. Of a text, they are what it aligned to when the record was written; scoring aligns it again.
        status: Status of that alignment.
        reasons: Reasons of that alignment.
        confidences: A probability for each span; None if the system gives none.
        uncertainty: Uncertainty of the sentence; None if the system gives none.
        replaced: Number of lone surrogates that became U+FFFD in the text; the line has no such key if there are none.
        pieces: Outputs for the pieces that a long sentence was read in, `[tokens, output]` each, of which `output` is made; the line
            has no such key if the sentence was read whole.
    """

    id: str
    output: str | None
    tokens_sha1: str
    decoding: str | None
    spans: tuple[Span, ...]
    status: Status
    reasons: tuple[str, ...]
    confidences: tuple[float, ...] | None = None
    uncertainty: Uncertainty | None = None
    replaced: int = 0
    pieces: tuple[Piece, ...] = ()

    @classmethod
    def of(
        cls, sentence_id: str, answer: Answer, sha1: str, decoding: str | None, alignment: Alignment
    ) -> PredictionRecord:
        """Make a record of an answer and its alignment."""
        return cls(
            sentence_id, answer.text, sha1, None if answer.text is None else decoding, alignment.spans, alignment.status,
            alignment.reasons, answer.confidences, answer.uncertainty, answer.replaced, answer.pieces,
        )  # fmt: skip

    def line(self) -> str:
        """Return the line of JSON, without its end; a span is `[start, end, label]`."""
        row = to_json(self)
        for key in ("replaced", "pieces"):
            if not row[key]:
                del row[key]
        return json.dumps(row, ensure_ascii=False)


written_as(
    PredictionRecord,
    "id output tokens_sha1 decoding spans status reasons confidences? uncertainty? replaced? pieces?",
)


def read_records(path: Path) -> Iterator[PredictionRecord]:
    """Yield the records of a `predictions.jsonl` that this package wrote, one line in memory at a time.

    Raises:
        LmnError: `read_jsonl` fails, or a line is not a record.
    """
    for number, row in read_jsonl(path):
        yield from_json(
            PredictionRecord, row, f"{path}:{number}", writer="lmn-predict", remedy="predict again with --restart"
        )


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line numbers, from 1, and the mappings of a JSON Lines file, one line in memory at a time.

    Half a surrogate pair, which other tools write for half a character, becomes U+FFFD.

    Raises:
        LmnError: The file cannot be read, a line is longer than `LONGEST_LINE`, or a line is not a whole JSON mapping, as the last line
            of a file that was cut off.
    """
    remedy = f"name the {PREDICTIONS_FILE} that lmn-predict wrote"
    number = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise LmnError(f"a line of more than {LONGEST_LINE:,} bytes", f"{path}:{number}", remedy)
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                if text:
                    yield number, _mapping(text, f"{path}:{number}", file)
    except UnicodeDecodeError as error:
        raise unreadable(error, path, remedy).at(f"{path}:{number}") from error
    except (OSError, ValueError) as error:  # the latter: no path at all
        raise unreadable(error, path, remedy) from error


def _mapping(text: str, where: str, file: IO[bytes]) -> dict[str, Any]:
    """Return the mapping of a line; `file` is read no further than is needed to know whether the line is its last one."""
    try:
        row = parse_json(text, mend=True)
    except ValueError as error:
        last = not file.read(1)
        remedy = "the file was cut off: predict again, or copy it again" if last else "correct it, or predict again"
        raise LmnError(f"not a whole JSON line ({getattr(error, 'msg', error)})", where, remedy) from error
    if not isinstance(row, dict):
        raise LmnError(f"not a JSON mapping: {text[:60]!r}", where)
    return row
