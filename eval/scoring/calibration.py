"""Calibration of confidences, and errors by the uncertainty of sentences, counted."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from ...counts import Counts
from ...records import Uncertainty
from ..scored_run.trust import BINS, Bin, Calibration, Quarter, Threshold, UncertaintySummary

THRESHOLDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
_EDGES = [number / BINS for number in range(BINS + 1)]
_QUARTERS = 4


def calibrate(judged: Sequence[tuple[float, bool]], gold: int) -> Calibration:
    """Compare confidences with how often they were right.

    Args:
        judged: For each predicted entity its confidence, from 0 to 1, and whether it is in the gold.
        gold: Number of gold entities.
    """
    members: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, correct in judged:
        members[bisect_left(_EDGES[1:-1], confidence)].append((confidence, correct))
    bins = [
        Bin(low, high, len(found), sum(right for _, right in found), sum(value for value, _ in found))
        for (low, high), found in zip(pairwise(_EDGES), members)
    ]
    thresholds = []
    for threshold in THRESHOLDS:
        kept = [correct for confidence, correct in judged if confidence >= threshold]
        thresholds.append(Threshold(threshold, Counts(sum(kept), len(kept), gold)))
    return Calibration(sum((value - right) ** 2 for value, right in judged), tuple(bins), tuple(thresholds))


def summarise_uncertainty(judged: Sequence[tuple[Uncertainty, bool]]) -> UncertaintySummary:
    """Count over sentences.

    Args:
        judged: For each sentence its uncertainty, and whether it has an error; ties stay in their order.
    """
    ranked = sorted(judged, key=lambda pair: pair[0].max)
    cuts = [len(ranked) * number // _QUARTERS for number in range(_QUARTERS + 1)]
    parts = [ranked[start:end] for start, end in pairwise(cuts)] if len(ranked) >= _QUARTERS else []
    return UncertaintySummary(
        len(ranked),
        sum(uncertainty.mean for uncertainty, _ in ranked),
        sum(uncertainty.max for uncertainty, _ in ranked),
        tuple(Quarter(part[0][0].max, part[-1][0].max, len(part), sum(wrong for _, wrong in part)) for part in parts),
    )
