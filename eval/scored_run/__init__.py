"""The one typed document: a scored run as `scores.json` holds it, and the sentences behind its counts."""

from .differences import (
    ERRORS,
    KINDS,
    Analysis,
    Confusion,
    ErrorCounts,
    ExaminedSentence,
    Groups,
    Interval,
    Intervals,
    Kind,
    KindCounts,
    Pair,
    RatioIntervals,
    TagAverages,
    TagRatios,
    TagTable,
    count_kinds,
    tag_accuracy,
)
from .files import (
    SCORES_FILE,
    SCORES_PATTERN,
    SENTENCES_FILE,
    load_evaluation,
    load_run,
    save_evaluation,
    scores_path,
    sentence_line,
    sibling,
)
from .run import (
    MICRO,
    SCHEMA,
    AdapterSource,
    Baselines,
    Evaluation,
    Hashes,
    Llms4nerScores,
    OtherReferences,
    OursAndTheirs,
    Provenance,
    Reference,
    ReferenceRow,
    References,
    ScoredRun,
    ShownExamples,
)
from .scores import (
    SCENARIOS,
    AlignmentSummary,
    Nervaluate,
    ScenarioCounts,
    Scenarios,
    Scores,
    SeqevalScores,
    Size,
    StrictScores,
)
from .trust import BINS, Bin, Calibration, Quarter, Threshold, UncertaintySummary

__all__ = [
    "BINS", "ERRORS", "KINDS", "MICRO", "SCENARIOS", "SCHEMA", "SCORES_FILE", "SCORES_PATTERN", "SENTENCES_FILE", "AdapterSource",
    "AlignmentSummary", "Analysis", "Baselines", "Bin", "Calibration", "Confusion", "ErrorCounts", "Evaluation",
    "ExaminedSentence", "Groups", "Hashes", "Interval", "Intervals", "Kind", "KindCounts", "Llms4nerScores", "Nervaluate",
    "OtherReferences", "OursAndTheirs", "Pair", "Provenance", "Quarter", "RatioIntervals", "Reference", "ReferenceRow",
    "References", "ScenarioCounts", "Scenarios", "ScoredRun", "Scores", "SeqevalScores", "ShownExamples", "Size", "StrictScores",
    "TagAverages", "TagRatios", "TagTable", "Threshold", "UncertaintySummary", "count_kinds", "load_evaluation",
    "load_run", "save_evaluation", "scores_path", "sentence_line", "sibling", "tag_accuracy",
]  # fmt: skip
