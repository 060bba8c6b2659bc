"""A scored run: what was scored, with what, and every score."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ...counts import Counts
from ...reading import PUBLISHED, Reading
from ...systems.system import NamedModel
from ...tags import Repair
from ...typed_json import Count, Share
from .analysis import MICRO, Analysis, ExaminedSentence
from .scores import MICRO_ROW, Scores
from .trust import Calibration, UncertaintySummary

SCHEMA = 2
_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class ShownExamples:
    """Examples that a model without training was shown before each sentence.

    Attributes:
        number: Number of examples.
        rule: Rule that chose them; None without examples.
        seed: Seed of the draw; None if nothing was drawn.
        dataset: Data set that they come from; None without examples.
        ids: Sentence ids of the examples if all sentences had the same ones, otherwise None.
        sha256: Hash of the examples as shown; None without examples.
    """

    number: Count
    rule: str | None
    seed: int | None
    dataset: str | None
    ids: tuple[str, ...] | None
    sha256: str | None

    def __str__(self) -> str:
        if not self.number:
            return "0, without training"
        drawn = f", seed {self.seed}" if self.seed is not None else ""
        ids = self.ids or ()
        more = f" and {len(ids) - 3:,} more" if len(ids) > 3 else ""
        shown = f": {', '.join(ids[:3])}{more}" if ids else ""
        return f"{self.number:,}, without training; {self.rule}{drawn}, of {self.dataset}{shown}"


@dataclass(frozen=True, slots=True)
class Baselines:
    """Scores of baselines that count in a training split.

    Attributes:
        split: Split that was counted in.
        sha256: Hash of its file.
        micro: Strict counts over all labels, by baseline.
    """

    split: str
    sha256: str
    micro: dict[str, Counts]


@dataclass(frozen=True, slots=True)
class Llms4nerScores:
    """Counts as the evaluator of Zhan et al. 2026 gives them.

    Attributes:
        forgiven: Number of sentences whose entities were compared without their positions.
        labels: Counts by label, sorted.
    """

    forgiven: Count
    labels: dict[str, Counts]

    @property
    def micro(self) -> Counts:
        """Counts over all labels."""
        return sum(self.labels.values(), Counts())


@dataclass(frozen=True, slots=True)
class Hashes:
    """SHA-256 of what was scored; None for what is not known.

    Attributes:
        corpus: Hash of the corpus file, or of what was read of a data set.
        predictions: Hash of the predictions file.
        adapter: Hash of the adapter's weights.
    """

    corpus: str | None
    predictions: str
    adapter: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Versions, commit, seed and hashes behind the scores.

    Attributes:
        versions: Versions of Python and packages by name; None for a package that was not installed.
        commit: Commit that was checked out in the working directory, or None.
        seed: Seed of the training, or None.
        sha256: Hashes of what was scored.
    """

    versions: dict[str, str | None]
    commit: str | None
    seed: int | None
    sha256: Hashes


@dataclass(frozen=True, slots=True)
class OursAndTheirs:
    """One ratio of ours and of a published row.

    Attributes:
        ours: Our ratio; None if we have none.
        theirs: Published ratio; None if it was not published.
        difference: Ours minus theirs, with the digits that were published; None if one of them is missing.
    """

    ours: float | None
    theirs: float | None
    difference: float | None


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """One line of a published table, and our ratios.

    Attributes:
        kind: `strict` (spans with labels), `scenario` (of nervaluate) or `bio_tag`.
        name: A label or `micro`, a scenario, or a tag.
        digits: Number of decimals that were published.
        precision: Precision of both.
        recall: Recall of both.
        f1: F1 of both.

    Raises:
        ValueError: There are more decimals than a number has.
    """

    kind: str
    name: str
    digits: Count
    precision: OursAndTheirs
    recall: OursAndTheirs
    f1: OursAndTheirs

    def __post_init__(self) -> None:
        if self.digits > _MOST_DIGITS:
            raise ValueError(f"{self.digits:,} decimals, and no ratio is published with more than {_MOST_DIGITS}")

    @property
    def title(self) -> str:
        """Name of the row in a table."""
        if self.kind == "strict":
            return MICRO_ROW if self.name == MICRO else self.name
        return f"nervaluate {self.name}" if self.kind == "scenario" else self.name


@dataclass(frozen=True, slots=True)
class Reference:
    """A published result, next to ours.

    Attributes:
        title: Source, system, model and format.
        source: Name of the source in tables.
        rows: Lines of the published table.
        differing: Conditions that differ, or may differ, in words.
        conditions: Conditions that the source states, in words.
    """

    title: str
    source: str
    rows: tuple[ReferenceRow, ...]
    differing: tuple[str, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherReferences:
    """Published results on the same split, of other models than ours.

    Attributes:
        results: Number of results.
        lowest_f1: Lowest of their micro averages.
        highest_f1: Highest of their micro averages.
    """

    results: Count
    lowest_f1: Share
    highest_f1: Share


@dataclass(frozen=True, slots=True)
class References:
    """Published results of the same corpus.

    Attributes:
        model: Base model whose results were looked for; None if it is not known.
        compared: Results of that model.
        others: Results of other models; None without such results.
        part: Whether our scores cover only a part of the split, so that nothing is compared.
    """

    model: str | None = None
    compared: tuple[Reference, ...] = ()
    others: OtherReferences | None = None
    part: bool = False


@dataclass(frozen=True, slots=True)
class OtherReading:
    """Scores of the same outputs in the reading that the run was not scored in.

    Attributes:
        reading: The other reading.
        sentences: Number of sentences on which it finds other entities.
        micro: Strict counts over all labels.
    """

    reading: Reading
    sentences: Count
    micro: Counts


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """A run with its scores: what `scores.json` holds.

    Attributes:
        corpus: Name of the corpus card.
        split: Split that was scored.
        predictions: Path of the predictions file.
        decoding: `constrained`, `free`, `unknown` for files of other tools, `none` for spans without a text; two joined by `+` where a
            file mixes them.
        format: Output format; `spans` if no prediction has a text.
        label_origins: For each label of the corpus files, the label that it counts as, None for O; empty if no label is changed.
        limit: Number of sentences that `--limit` kept; None for the whole split.
        recipe: Path of the recipe, or None.
        adapter: Adapter that was used without its recipe, or None.
        model: Base model, or None if it is not known.
        shots: Examples in the prompt of a model without training; None for a trained model and for files of other tools.
        min_confidence: Minimum confidence of the entities that were scored; None for all.
        below_min_confidence: Number of predicted entities below it, which were dropped.
        scores: Counts, from which the ratios are derived.
        calibration: Calibration of all predicted entities, the dropped ones included; None without confidences or entities.
        uncertainty: Uncertainty of the sentences; None if no sentence has one.
        baselines: Scores of the counting baselines; None if they were not asked for.
        analysis: Analysis of the differences between predictions and gold.
        llms4ner: Counts by that published evaluator; None if they were not asked for.
        provenance: Versions, commit, seed and hashes behind the scores.
        references: Published results next to ours, which is in the published reading where the two differ.
        repair: Policy for invalid tags with which the gold was read; None if it is not known, as in files of earlier versions.
        repairs: Number of repairs in the gold of the whole split, by kind of problem.
        in_pieces: Number of sentences that were read in pieces, because they were too long to be read at once.
        reading: Reading of the outputs: `lenient` or `published`, which is that of files of earlier versions.
        other_reading: Scores in the other reading; None if it finds the same entities.
        dtype: Data type that the model computed in, by torch's name; None if the predictions do not say.
        path: File that it was read from or written to; None for a run that is not on disk.
    """

    corpus: str
    split: str
    predictions: str
    decoding: str
    format: str
    label_origins: dict[str, str | None]
    limit: Count | None
    recipe: str | None
    adapter: NamedModel | None
    model: str | None
    shots: ShownExamples | None
    min_confidence: Share | None
    below_min_confidence: Count
    scores: Scores
    calibration: Calibration | None
    uncertainty: UncertaintySummary | None
    baselines: Baselines | None
    analysis: Analysis
    llms4ner: Llms4nerScores | None
    provenance: Provenance
    references: References
    repair: Repair | None = None
    repairs: dict[str, Count] = field(default_factory=dict)
    in_pieces: Count = 0
    reading: Reading = PUBLISHED
    other_reading: OtherReading | None = None
    dtype: str | None = None
    path: Path | None = field(default=None, compare=False)

    @property
    def schema(self) -> int:
        """Number of the layout of `scores.json`."""
        return SCHEMA

    @property
    def name(self) -> str:
        """Name of the run: that of the folder which holds its scores, or else its predictions."""
        return (self.path or Path(self.predictions)).parent.name

    def _repr_html_(self) -> str:
        """Return the tables that a notebook shows."""
        return self.scores._repr_html_()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A scored run, and the sentences behind its counts.

    Attributes:
        run: Contents of `scores.json`.
        sentences: Contents of `sentences.jsonl`, in the order of the corpus.
    """

    run: ScoredRun
    sentences: tuple[ExaminedSentence, ...]

    @property
    def scores(self) -> Scores:
        """Scores of the run."""
        return self.run.scores

    def _repr_html_(self) -> str:
        """Return the tables that a notebook shows."""
        return self.scores._repr_html_()
