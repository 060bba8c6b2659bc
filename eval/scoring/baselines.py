"""What counting in the training split gives, scored like predictions."""

from __future__ import annotations

from collections.abc import Sequence

from ...counts import Counts
from ...sentence import Sentence
from ...systems.counting import run_baselines
from .counts import strict_counts


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
