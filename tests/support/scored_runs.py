"""Scored runs made by hand, for tests of what is made of them."""

from __future__ import annotations

from typing import Any

from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.scored_run.analysis import (
    Analysis,
    Confusion,
    ErrorCounts,
    Interval,
    Intervals,
    RatioIntervals,
    TagTable,
)
from llms_meet_ner.eval.scored_run.run import Hashes, Provenance, References, ScoredRun
from llms_meet_ner.eval.scored_run.scores import (
    AlignmentSummary,
    Nervaluate,
    ScenarioCounts,
    Scenarios,
    Scores,
    SeqevalScores,
    Size,
    StrictScores,
)

_SENTENCES, _TOKENS, _ANY = Size(6, 0), Size(60, 0), Interval(0, 1)


def of_ratio(value: float) -> Counts:
    """Return counts whose precision, recall and F1 have a value of at most four digits."""
    return Counts(round(10_000 * value), 10_000, 10_000)


def flat_scores(
    labels: dict[str, Counts], strict: ScenarioCounts | None = None, *, sentences: Size = _SENTENCES, tokens: Size = _TOKENS,
    exact: int = 6, repaired: int = 0,
) -> Scores:  # fmt: skip
    """Return scores of a flat corpus; all scenarios of nervaluate have the same counts."""
    micro = sum(labels.values(), Counts())
    of_scenario = strict or ScenarioCounts(
        micro.correct, 0, 0, micro.gold - micro.correct, micro.predicted - micro.correct
    )
    nervaluate = Nervaluate(Scenarios(*[of_scenario] * 4), {})
    return Scores(
        sentences,
        tokens,
        SeqevalScores(labels, micro),
        None,
        nervaluate,
        AlignmentSummary(exact, repaired, 0, {}, {}, 0, 0),
    )


def nested_scores(scores: Scores) -> Scores:
    """Return the same scores as those of a corpus whose entities nest."""
    strict = StrictScores(scores.labels, scores.micro_with_ungrounded)
    return Scores(scores.sentences, scores.tokens, None, strict, None, scores.alignment)


def analysis(f1: Interval = _ANY, tags: TagTable | None = None) -> Analysis:
    """Return an analysis without errors."""
    ratios = RatioIntervals(f1, f1, f1)
    return Analysis(
        ErrorCounts({}), Confusion(("O",), ((0,),)), tags, {}, None, Intervals(0.95, 1000, 42, {"micro": ratios})
    )


def scored_run(*, f1: Interval = _ANY, **changes: Any) -> ScoredRun:
    """Return a scored run of the demo corpus."""
    known: dict[str, Any] = {
        "corpus": "demo", "split": "testb", "predictions": "a/free/predictions.jsonl", "decoding": "free", "format": "bracketed",
        "label_origins": {}, "limit": None, "recipe": None, "adapter": None, "model": None, "shots": None, "min_confidence": None,
        "below_min_confidence": 0, "scores": flat_scores({"LOC": Counts(3, 4, 6)}), "calibration": None, "uncertainty": None,
        "baselines": None, "analysis": analysis(f1), "llms4ner": None,
        "provenance": Provenance({}, None, None, Hashes(None, "0", None)), "references": References(),
    }  # fmt: skip
    return ScoredRun(**known | changes)
