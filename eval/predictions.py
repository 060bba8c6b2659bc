"""Read predictions, whoever made them, and put them beside their gold sentences."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..records import read_jsonl
from ..sentence import Sentence, tokens_sha1

_OUTPUT_KEYS = ("output", "predict")


@dataclass(frozen=True, slots=True)
class Predictions:
    """Outputs in the order of the gold sentences.

    Attributes:
        outputs: generated texts.
        decoding: as the records say; `unknown` for files of other tools.
    """

    outputs: list[str]
    decoding: str


def read_predictions(path: Path, sentences: Sequence[Sentence]) -> Predictions:
    """Read a predictions file: records of lmn-predict, or one JSON line a sentence with `output` or `predict`.

    Records are matched by id, and their hash of the tokens must be the gold's. Lines without ids (LLaMA-Factory's
    `generated_predictions.jsonl`) must be as many as there are sentences and in their order; a `prompt` must contain its
    sentence up to white space.

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
    found: dict[str, str] = {}
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
        found[sentence.id] = _output(row)
        decodings.add(_whole(str(row.get("decoding", "unknown"))))
    _check_number(path, len(rows), len(sentences), next((s.id for s in sentences if s.id not in found), ""))
    return Predictions([found[sentence.id] for sentence in sentences], "+".join(sorted(decodings)))


def _by_order(path: Path, rows: list[tuple[int, dict[str, Any]]], sentences: Sequence[Sentence]) -> Predictions:
    _check_number(path, len(rows), len(sentences))
    for (number, row), sentence in zip(rows, sentences):
        prompt = row.get("prompt")
        if isinstance(prompt, str) and _unspaced(sentence.text) not in _unspaced(prompt):
            raise LmnError(
                f"{path}:{number}: the prompt does not contain sentence {sentence.id} ({sentence.where}): "
                f"{sentence.text[:80]!r}; the predictions are of another split or in another order"
            )
    return Predictions([_output(row) for _, row in rows], "unknown")


def _unspaced(text: str) -> str:
    """Take white space out of a text, in the compatibility form that some tokenizers bring it into."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _check_number(path: Path, found: int, expected: int, first_missing: str = "") -> None:
    if found != expected:
        missing = f" (the first without one is {first_missing})" if first_missing else ""
        raise LmnError(f"{path}: {found:,} predictions for {expected:,} sentences{missing}; predict the whole split")
