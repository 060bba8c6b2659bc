"""From predictions to scores: seqeval and nervaluate over aligned spans, reports, and the stamps that make a number traceable."""

from ..counts import Counts
from .evaluate import evaluate, read_gold
from .scored_run.files import load_evaluation, load_run
from .scored_run.run import Evaluation, ScoredRun
from .scored_run.scores import AlignmentSummary, ScenarioCounts, Scores
from .scoring.counts import score

__all__ = [
    "AlignmentSummary", "Counts", "Evaluation", "ScenarioCounts", "ScoredRun", "Scores", "evaluate", "load_evaluation", "load_run",
    "read_gold", "score",
]  # fmt: skip
