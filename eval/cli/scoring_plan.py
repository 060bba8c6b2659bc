"""The plan of a call of `lmn-eval`, resolved once from its options: answers, gold and outputs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ...data_converters.alpaca import PromptsOf, prompt_spec_of
from ...data_converters.cards import Card, load_card
from ...data_converters.label_change import LabelChange
from ...errors import LmnError, listed
from ...formats import DEFAULT_FORMAT
from ...labels import LabelSet, same_labels
from ...prediction.run import check_run, predict, run_folder
from ...prompting.spec import PromptSpec
from ...records import PREDICTIONS_FILE, RUN_FILE
from ...systems.adapter_choice import AdapterChoice
from ...systems.choosing import labels_of, recipe_system
from ...systems.confidences import check_confidences
from ...systems.finding import results_folder_of
from ...systems.options import SystemOptions
from ...systems.prompted import prompt_of
from ...systems.system import Facts, System
from ...tags import Repair
from ...terminal import echo
from ...training.recipe import Recipe, choose_recipe
from ..evaluate import Gold, asked_labels, read_gold
from ..publish.rescoring import PublishedRun, check_sentences, find_run
from ..scored_run.run import Evaluation
from ..scoring.provenance import noted_repair, run_stamp


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The options of the command, as they were given; each has the name and the meaning of its option.

    Attributes:
        split: Split to score.
        recipe_path: Recipe of the system; None for the only trained one, where one is needed.
        overrides: `key=value` words for the recipe.
        adapter: Adapter or merged model to score without its recipe; None for none.
        published: Whether to score the predictions that were published with the adapter.
        predictions: Predictions file to score; None to predict.
        corpus: Name or file of the card; None for the card of the recipe's training data.
        source: Folder of the corpus files; None for the default.
        repair: Policy for invalid tags in the gold; None for the one of the run, or of the recipe's data, or else of the card.
        change: Changes of the card's labels.
        format_name: Output format of predictions or an adapter that does not say; None for the default.
        variant: Wording of their instruction; None for the card's.
        options: Options of the system.
        limit: Number of sentences to score, the first of the split; None for all.
        restart: Whether to discard what an earlier run left.
        min_confidence: Smallest confidence of the entities that are scored; None scores all.
        scorer: Published evaluator to count as, too; None for none.
        baselines: Whether to score the baselines that count in the training split.
        train_split: Training split; None for the default.
        out: Folder for the scores; None for the folder of the predictions.
        html: Whether to write the report as a page.
        report: Form of the report: `table`, `json`, `markdown`, `csv` or `tsv`.
        details: Whether the table has all details.
        table: Only table of the report, for `csv` and `tsv`; None for all.
        conlleval: File to write for the script conlleval; None for none.
    """

    split: str
    recipe_path: Path | None
    overrides: tuple[str, ...]
    adapter: AdapterChoice | None
    published: bool
    predictions: Path | None
    corpus: str | None
    source: Path | None
    repair: Repair | None
    change: LabelChange
    format_name: str | None
    variant: str | None
    options: SystemOptions
    limit: int | None
    restart: bool
    min_confidence: float | None
    scorer: str | None
    baselines: bool
    train_split: str | None
    out: Path | None
    html: bool
    report: str
    details: bool
    table: str | None
    conlleval: Path | None


@dataclass(frozen=True, slots=True)
class GoldPlan:
    """The gold to read.

    Attributes:
        card: Card of the corpus, with the labels that the model was asked for.
        split: Split to score.
        source: Folder of the corpus files; None for the default.
        repair: Policy for invalid tags; None for the card's.
        limit: Number of sentences, the first of the split; None for all.
        train_split: Training split, for baselines and the seen/unseen analysis; None to leave these out.
        train_needed: Whether it is an error if the training split cannot be read.
    """

    card: Card
    split: str
    source: Path | None
    repair: Repair | None
    limit: int | None
    train_split: str | None
    train_needed: bool

    def read(self) -> Gold:
        """Read the gold of the split.

        Raises:
            LmnError: `read_gold` fails.
        """
        return read_gold(self.card, self.split, self.source, self.repair).first(self.limit)

    def read_train(self) -> Gold | None:
        """Read the training split; return None if it is missing and not needed.

        Raises:
            LmnError: The split is needed and cannot be read.
        """
        if self.train_split is None:
            return None
        if not self.train_needed and self.card.is_missing(self.train_split, self.source):
            return None
        try:
            return read_gold(self.card, self.train_split, self.source, self.repair)
        except LmnError as error:
            if self.train_needed:
                raise
            echo(f"the groups by known mentions are left out: {error}", err=True)
            return None


@dataclass(frozen=True, slots=True)
class FileAnswers:
    """Answers that lie in a file.

    Attributes:
        path: Predictions file.
        spec: Prompt that they answer to; None if it is not known.
        facts: Origin of the predictions, as far as a recipe names it.
        labels: Labels that the predictions have; None if they are not known.
    """

    path: Path
    spec: PromptSpec | None
    facts: Facts
    labels: LabelSet | None = None

    def predictions(self, gold: Gold) -> Path:
        """Return the predictions file."""
        return self.path

    def completed(self, evaluation: Evaluation) -> Evaluation:
        """Return the evaluation as it is."""
        return evaluation


@dataclass(frozen=True, slots=True)
class PublishedAnswers:
    """Answers that were published as spans.

    Attributes:
        run: Run of a publication.
    """

    run: PublishedRun

    @property
    def spec(self) -> PromptSpec | None:
        """Prompt that they answer to; None for a student."""
        return self.run.spec

    @property
    def labels(self) -> LabelSet:
        """Labels that they have."""
        return self.run.labels

    @property
    def facts(self) -> Facts:
        """Origin of the predictions, as it was published."""
        provenance = self.run.scores.provenance
        return Facts(self.run.scores.model, seed=provenance.seed, adapter_sha256=provenance.sha256.adapter)

    def predictions(self, gold: Gold) -> Path:
        """Return the predictions file, after comparing its sentences with the gold's.

        Raises:
            LmnError: `check_sentences` fails.
        """
        check_sentences(self.run.predictions, gold.sentences)
        return self.run.predictions

    def completed(self, evaluation: Evaluation) -> Evaluation:
        """Return the evaluation with what only the texts say, and say whether the scores are those that were published."""
        completed = self.run.completed(evaluation)
        if completed.run.min_confidence is None:
            same, differing = "the scores are those that were published", self.run.differences(completed.run)
            echo(f"the scores differ from those that were published: {differing}" if differing else same, err=True)
        return completed


@dataclass(frozen=True, slots=True)
class SystemAnswers:
    """Answers of a system, which are predicted unless they are there.

    Attributes:
        system: System that answers.
        restart: Whether to discard what an earlier run left.
    """

    system: System
    restart: bool

    @property
    def spec(self) -> PromptSpec | None:
        """Prompt that the system answers to; None for a system without one."""
        return prompt_of(self.system)

    @property
    def labels(self) -> LabelSet | None:
        """Labels that the system answers with; None if it does not say.

        Raises:
            LmnError: What says it is missing or damaged.
        """
        return labels_of(self.system)

    @property
    def facts(self) -> Facts:
        """Origin of the answers."""
        return self.system.facts

    def predictions(self, gold: Gold) -> Path:
        """Return the predictions of the gold's sentences, made now unless they are there.

        Raises:
            LmnError: `check_run` or `predict` fails.
        """
        folder = run_folder(self.system, gold.card.name, gold.split, limit=gold.limit)
        path = folder / PREDICTIONS_FILE
        if path.is_file() and not self.restart:
            check_run(folder, self.system, gold.sentences)
            echo(f"scoring what is there: {path}", err=True)
            return path
        return predict(self.system, gold.sentences, folder, restart=self.restart, repair=gold.repair)

    def completed(self, evaluation: Evaluation) -> Evaluation:
        """Return the evaluation as it is."""
        return evaluation


@dataclass(frozen=True, slots=True)
class ScoringPlan:
    """The plan of a call of `lmn-eval`.

    Attributes:
        answers: Answers to score.
        gold: Gold to score them against.
        options: Options of scores and outputs, as they were given.
    """

    answers: FileAnswers | SystemAnswers | PublishedAnswers
    gold: GoldPlan
    options: ScoreOptions


def resolve(options: ScoreOptions) -> ScoringPlan:
    """Turn options into a plan. No model is loaded, and no corpus file is opened.

    Raises:
        LmnError: A recipe, card, adapter or prompt cannot be found or read, or two of them say different things.
    """
    needed = not options.adapter and (options.predictions is None or options.corpus is None)
    named = options.recipe_path or options.overrides
    recipe = choose_recipe(options.recipe_path, options.overrides, options.split) if named or needed else None
    card = load_card(options.corpus or _train_card(recipe))
    answers = _answers(options, recipe, card)
    repair = _repair(options, recipe, card)
    if isinstance(answers, PublishedAnswers):
        repair = repair or answers.run.scores.repair
        options = replace(options, out=options.out or _rescored_folder(options.adapter, answers.run))
    card = _with_labels(card, answers.labels, options.change)
    wanted = options.baselines or options.train_split is not None
    train_split = _train_split(card, recipe, options)
    if isinstance(answers, PublishedAnswers) and not wanted:
        published = answers.run.scores.analysis.train_split  # known words were those of this split
        train_split = published if published in card.splits else None
    gold = GoldPlan(
        card, options.split, _source(recipe, card, options.source), repair, options.limit,
        train_split, wanted,
    )  # fmt: skip
    if isinstance(answers, SystemAnswers) and options.min_confidence is not None:
        check_confidences(answers.system)
    return ScoringPlan(answers, gold, options)


def _answers(
    options: ScoreOptions, recipe: Recipe | None, card: Card
) -> FileAnswers | SystemAnswers | PublishedAnswers:
    """Return what is scored."""
    if options.adapter and options.published:
        chosen = options.adapter
        return PublishedAnswers(
            find_run(chosen.name, chosen.revision, card.name, options.split, options.options.decoding)
        )
    if options.adapter:
        card.data_of(options.split, options.source)  # what is missing here is told before anything is downloaded
        prompts = PromptsOf(options.change.of(card))
        found = options.adapter.system(prompts, options.format_name, options.variant, options.options)
        return SystemAnswers(found, options.restart)
    system = recipe_system(recipe, options.options) if recipe else None
    if options.predictions:
        spec = _answered_spec(options.predictions, prompt_of(system) if system else None, options, card)
        labels = spec.labels if spec else labels_of(system) if system else None
        return FileAnswers(options.predictions, spec, system.facts if system else Facts(), labels)
    assert system is not None  # without predictions and an adapter, there is a recipe
    return SystemAnswers(system, options.restart)


def _rescored_folder(adapter: AdapterChoice | None, run: PublishedRun) -> Path:
    """Return the folder for scores of published predictions, which is not that of predictions made here."""
    assert adapter is not None  # the predictions are its
    results = results_folder_of(adapter.name, adapter.revision)
    return results.with_name(f"{results.name}@published") / run.folder.parent.name / run.folder.name


def _with_labels(card: Card, labels: LabelSet | None, change: LabelChange) -> Card:
    """Return the card with the labels that the model answers with; where they are not known, with those of the options.

    Raises:
        LmnError: Options and model say different things.
    """
    if labels is None:
        return change.of(card)
    if change and set(labels.corpus_names) != set(card.labels.corpus_names):
        return asked_labels(change.of(card), labels)  # another corpus: its labels are brought to those of the model
    asked = asked_labels(card, labels)
    if change and not same_labels(change.of(card).labels, asked.labels):
        raise LmnError(
            f"the model was asked for {', '.join(asked.labels.names)}, and is scored on that",
            remedy="leave out --keep, --drop, --merge and --rename, which are for predictions without a recipe and for other corpora",
        )
    return asked


def _answered_spec(
    predictions: Path, recipe_spec: PromptSpec | None, options: ScoreOptions, card: Card
) -> PromptSpec | None:
    """Return the prompt that predictions answer to: their run's, else the recipe's, else the one that the options describe.

    Raises:
        LmnError: Two of them say different things.
    """
    spec = recipe_spec
    if noted := run_stamp(predictions).get("prompt"):
        spec = PromptSpec.from_dict(noted, str(predictions.parent / RUN_FILE))
        if recipe_spec and (differing := spec.differences(recipe_spec)):
            raise LmnError(
                f"predicted with another {', '.join(differing)} than the recipe has", predictions,
                "leave --recipe out, or name the recipe of these predictions",
            )  # fmt: skip
    format_name, variant = options.format_name, options.variant
    if not format_name and not variant:
        return spec
    if spec is None:
        return prompt_spec_of(options.change.of(card), format_name or DEFAULT_FORMAT, variant)
    if (format_name or spec.format, variant or spec.variant) != (spec.format, spec.variant):
        raise LmnError(
            f"answers to a prompt of format {spec.format}, variant {spec.variant}", predictions,
            "leave --format and --variant out",
        )  # fmt: skip
    return spec


def _train_card(recipe: Recipe | None) -> str:
    if recipe is None:
        raise LmnError("which corpus? --corpus names a card")
    return recipe.train_entry().card


def _source(recipe: Recipe | None, card: Card, given: Path | None) -> Path | None:
    """Return the folder of the corpus files: the given one, else the one that the recipe's data were converted from."""
    if recipe is not None and given is None:
        with suppress(LmnError):
            return recipe.train_entry().source_folder(card.name, given)
    return given


def _repair(options: ScoreOptions, recipe: Recipe | None, card: Card) -> Repair | None:
    """Return the policy for invalid tags in the gold: the given one, else that of the predictions' run, else that of the recipe's data.

    None stands for the card's. So gold is read as the training data were, unless someone says otherwise.
    """
    found = options.repair or (noted_repair(options.predictions) if options.predictions else None)
    if recipe is not None and found is None:
        with suppress(LmnError):
            return recipe.train_entry().repair_of(card.name, None)
    return found


def _train_split(card: Card, recipe: Recipe | None, options: ScoreOptions) -> str | None:
    """Return the training split: the named one, else the split of the recipe's data set, else the card's first.

    None if that is the scored split, and neither it nor baselines are asked for.
    """
    named = options.train_split
    split = named or next(iter(card.splits))
    if named is None and recipe is not None:
        with suppress(LmnError):
            entry = recipe.train_entry()
            split = entry.split if entry.corpus == card.name and entry.split in card.splits else split
    card.split(split)
    if split != options.split:
        return split
    if named is None and not options.baselines:
        return None
    others = listed([name for name in card.splits if name != split])
    if named is None:
        raise LmnError(
            f"the baselines would count in {split}, the split that is scored",
            remedy=f"--train-split names another of: {others}",
        )
    raise LmnError("this is the split that is scored", f"--train-split {named}", f"name another of: {others}")
