"""The labels of a model on the pool of a simulation: a labelled corpus, matched to the pool by the ids of its sentences."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...data_converters.cards import CARD_FILE, load_card
from ...data_converters.corpus import read_corpus
from ...errors import LmnError, listed
from ...files import sha256_of
from ...prediction.resume import read_stamp
from ...records import RUN_FILE
from ...sentence import Sentence
from ..comparing import check_labels
from ..labelled_corpus import RUN_FOLDER, SUMMARY_FILE, Summary, read_summary
from ..provenance import Provenance, read_provenance
from .pool import SPLITS, Pool

_REMEDY = "label the pool: lmn-annotate run CARD --split train"


@dataclass(frozen=True, slots=True)
class LlmLabels:
    """Labels of a model on the pool.

    Attributes:
        folder: Folder of the labelled corpus.
        summary: What the corpus says of itself: system, bill.
        sha256: Hash of that.
        sentences: The sentences with the model's entities, by their id in the pool.
        certainties: How certain the model is of the entities of a sentence, by its id; larger is more certain, and nothing more is meant by
            the number. Empty if the system gives neither uncertainty nor confidences.
        missing: Number of sentences of the pool without labels of the model.
        examples: Gold sentences of the pool and dev that the model was shown as examples, which have been paid for.
    """

    folder: Path
    summary: Summary
    sha256: str
    sentences: dict[str, Sentence]
    certainties: dict[str, float]
    missing: int
    examples: tuple[Sentence, ...]

    @property
    def labels_sha256(self) -> str:
        """Hash of the labels as they were read: ids, entities and certainties, which somebody may have changed since."""
        rows = [
            [name, [[span.start, span.end, span.label] for span in one.spans], self.certainties.get(name)]
            for name, one in sorted(self.sentences.items())
        ]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    def lines(self) -> list[str]:
        """Return lines for people about the labels."""
        system = self.summary.system
        template = f" with the template {system.template}" if system.template else ""
        lines = [
            f"model's labels: {self.folder}: {system.name}{template}; sentences of the pool: {len(self.sentences):,}"
        ]
        if self.missing:
            lines.append(
                f"sentences of the pool without labels of the model, left out of what it has labelled: {self.missing:,}"
            )
        if self.examples:
            lines.append(
                f"gold sentences that the model was shown, charged to every regime that uses its labels: {len(self.examples):,}"
            )
        return lines


def read_llm_labels(folder: Path, pool: Pool, splits: tuple[str, str, str] = SPLITS) -> LlmLabels:
    """Read the labels of a model on a pool.

    Args:
        folder: Folder that `lmn-annotate run` has written.
        pool: The pool.
        splits: Names of the splits that are the pool, dev and test.

    Raises:
        LmnError: The folder holds no labelled corpus, one with other labels or without a sentence of the pool, or the model was shown gold
            of test or of the whole pool.
    """
    summary = read_summary(folder)
    card = load_card(str(folder / CARD_FILE))
    check_labels(str(folder), card.labels.names, pool.card.labels.names)
    rows = {row.id: row for row in read_provenance(folder) if row.id}
    wanted = {sentence.id: sentence for sentence in pool.train}
    sentences: dict[str, Sentence] = {}
    certainties: dict[str, float] = {}
    for split in card.splits:
        for found in read_corpus(card, split, folder):
            row = rows.get(found.id)
            gold = wanted.get(row.asked) if row else None
            if row is None or gold is None:
                continue
            if gold.tokens != found.tokens:
                raise LmnError(f"{gold.id} has other tokens than in {pool.card.name}", folder, _REMEDY)
            sentences[gold.id] = Sentence(gold.id, gold.tokens, found.spans, gold.where)
            if (certain := _certainty(row)) is not None:
                certainties[gold.id] = certain
    if not sentences:
        raise LmnError(f"has no sentence of the pool, {pool.card.name} {splits[0]}", folder, _REMEDY)
    examples = _examples(folder, pool, splits)
    known = certainties if len(certainties) == len(sentences) else {}
    missing = len(pool.train) - len(sentences)
    return LlmLabels(folder, summary, sha256_of(folder / SUMMARY_FILE), sentences, known, missing, examples)


def _certainty(row: Provenance) -> float | None:
    """Return how certain a model is of the entities of a sentence, missing ones included where it says its uncertainty."""
    if row.uncertainty is not None:
        return -row.uncertainty.max
    return None if row.confidences is None else min(row.confidences, default=1.0)


def _examples(folder: Path, pool: Pool, splits: tuple[str, str, str]) -> tuple[Sentence, ...]:
    """Return the gold sentences of the pool and dev that the model was shown, or chose from.

    Raises:
        LmnError: It was shown gold of test, or chose from all the gold of the pool.
    """
    path = folder / RUN_FOLDER / RUN_FILE
    shots = read_stamp(folder / RUN_FOLDER, _REMEDY).get("shots") if path.is_file() else None
    split = _split_of(shots, pool.card.name, splits) if shots else None
    if not shots or split is None:
        return ()
    if split == splits[2]:
        raise LmnError(
            "the model was shown gold of the test split as examples", path, "label again with other examples"
        )
    fixed = shots.get("ids")
    if fixed is not None:
        by_id = {one.id: one for one in (*pool.train, *pool.dev, *pool.other_dev)}
        if gone := [name for name in map(str, fixed) if name not in by_id]:
            raise LmnError(
                f"the model was shown {gone[0]}, whose words stand in another split, too",
                path,
                "label again with other examples",
            )
        return tuple(by_id[name] for name in dict.fromkeys(map(str, fixed)))
    if split == splits[0]:
        raise LmnError(
            "the model chose its examples from all the gold of the pool, so that nothing is left to buy", path,
            "label again with a fixed number of examples (--examples covering), or with those of another corpus",
        )  # fmt: skip
    return (*pool.dev, *pool.other_dev)


def _split_of(shots: Mapping[str, Any], corpus: str, splits: Sequence[str]) -> str | None:
    """Return the split of a corpus that the examples come from; None if they come from another corpus.

    Raises:
        LmnError: They come from the corpus, and the name of their data set tells no split.
    """
    name = str(shots.get("dataset") or "")
    if not shots.get("number") or not re.match(rf"{re.escape(corpus)}(?![\w-])|{re.escape(corpus)}_", name):
        return None
    split = next((split for split in splits if re.search(rf"[ _]{re.escape(split)}$", name)), None)
    if split is None:
        raise LmnError(
            f"the model was shown gold of {name}, which is not {listed(list(splits), 3)}", None,
            "label again with examples of another corpus",
        )  # fmt: skip
    return split
