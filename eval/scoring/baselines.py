"""Baselines that count in the training split, scored like predictions."""

from __future__ import annotations

from collections.abc import Sequence

from ...alignment import Alignment
from ...counts import Counts
from ...prediction.run import alignments
from ...sentence import Sentence
from ...systems.counting import BASELINES, CountingBaseline
from .counts import strict_counts


def run_baselines(train: Sequence[Sentence], test: Sequence[Sentence]) -> dict[str, list[Alignment]]:
    """Return what each baseline marks, by its name.

    Args:
        train: Sentences to count in.
        test: Sentences to mark.
    """
    return {name: alignments(CountingBaseline(name, train), test) for name in BASELINES}


def count_baselines(train: Sequence[Sentence], sentences: Sequence[Sentence]) -> dict[str, list[Counts]]:
    """Return the strict counts of each sentence, by baseline.

    Args:
        train: Sentences that the baselines count in.
        sentences: Gold sentences.
    """
    return {
        name: [strict_counts(sentence.spans, alignment.spans) for sentence, alignment in zip(sentences, found)]
        for name, found in run_baselines(train, sentences).items()
    }
