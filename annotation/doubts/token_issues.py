"""What cleanlab's methods for token classification find in tags: how good each token's tag is, and which tags are probably wrong."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import LmnError, installing


@dataclass(frozen=True, slots=True)
class TokenIssues:
    """Findings about the tags of sentences.

    Attributes:
        qualities: For each sentence, for each token, the quality of its tag from 0 (surely wrong) to 1: half of one plus the tag's
            probability less that of the most probable other tag (cleanlab's normalised margin).
        wrong: Positions of tokens (sentence, token) whose tags confident learning takes for wrong (Northcutt et al. 2021).
    """

    qualities: list[list[float]]
    wrong: frozenset[tuple[int, int]]


def check_cleanlab() -> None:
    """Make sure that cleanlab is there.

    Raises:
        LmnError: It is not installed.
    """
    try:
        import cleanlab  # noqa: F401
    except ImportError as error:
        raise LmnError("cleanlab is not installed", remedy=installing("doubts")) from error


def find_token_issues(tags: Sequence[Sequence[int]], probabilities: Sequence[Sequence[Sequence[float]]]) -> TokenIssues:
    """Let cleanlab look at tags.

    Args:
        tags: For each sentence, the tag number of each token.
        probabilities: For each sentence, the probability of each tag of each token, (tokens, tags), by a student that was not trained
            on it.

    Raises:
        LmnError: cleanlab is not installed.
    """
    check_cleanlab()
    import numpy as np
    from cleanlab.token_classification.filter import find_label_issues
    from cleanlab.token_classification.rank import get_label_quality_scores

    labels = [list(row) for row in tags]
    rows = [np.array(row) for row in probabilities]
    with (
        warnings.catch_warnings(),
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):  # it prints hints
        warnings.filterwarnings("ignore", "May not flag all label issues")  # about tags that no token of the gold has
        _, qualities = get_label_quality_scores(labels, rows, token_score_method="normalized_margin")
        wrong = find_label_issues(labels, rows, return_indices_ranked_by="normalized_margin", n_jobs=1)
    return TokenIssues([row.tolist() for row in qualities], frozenset((int(at), int(token)) for at, token in wrong))
