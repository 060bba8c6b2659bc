"""A scored run as it lies on disk: `scores.json`, and `sentences.jsonl` beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...files import read_json
from ...records import read_jsonl
from ..scoring.counts import Counts
from .document import SENTENCES_FILE, Examined, sentence_counts

_SCORES_FILE = "scores.json"


@dataclass(frozen=True, slots=True)
class Run:
    """A scored run as it lies on disk.

    Attributes:
        path: of its `scores.json`.
        document: what that holds.
        sentences: from `sentences.jsonl` beside it.
    """

    path: Path
    document: dict[str, Any]
    sentences: list[Examined]

    @classmethod
    def load(cls, path: Path) -> Run:
        """Read a run from its folder, or from a `scores.json` or `scores.minP.json` in it.

        Raises:
            LmnError: it is not there, or damaged.
        """
        scores = path / _SCORES_FILE if path.is_dir() else path
        remedy = "lmn-eval writes it"
        document = read_json(scores, remedy=remedy)
        if not isinstance(document, dict) or "analysis" not in document:
            raise LmnError(
                f"{scores}: written before lmn-eval kept the sentences behind its counts; score the run again"
            )
        rows = scores.with_name(scores.name.replace("scores", Path(SENTENCES_FILE).stem, 1)).with_suffix(".jsonl")
        if not rows.is_file():
            raise LmnError(f"{rows}: no such file; score the run again, {remedy} beside {scores.name}")
        sentences = []
        for number, row in read_jsonl(rows):
            try:
                sentences.append(Examined.from_dict(row))
            except (KeyError, TypeError, ValueError) as error:
                raise LmnError(f"{rows}:{number}: not as lmn-eval writes it ({error}); score the run again") from error
        return cls(scores, document, sentences)

    @property
    def counts(self) -> list[Counts]:
        """Strict counts of each sentence."""
        return [sentence_counts(sentence.pairs) for sentence in self.sentences]
