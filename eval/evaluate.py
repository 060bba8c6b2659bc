"""Score a predictions file against a corpus, and write `scores.json` beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..alignment import Alignment
from ..data_converters.cards import Card
from ..data_converters.corpus import read_corpus
from ..data_converters.readers import SplitData
from ..errors import LmnError
from ..files import write_json
from ..formats import DEFAULT_FORMAT, get_format
from ..prompting.spec import PromptSpec
from ..records import Uncertainty
from ..sentence import Sentence
from ..systems.counting import run_baselines
from ..tags import Repair
from ..training.recipe import Recipe
from .analysis import SENTENCES_FILE, analyse
from .analysis.document import Examined, examined, write_examined
from .analysis.groups import Known
from .published.comparison import compare
from .scoring.calibration import Calibration, UncertaintySummary
from .scoring.counts import Counts, Scores, score, strict_counts
from .scoring.llms4ner import count_published
from .scoring.predictions import Predictions, read_predictions
from .scoring.provenance import run_stamp, stamp

SCORES_FILE = "scores.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Gold:
    """The gold side of an evaluation.

    Attributes:
        card: of the corpus.
        split: its name.
        origin: the corpus file, or the split of a data set.
        sentences: all of them, in order; or the first `limit`.
        limit: None for the whole split.
    """

    card: Card
    split: str
    origin: SplitData
    sentences: list[Sentence]
    limit: int | None = None

    def first(self, limit: int | None) -> Gold:
        """Return the first so many sentences; None for all."""
        return self if limit is None else replace(self, sentences=self.sentences[:limit], limit=limit)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out of an evaluation.

    Attributes:
        scores: all of them.
        document: what `scores.json` holds.
        sentences: each with its pairs of entities, for `sentences.jsonl`.
    """

    scores: Scores
    document: dict[str, Any]
    sentences: list[Examined]


def read_gold(card: Card, split: str, source: Path | None = None, repair: Repair | None = None) -> Gold:
    """Read a split from its corpus file; gold comes from nowhere else.

    Raises:
        LmnError: as `read_corpus`; or the split is empty.
    """
    sentences = list(read_corpus(card, split, source, repair=repair, progress=True))
    origin = card.data_of(split, source)
    if not sentences:
        raise LmnError(f"{origin}: no sentences for split {split}")
    return Gold(card, split, origin, sentences)


def evaluate(
    gold: Gold,
    predictions: Path,
    *,
    spec: PromptSpec | None = None,
    recipe: Recipe | None = None,
    min_confidence: float | None = None,
    train: Gold | None = None,
    baselines: bool = False,
    scorer: str | None = None,
) -> Evaluation:
    """Align predictions with the gold and score them.

    Args:
        gold: of the corpus.
        predictions: records of lmn-predict, or lines with `output` or `predict`.
        spec: the prompt they answer to; by default bracketed, with the card's labels. Whether entities may nest is the
            corpus's to say: of nested ones predicted for a flat corpus the outer stays.
        recipe: that they were made with, for the stamp.
        min_confidence: predicted entities with a smaller one are dropped before scoring; None keeps all.
        train: the training split of the same corpus, for what is known of the gold's mentions; None where it is not there.
        baselines: score what counting in `train` gives.
        scorer: `llms4ner` counts as that evaluator does too; None leaves it out.

    Raises:
        LmnError: the predictions are damaged or not of this split, or have no confidences where a smallest one is set; or the
            prompt has other labels than the corpus.
    """
    _check_labels(gold.card, spec)
    labels = spec.labels if spec else gold.card.labels
    fmt = get_format(spec.format if spec else DEFAULT_FORMAT, nested=gold.card.nested)
    read = read_predictions(predictions, gold.sentences)
    alignments = [fmt.parse(row.output, sentence.tokens, labels) for row, sentence in zip(read.rows, gold.sentences)]
    kept = alignments if min_confidence is None else _confident(alignments, read, min_confidence)
    scores = score(gold.sentences, kept, nested=gold.card.nested)
    run = run_stamp(predictions)
    known = Known.of(train.split, train.sentences) if train else None
    outputs = [row.output for row in read.rows]
    confidences = read.confidences_of(alignments)
    others: dict[str, list[Counts]] = {}
    published = None
    if scorer:
        counted = count_published(gold.sentences, outputs, fmt.name, labels, nested=gold.card.nested)
        published, others["llms4ner"] = counted.to_dict(), counted.sentences
    baseline_counts = _count_baselines(train, gold) if train and baselines else {}
    others |= {f"baseline: {name}": counts for name, counts in baseline_counts.items()}
    analysis = analyse(gold.sentences, kept, labels.names, nested=gold.card.nested, known=known, others=others)
    document = {
        "schema": SCHEMA,
        "corpus": gold.card.name,
        "split": gold.split,
        "predictions": str(predictions),
        "decoding": read.decoding,
        "format": fmt.name,
        "label_origins": dict(gold.card.labels.origins),
        "limit": gold.limit,
        "recipe": str(recipe.path) if recipe and not recipe.adapter else None,
        "adapter": run.get("adapter"),
        "model": recipe.model if recipe else None,
        "shots": run.get("shots"),
        "min_confidence": min_confidence,
        "below_min_confidence": _number_of_spans(alignments) - _number_of_spans(kept),
        **scores.to_dict(),
        **_trust(gold.sentences, read, alignments, confidences),
        "baselines": _baselines(train, baseline_counts) if train and baselines else None,
        "analysis": analysis.to_dict(),
        "llms4ner": published,
        **stamp(gold.origin, predictions, recipe),
    }
    document["references"] = compare(document, recipe.model if recipe else run.get("model"), spec)
    by_span = None if confidences is None else [row.confidences or {} for row in read.rows]
    return Evaluation(scores, document, list(examined(gold.sentences, outputs, kept, analysis, by_span)))


def _confident(alignments: list[Alignment], read: Predictions, least: float) -> list[Alignment]:
    """Leave out spans with a confidence below `least`."""
    if not 0 <= least <= 1:
        raise LmnError(f"--min-confidence {least}: a probability is a number from 0 to 1")
    return [
        replace(alignment, spans=tuple(span for span, value in zip(alignment.spans, values) if value >= least))
        for alignment, values in zip(alignments, read.needed_confidences_of(alignments))
    ]


def _number_of_spans(alignments: list[Alignment]) -> int:
    return sum(len(alignment.spans) for alignment in alignments)


def _trust(
    sentences: list[Sentence], read: Predictions, alignments: list[Alignment], confidences: list[tuple[float, ...]] | None
) -> dict[str, Any]:  # fmt: skip
    """Return what `scores.json` says of confidences and uncertainty, each null where there is none."""
    judged: list[tuple[float, bool]] = []
    unsure: list[tuple[Uncertainty, bool]] = []
    for sentence, row, alignment, values in zip(sentences, read.rows, alignments, confidences or [()] * len(sentences)):
        gold = set(sentence.spans)
        judged += [(value, span in gold) for span, value in zip(alignment.spans, values)]
        if row.uncertainty:
            unsure.append((row.uncertainty, gold != set(alignment.spans)))
    total = sum(len(sentence.spans) for sentence in sentences)
    return {
        "calibration": Calibration.of(judged, total).to_dict() if judged else None,
        "uncertainty": UncertaintySummary.of(unsure).to_dict() if unsure else None,
    }


def _count_baselines(train: Gold, gold: Gold) -> dict[str, list[Counts]]:
    """Return the counts of each sentence by baseline."""
    return {
        name: [strict_counts(sentence.spans, alignment.spans) for sentence, alignment in zip(gold.sentences, found)]
        for name, found in run_baselines(train.sentences, gold.sentences).items()
    }


def _baselines(train: Gold, counted: dict[str, list[Counts]]) -> dict[str, Any]:
    """Return what `scores.json` says of the baselines."""
    micro = {name: sum(counts, Counts()).to_dict() for name, counts in counted.items()}
    return {"split": train.split, "sha256": train.origin.sha256(), "micro": micro}


def asked_labels(card: Card, spec: PromptSpec | None) -> Card:
    """Return a card that reads the gold with the labels that a model was asked for.

    Where the prompt is of a corpus with the same labels as the card's, what was kept, dropped, merged or renamed for the prompt is for
    the gold too.

    Raises:
        LmnError: the model was asked for labels that the gold cannot have.
    """
    if spec and set(spec.labels.corpus_names) == set(card.labels.corpus_names):
        return card.with_labels(spec.labels)
    _check_labels(card, spec)
    return card


def _check_labels(card: Card, spec: PromptSpec | None) -> None:
    if spec and set(spec.labels.names) != set(card.labels.names):
        raise LmnError(
            f"the model was asked for {', '.join(spec.labels.names)}, but corpus {card.name} has {', '.join(card.labels.names)}: "
            "scores would mean nothing; take a corpus with the same labels"
        )


def write_scores(evaluation: Evaluation, folder: Path) -> Path:
    """Write `scores.json` into a folder, atomically, and `sentences.jsonl` beside it.

    Where entities below a confidence P were dropped, they are `scores.minP.json` and `sentences.minP.jsonl`.
    """
    least = evaluation.document["min_confidence"]
    mark = "" if least is None else f".min{least}"
    write_examined(evaluation.sentences, folder / f"{Path(SENTENCES_FILE).stem}{mark}.jsonl")
    path = folder / f"{Path(SCORES_FILE).stem}{mark}.json"
    write_json(path, evaluation.document)
    return path
