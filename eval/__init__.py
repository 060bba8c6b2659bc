"""From predictions to scores: seqeval and nervaluate over aligned spans, reports, and the stamps that make a number traceable."""

from .evaluate import evaluate, read_gold
from .scoring.counts import AlignmentSummary, Counts, ScenarioCounts, Scores, score

__all__ = ["AlignmentSummary", "Counts", "ScenarioCounts", "Scores", "evaluate", "read_gold", "score"]
