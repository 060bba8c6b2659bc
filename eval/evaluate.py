"""Score a predictions file against a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..counts import Counts
from ..data_converters.cards import Card
from ..data_converters.corpus import read_corpus
from ..data_converters.problems import NOTES, ProblemLog
from ..data_converters.readers import SplitData
from ..errors import LmnError
from ..formats import DEFAULT_FORMAT, get_format
from ..labels import LabelSet
from ..prompting.spec import PromptSpec
from ..reading import LENIENT, PUBLISHED, READINGS, Reading, answer_text
from ..sentence import Join, Sentence
from ..systems.system import Facts
from ..tags import Repair
from ..terminal import echo
from .analysis import analyse, examine, pair_up
from .analysis.groups import Known
from .analysis.separation import separate
from .published.side_by_side import find_references
from .scored_run.analysis import Analysis
from .scored_run.run import Baselines, Evaluation, Llms4nerScores, OtherReading, References, ScoredRun
from .scoring.aligned import AlignedPredictions, align_predictions, aligning, judge, judged_entities
from .scoring.baselines import count_baselines
from .scoring.counts import score
from .scoring.llms4ner import count_llms4ner
from .scoring.predictions import read_predictions
from .scoring.provenance import noted_dtype, noted_system, provenance_of


@dataclass(frozen=True, slots=True)
class Gold:
    """The gold side of an evaluation.

    Attributes:
        card: Card of the corpus.
        split: Name of the split.
        origin: Corpus file, or split of a data set.
        sentences: All sentences, in order; or the first `limit`.
        limit: Number of sentences that are scored; None for the whole split.
        repair: Policy with which the tags were read; None if it is not known.
        repairs: Number of repairs in the whole split, by kind of problem.
    """

    card: Card
    split: str
    origin: SplitData
    sentences: list[Sentence]
    limit: int | None = None
    repair: Repair | None = None
    repairs: Mapping[str, int] = field(default_factory=dict)

    def first(self, limit: int | None) -> Gold:
        """Return only the first `limit` sentences; None for all."""
        return self if limit is None else replace(self, sentences=self.sentences[:limit], limit=limit)


def read_gold(card: Card, split: str, source: Path | None = None, repair: Repair | None = None) -> Gold:
    """Read a split from its corpus file; gold comes from nowhere else. What is repaired is said on standard error.

    Args:
        card: Card of the corpus.
        split: Name of the split.
        source: Folder of the corpus files; None for the default.
        repair: Treatment of tags that their scheme does not allow; None for the card's.

    Raises:
        LmnError: `read_corpus` fails, or the split is empty.
    """
    log = ProblemLog()
    sentences = list(read_corpus(card, split, source, repair=repair, log=log, progress=True))
    origin = card.data_of(split, source)
    if not sentences:
        raise LmnError(f"no sentences for split {split}", origin)
    for kind in NOTES:
        log.counts.pop(kind, None)
    for line in log.warnings(f"{card.name} {split}"):
        echo(line, err=True)
    return Gold(card, split, origin, sentences, repair=repair or card.repair, repairs=dict(log.counts))


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
    reading: Reading = LENIENT,
) -> Evaluation:
    """Align predictions with the gold and score them.

    Args:
        gold: Gold of a split.
        predictions: Records of lmn-predict, which may be spans without a text, or lines with `output` or `predict`.
        spec: Prompt that the predictions answer to; by default bracketed, with the card's labels. Whether entities may nest is
            for the corpus to say: if nested entities are predicted for a flat corpus, the outer one is kept.
        facts: Origin of the predictions, as far as it is known.
        min_confidence: Minimum confidence of the entities that are scored; None scores all.
        train: Training split, for baselines and the seen/unseen analysis; None if it is missing.
        baselines: Whether to score the baselines that count in `train`.
        scorer: `llms4ner` to count as that evaluator does, too; None leaves it out.
        reading: Reading of the outputs. Published results are compared with the published reading, whatever is asked for.

    Raises:
        LmnError: The predictions are damaged or of another split, or have no confidences although a minimum is set; or the
            prompt has other labels than the corpus.
    """
    _check_labels(gold.card, spec.labels if spec else None)
    sentences = gold.sentences
    nested = gold.card.nested
    join = spec.join if spec else gold.card.join
    fmt = get_format(spec.format if spec else DEFAULT_FORMAT, nested=nested, join=join)
    labels = spec.labels if spec else gold.card.labels
    read = read_predictions(predictions, sentences, aligning(fmt, labels, reading, whole=scorer is not None))
    found = align_predictions(read, sentences, fmt, labels, min_confidence)
    counted = count_baselines(train.sentences, sentences) if train and baselines else {}
    others = {f"baseline: {name}": counts for name, counts in counted.items()}
    llms4ner = None
    if scorer:
        texts = found.texts()
        if reading == LENIENT:
            texts = [answer_text(fmt, text, one.tokens, labels) for text, one in zip(texts, sentences)]
        llms4ner, of_sentences = count_llms4ner(sentences, texts, found.format, found.labels, nested=nested, join=join)
        others = {"llms4ner": of_sentences, **others}
    known = Known.of(train.split, train.sentences) if train else None
    pairs = [pair_up(sentence.spans, alignment.spans) for sentence, alignment in zip(sentences, found.kept)]
    analysis = analyse(sentences, found.kept, pairs, found.labels.names, nested=nested, known=known, others=others)
    examined = examine(sentences, found.outputs, found.kept, pairs, known, found.span_confidences)
    micro = {name: sum(counts, Counts()) for name, counts in counted.items()}
    baseline_scores = Baselines(train.split, train.origin.sha256(), micro) if train and baselines else None
    run, model = _scored_run(gold, found, facts or Facts(), analysis, baseline_scores, llms4ner)
    run = replace(run, reading=reading, other_reading=_other_reading(gold, found, run, reading))
    compared = _as_published(gold, found, run, join) if run.other_reading and reading != PUBLISHED else run
    run = replace(run, references=find_references(compared, run.model or model, spec))
    return Evaluation(run, tuple(examined))


def _other_reading(gold: Gold, found: AlignedPredictions, run: ScoredRun, reading: Reading) -> OtherReading | None:
    """Score the reading that was not asked for; return None if it finds the same entities."""
    if found.others is None:
        return None
    differing = sum(row.other is not None for row in found.rows)
    (other,) = (name for name in READINGS if name != reading)
    return OtherReading(other, differing, score(gold.sentences, found.others, nested=gold.card.nested).micro)


def _as_published(gold: Gold, found: AlignedPredictions, run: ScoredRun, join: Join) -> ScoredRun:
    """Return a run with the scores of the published reading, which published results are compared with.

    Tokens of the gold are joined as the prompt does it.
    """
    others = found.others or found.kept
    sentences, nested = gold.sentences, gold.card.nested
    pairs = [pair_up(sentence.spans, alignment.spans) for sentence, alignment in zip(sentences, others)]
    analysis = analyse(sentences, others, pairs, found.labels.names, nested=nested)
    scores = score(sentences, others, nested=nested)
    llms4ner = run.llms4ner
    if llms4ner:
        llms4ner, _ = count_llms4ner(sentences, found.texts(), found.format, found.labels, nested=nested, join=join)
    return replace(run, scores=scores, analysis=analysis, llms4ner=llms4ner, reading=PUBLISHED)


def _scored_run(
    gold: Gold, found: AlignedPredictions, facts: Facts, analysis: Analysis, baselines: Baselines | None,
    llms4ner: Llms4nerScores | None,
) -> tuple[ScoredRun, str | None]:  # fmt: skip
    """Put the scores together with what was scored; the published results are still missing.

    Returns:
        The run, and the base model that its notes name; None if they name none.
    """
    calibration, uncertainty = judge(found, gold.sentences)
    if calibration:
        calibration = replace(calibration, separation=separate(judged_entities(found, gold.sentences)))
    adapter, shots, model = noted_system(found.path)
    run = ScoredRun(
        corpus=gold.card.name,
        split=gold.split,
        predictions=str(found.path),
        decoding=found.decoding,
        format=found.format,
        label_origins=dict(gold.card.labels.origins),
        limit=gold.limit,
        recipe=str(facts.recipe) if facts.recipe else None,
        adapter=adapter,
        model=facts.model,
        shots=shots,
        min_confidence=found.least,
        below_min_confidence=found.dropped,
        in_pieces=found.in_pieces,
        scores=score(gold.sentences, found.kept, nested=gold.card.nested),
        calibration=calibration,
        uncertainty=uncertainty,
        baselines=baselines,
        analysis=analysis,
        llms4ner=llms4ner,
        provenance=provenance_of(gold.origin, found.path, facts),
        references=References(),
        repair=gold.repair,
        repairs=dict(gold.repairs),
        dtype=noted_dtype(found.path),
    )
    return run, model


def asked_labels(card: Card, labels: LabelSet | None) -> Card:
    """Return a card that reads the gold with the labels that a model answers with.

    If these were made of the card's labels, the gold's labels are kept, dropped, merged and renamed as they were for the model.

    Args:
        card: Card of the corpus.
        labels: Labels that the model was asked for, or has learned; None if they are not known.

    Raises:
        LmnError: The model answers with labels that the gold cannot have.
    """
    if labels and set(labels.corpus_names) == set(card.labels.corpus_names):
        return card.with_labels(labels)
    _check_labels(card, labels)
    return card


def _check_labels(card: Card, labels: LabelSet | None) -> None:
    if labels and set(labels.names) != set(card.labels.names):
        raise LmnError(
            f"the model was asked for {', '.join(labels.names)}, but corpus {card.name} has {', '.join(card.labels.names)}: "
            "scores would mean nothing",
            remedy="take a corpus with the same labels",
        )
