"""The sentence that says why nearly all outputs of a run fail, with what may help."""

from __future__ import annotations

from ...reading import LENIENT, PUBLISHED
from .run import ScoredRun

_MOST = 0.9
"""Share of the outputs from which a reason is one for nearly all of them."""
_REMEDIES = {
    "unended-thought": "begin a block of thinking that does not end: raise --max-new-tokens, or turn the model's thinking off",
    "empty": "are empty, as far as they are read: check the chat template; if they were decoded up to their first newline, predict "
    "again with --restart",
    "unreadable": "hold no JSON of the shape that was asked for: check --format, or train the model",
    "unknown-label": "have entities with a label outside the label set: check the prompt's labels, and --variant",
    "unrelated": "have too little in common with their sentences: check that these are predictions of this split, in its order, "
    "and the chat template",
}
"""What is said of reasons that fail outputs, the most telling first."""


def describe_failing(run: ScoredRun) -> str:
    """Return one sentence on the reason that nearly all outputs of a run fail for, with a remedy; an empty text if they do not.

    A label outside the label set fails no output; it is named if nearly all outputs have one and no entity is left.
    """
    alignment = run.scores.alignment
    outputs = run.scores.sentences.without_docstart
    lost = alignment.failed if run.scores.micro.predicted else outputs
    if not outputs or lost < _MOST * outputs:
        return ""
    for reason, words in _REMEDIES.items():
        count = alignment.reasons.get(reason, 0)
        if count >= _MOST * outputs:
            more = ""
            if run.reading == PUBLISHED and run.other_reading and run.other_reading.micro.f1 > run.scores.micro.f1:
                more = f"; --reading {LENIENT} reads them"
            return f"{'all' if count >= outputs else f'{count:,} of'} {outputs:,} outputs {words}{more}"
    return ""
