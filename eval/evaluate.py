"""Score a predictions file against a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ..alignment import Alignment
from ..counts import Counts
from ..data_converters.cards import Card
from ..data_converters.corpus import read_corpus
from ..data_converters.readers import SplitData
from ..errors import LmnError
from ..formats import DEFAULT_FORMAT, get_format
from ..labels import LabelSet
from ..prompting.spec import PromptSpec
from ..records import RUN_FILE, Uncertainty
from ..sentence import Sentence
from ..systems.counting import run_baselines
from ..systems.system import Facts
from ..tags import Repair
from ..typed_json import from_json
from .analysis import analyse, examine, pair_up
from .analysis.groups import Known
from .published.side_by_side import find_references
from .scored_run.differences import Analysis
from .scored_run.run import AdapterSource, Baselines, Evaluation, Llms4nerScores, References, ScoredRun, ShownExamples
from .scored_run.trust import Calibration, UncertaintySummary
from .scoring.calibration import calibrate, summarise_uncertainty
from .scoring.counts import score, strict_counts
from .scoring.llms4ner import count_llms4ner
from .scoring.predictions import SPANS, Predictions, read_predictions
from .scoring.provenance import run_stamp, stamp

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gold:
    """The gold side of an evaluation.

    Attributes:
        card: Card of the corpus.
        split: Name of the split.
        origin: Corpus file, or split of a data set.
        sentences: All sentences, in order; or the first `limit`.
        limit: Number of sentences that are scored; None for the whole split.
    """

    card: Card
    split: str
    origin: SplitData
    sentences: list[Sentence]
    limit: int | None = None

    def first(self, limit: int | None) -> Gold:
        """Return the first so many sentences; None for all."""
        return self if limit is None else replace(self, sentences=self.sentences[:limit], limit=limit)


def read_gold(card: Card, split: str, source: Path | None = None, repair: Repair | None = None) -> Gold:
    """Read a split from its corpus file; gold comes from nowhere else.

    Raises:
        LmnError: As `read_corpus`; or the split is empty.
    """
    sentences = list(read_corpus(card, split, source, repair=repair, progress=True))
    origin = card.data_of(split, source)
    if not sentences:
        raise LmnError(f"no sentences for split {split}", origin)
    return Gold(card, split, origin, sentences)


@dataclass(frozen=True, slots=True)
class _Answers:
    """Predictions read against the gold.

    Attributes:
        path: Predictions file.
        read: What it holds.
        format: Name of the output format; `spans` if no prediction has a text.
        labels: Labels that the model was asked for.
        aligned: Alignments of the outputs.
        kept: The same alignments without the spans below the smallest confidence.
        least: Smallest confidence of the spans that are scored; None where all are.
        stamp: What lmn-predict noted next to predictions of its own.
    """

    path: Path
    read: Predictions
    format: str
    labels: LabelSet
    aligned: list[Alignment]
    kept: list[Alignment]
    least: float | None
    stamp: Mapping[str, Any]

    @property
    def outputs(self) -> list[str]:
        """The outputs as they were generated; an empty text for a prediction that is spans."""
        return [row.output or "" for row in self.read.rows]

    @property
    def dropped(self) -> int:
        """Number of spans below the smallest confidence."""
        return sum(len(one.spans) - len(other.spans) for one, other in zip(self.aligned, self.kept))

    def noted(self, key: str, kind: type[T]) -> T | None:
        """Return a part of the stamp, or None where it is not there."""
        row = self.stamp.get(key)
        if row is None:
            return None
        return from_json(kind, row, self.path.parent / RUN_FILE, writer="lmn-predict", remedy="predict again")


def evaluate(
    gold: Gold,
    predictions: Path,
    *,
    spec: PromptSpec | None = None,
    facts: Facts | None = None,
    min_confidence: float | None = None,
    train: Gold | None = None,
    baselines: bool = False,
    scorer: str | None = None,
) -> Evaluation:
    """Align predictions with the gold and score them.

    Args:
        gold: Gold of a split.
        predictions: Records of lmn-predict, which may be spans without a text, or lines with `output` or `predict`.
        spec: Prompt that the predictions answer to; by default bracketed, with the card's labels. Whether entities may nest is
            for the corpus to say: of nested entities predicted for a flat corpus, the outer one stays.
        facts: Where the predictions come from, as far as it is known.
        min_confidence: Smallest confidence of the entities that are scored; None scores all.
        train: Training split, for baselines and the seen/unseen analysis; None where it is not there.
        baselines: Whether to score what counting in `train` gives.
        scorer: `llms4ner` to count as that evaluator does, too; None leaves it out.

    Raises:
        LmnError: The predictions are damaged or of another split, or have no confidences where a smallest one is set; or the
            prompt has other labels than the corpus.
    """
    facts = facts or Facts()
    _check_labels(gold.card, spec)
    sentences, nested = gold.sentences, gold.card.nested
    answers = _align(gold, predictions, spec, min_confidence)
    known = Known.of(train.split, train.sentences) if train else None
    counted = _count_baselines(train, gold) if train and baselines else {}
    others: dict[str, list[Counts]] = {}
    llms4ner: Llms4nerScores | None = None
    if scorer:
        llms4ner, others["llms4ner"] = count_llms4ner(
            sentences, answers.read.texts(), answers.format, answers.labels, nested=nested
        )
    others |= {f"baseline: {name}": counts for name, counts in counted.items()}
    pairs = [pair_up(sentence.spans, alignment.spans) for sentence, alignment in zip(sentences, answers.kept)]
    analysis = analyse(sentences, answers.kept, pairs, answers.labels.names, nested=nested, known=known, others=others)
    micro = {name: sum(counts, Counts()) for name, counts in counted.items()}
    scored = Baselines(train.split, train.origin.sha256(), micro) if train and baselines else None
    run = _scored_run(gold, answers, facts, analysis, scored, llms4ner)
    run = replace(run, references=find_references(run, run.model or answers.stamp.get("model"), spec))
    sure = answers.read.confidences_of(answers.aligned) is not None
    confidences = [row.confidences or {} for row in answers.read.rows] if sure else None
    return Evaluation(run, tuple(examine(sentences, answers.outputs, answers.kept, pairs, known, confidences)))


def _align(gold: Gold, predictions: Path, spec: PromptSpec | None, least: float | None) -> _Answers:
    labels = spec.labels if spec else gold.card.labels
    fmt = get_format(spec.format if spec else DEFAULT_FORMAT, nested=gold.card.nested)
    read = read_predictions(predictions, gold.sentences)
    aligned = [row.align(sentence, fmt, labels) for row, sentence in zip(read.rows, gold.sentences)]
    kept = aligned if least is None else _confident(aligned, read, least)
    return _Answers(
        predictions, read, SPANS if read.are_spans else fmt.name, labels, aligned, kept, least, run_stamp(predictions)
    )


def _confident(alignments: list[Alignment], read: Predictions, least: float) -> list[Alignment]:
    """Leave out spans with a confidence below `least`."""
    if not 0 <= least <= 1:
        raise LmnError("a probability is a number from 0 to 1", f"--min-confidence {least}")
    return [
        replace(alignment, spans=tuple(span for span, value in zip(alignment.spans, values) if value >= least))
        for alignment, values in zip(alignments, read.needed_confidences_of(alignments))
    ]


def _scored_run(
    gold: Gold, answers: _Answers, facts: Facts, analysis: Analysis, baselines: Baselines | None,
    llms4ner: Llms4nerScores | None,
) -> ScoredRun:  # fmt: skip
    """Put the scores together with what was scored; the published results are still missing."""
    calibration, uncertainty = _judge(gold.sentences, answers)
    return ScoredRun(
        corpus=gold.card.name,
        split=gold.split,
        predictions=str(answers.path),
        decoding=answers.read.decoding,
        format=answers.format,
        label_origins=dict(gold.card.labels.origins),
        limit=gold.limit,
        recipe=str(facts.recipe) if facts.recipe else None,
        adapter=answers.noted("adapter", AdapterSource),
        model=facts.model,
        shots=answers.noted("shots", ShownExamples),
        min_confidence=answers.least,
        below_min_confidence=answers.dropped,
        scores=score(gold.sentences, answers.kept, nested=gold.card.nested),
        calibration=calibration,
        uncertainty=uncertainty,
        baselines=baselines,
        analysis=analysis,
        llms4ner=llms4ner,
        provenance=stamp(gold.origin, answers.path, facts),
        references=References(),
    )


def _judge(sentences: list[Sentence], answers: _Answers) -> tuple[Calibration | None, UncertaintySummary | None]:
    """Compare confidences and uncertainties with what is right; each is None where the predictions have none."""
    confidences = answers.read.confidences_of(answers.aligned) or [()] * len(sentences)
    judged: list[tuple[float, bool]] = []
    unsure: list[tuple[Uncertainty, bool]] = []
    for sentence, row, alignment, values in zip(sentences, answers.read.rows, answers.aligned, confidences):
        gold = set(sentence.spans)
        judged += [(value, span in gold) for span, value in zip(alignment.spans, values)]
        if row.uncertainty:
            unsure.append((row.uncertainty, gold != set(alignment.spans)))
    total = sum(len(sentence.spans) for sentence in sentences)
    return calibrate(judged, total) if judged else None, summarise_uncertainty(unsure) if unsure else None


def _count_baselines(train: Gold, gold: Gold) -> dict[str, list[Counts]]:
    """Return the counts of each sentence by baseline."""
    return {
        name: [strict_counts(sentence.spans, alignment.spans) for sentence, alignment in zip(gold.sentences, found)]
        for name, found in run_baselines(train.sentences, gold.sentences).items()
    }


def asked_labels(card: Card, spec: PromptSpec | None) -> Card:
    """Return a card that reads the gold with the labels that a model was asked for.

    If the prompt is of a corpus with the same labels as the card's, the gold's labels are kept, dropped, merged and renamed as
    they were for the prompt.

    Raises:
        LmnError: The model was asked for labels that the gold cannot have.
    """
    if spec and set(spec.labels.corpus_names) == set(card.labels.corpus_names):
        return card.with_labels(spec.labels)
    _check_labels(card, spec)
    return card


def _check_labels(card: Card, spec: PromptSpec | None) -> None:
    if spec and set(spec.labels.names) != set(card.labels.names):
        raise LmnError(
            f"the model was asked for {', '.join(spec.labels.names)}, but corpus {card.name} has {', '.join(card.labels.names)}: "
            "scores would mean nothing",
            remedy="take a corpus with the same labels",
        )
