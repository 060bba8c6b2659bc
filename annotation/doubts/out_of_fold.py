"""Judgements about every sentence of a corpus, each by a student that was trained without it. A killed run goes on fold by fold."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

from ...counts import Counts
from ...errors import LmnError
from ...eval.scoring.counts import strict_counts
from ...files import atomic_write, sha256_of
from ...records import read_jsonl
from ...sentence import Sentence, without_nested
from ...terminal import echo
from ...typed_json import from_json, to_json
from ..simulation.learner import StudentLearner, forget
from ..simulation.rows import ROWS_FILE, opened_rows
from .folds import Fold, Folding
from .judging import Judgement, judge

_BATCH = 32
"""Windows that a student reads together."""
_AGAIN = "name another folder with --out, or remove this one"


@dataclass(frozen=True, slots=True)
class Judging:
    """The trainings of a corpus's judges.

    Attributes:
        sentences: Sentences of the corpus, in its order, with its document separators.
        folding: Parts of the corpus.
        learner: Trains a student.
        seed: Seed of the students.
        keep_models: Whether the students are kept.
    """

    sentences: Sequence[Sentence]
    folding: Folding
    learner: StudentLearner
    seed: int
    keep_models: bool = False

    def steps(self, fold: Fold) -> int:
        """Return the number of optimiser steps of a fold's training: the recipe's, or as many as its epochs take."""
        values = self.learner.recipe.values
        if values.get("max_steps", -1) > 0:
            return int(values["max_steps"])
        at_once = int(values.get("per_device_train_batch_size", 8) * values.get("gradient_accumulation_steps", 1))
        epochs = float(values.get("num_train_epochs", 3.0))
        return ceil(ceil(len(fold.train) / at_once) * epochs)

    def plan(self) -> list[str]:
        """Return what will be trained, in words."""
        folds = self.folding.folds
        steps = [self.steps(one) for one in folds]
        sizes = [len(one.train) for one in folds]
        return [
            self.folding.line,
            f"trainings: {len(folds)}, of {min(sizes):,} to {max(sizes):,} sentences and {min(steps):,} to {max(steps):,} steps each, "
            f"{sum(steps):,} steps together",
        ]  # fmt: skip

    def run(self, out: Path, settings: dict[str, Any]) -> list[Judgement]:
        """Return a judgement about each sentence that is no separator, in the order of the corpus.

        Args:
            out: Folder of the judgements, a file for each fold.
            settings: What they follow from besides the recipe and the sentences, for JSON.

        Raises:
            LmnError: A training fails, or the folder holds judgements that follow from other settings, or damaged ones.
        """
        found: dict[str, Judgement] = {}
        settings = {**settings, "seed": self.seed, "recipe": self.learner.settings}
        settings["steps"] = [self.steps(one) for one in self.folding.folds]
        with opened_rows(out / ROWS_FILE, settings) as rows:
            for fold in self.folding.folds:
                cell, path = f"fold {fold.number}", out / f"fold-{fold.number}.jsonl"
                row = rows.get(cell)
                if row is None:
                    row = self._train(fold, path, out / f"student-{fold.number}")
                    rows.append(cell, row)
                    self._tell(fold, row)
                found |= {one.id: one for one in _read(path, row["sha256"])}
        return [found[one.id] for one in self.sentences if not one.is_docstart]

    def _train(self, fold: Fold, path: Path, folder: Path) -> dict[str, Any]:
        """Train the student of a fold, write what it says of the fold's sentences, and return the fold's row."""
        from ...students.beliefs import beliefs_of

        start = time.monotonic()
        held = [self.sentences[at] for at in fold.held]
        train = [self.sentences[at] for at in fold.train]
        outcome = self.learner.train(train, folder, steps=self.steps(fold), seed=self.seed + fold.number)
        for note in outcome.notes:
            echo(f"fold {fold.number + 1}: {note}", err=True)
        judged = [judge(*pair) for pair in zip(held, beliefs_of(outcome.student.load(), held, _BATCH), strict=True)]
        with atomic_write(path) as file:
            file.writelines(json.dumps(to_json(one), ensure_ascii=False) + "\n" for one in judged)
        if not self.keep_models:
            forget(folder)
        counts = sum((strict_counts(one.spans, other.spans) for one, other in zip(held, judged)), Counts())
        return {
            "sha256": sha256_of(path), "train": len(train), "judged": len(held), "steps": outcome.steps,
            "correct": counts.correct, "predicted": counts.predicted, "gold": counts.gold,
            "seconds": round(time.monotonic() - start, 1),
        }  # fmt: skip

    def _tell(self, fold: Fold, row: dict[str, Any]) -> None:
        """Say what a fold took, and what is left."""
        left = len(self.folding.folds) - fold.number - 1
        f1 = Counts(row["correct"], row["predicted"], row["gold"]).f1
        rest = f", about {max(1, round(left * row['seconds'] / 60))} min left" if left else ""
        echo(
            f"fold {fold.number + 1} of {len(self.folding.folds)}: F1 {f1:.4f}, {row['seconds']:.0f} s{rest}", err=True
        )


def _read(path: Path, sha256: str) -> list[Judgement]:
    """Read the judgements of a fold.

    Raises:
        LmnError: They are missing, or not those that were written.
    """
    if not path.is_file() or sha256_of(path) != sha256:
        raise LmnError("missing, or not as it was written", path, _AGAIN)
    return [
        from_json(Judgement, row, f"{path}:{number}", writer="lmn-annotate doubts", remedy=_AGAIN)
        for number, row in read_jsonl(path)
    ]


def flat(sentences: Sequence[Sentence]) -> tuple[list[Sentence], int]:
    """Return sentences with their outer entities alone, and the number of inner ones that are left out."""
    outer = [replace(one, spans=without_nested(one.spans)) for one in sentences]
    return outer, sum(len(one.spans) - len(other.spans) for one, other in zip(sentences, outer))
