"""A learning curve: every checkpoint of a training scored on a development split, to plot precision, recall and F1 by step."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...counts import Counts
from ...data_converters.cards import load_card
from ...errors import LmnError, installing
from ...files import read_json, sha256_of
from ...generation import Generation, remove_files
from ...locking import locked
from ...prediction.run import predict, run_name
from ...prompting.spec import PromptSpec
from ...rendering.markdown import markdown
from ...rendering.plot import Figure, draw_plot, save_figure
from ...rendering.tables import Table
from ...systems.choosing import recipe_system
from ...systems.options import SystemOptions
from ...systems.system import System
from ...terminal import echo
from ...training.checkpoints import FINAL, Checkpoint, find_checkpoints
from ...training.recipe import Recipe, known_prompt
from ...typed_json import from_json, to_json, written_as
from ..evaluate import Gold, asked_labels, evaluate, read_gold
from ..scored_run.files import save_evaluation
from ..scoring.predictions import NO_DECODING

CURVE_FILE = "curve.json"
_PLOT_FILE = "curve.png"
_WAIT = 30.0
_HEADER = ("step", "epoch", "loss", "eval loss", "precision", "recall", "F1", "")


@dataclass(frozen=True, slots=True)
class Point:
    """A scored checkpoint.

    Attributes:
        checkpoint: Name of the checkpoint, `checkpoint-N` or `final`.
        step: Training step after which it was saved.
        epoch: Number of epochs until then, or None.
        loss: Last training loss that was logged until then, or None.
        eval_loss: LLaMA-Factory's evaluation loss, or None.
        adapter_sha256: Hash of the weights.
        counts: Strict counts over all labels.
    """

    checkpoint: str
    step: int
    epoch: float | None
    loss: float | None
    eval_loss: float | None
    adapter_sha256: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Scope:
    """Conditions that all points of a curve share.

    Attributes:
        recipe: Path of the recipe.
        model: Base model.
        corpus: Name of the corpus card.
        split: Split that is scored.
        corpus_sha256: Hash of the corpus file.
        sentences: Number of sentences that are scored.
        sentences_in_split: Number of sentences in the split.
        decoding: Decoding of the outputs; `none` for a student.
        prompt: Prompt as JSON, without its template; for a student, its labels alone.
    """

    recipe: str
    model: str
    corpus: str
    split: str
    corpus_sha256: str
    sentences: int
    sentences_in_split: int
    decoding: str
    prompt: dict[str, Any]

    def __str__(self) -> str:
        scored, there = self.sentences, self.sentences_in_split
        part = f"all {there:,} sentences" if scored == there else f"the first {scored:,} of {there:,} sentences"
        return f"{self.recipe} on {self.corpus} {self.split}, {part}, decoding {self.decoding}"


@dataclass(frozen=True, slots=True)
class Curve:
    """The scored checkpoints of one training, on one split with one way of decoding.

    Attributes:
        scope: Conditions that all points share.
        points: Points by step.
        gone: Names of the points whose checkpoints training has deleted in the meantime (`save_total_limit`).
        final: Name of the point with the final weights of training; None until training ends.
        unfinished: Names of incomplete checkpoints, which were left out.
    """

    scope: Scope
    points: tuple[Point, ...]
    gone: tuple[str, ...] = ()
    final: str | None = None
    unfinished: tuple[str, ...] = ()

    @property
    def best(self) -> Point | None:
        """The point with the highest F1, the earliest in a tie; None if no point has a correct entity."""
        right = (point for point in self.points if point.counts.correct)
        return max(right, key=lambda point: (point.counts.f1, -point.step), default=None)

    @property
    def best_name(self) -> str | None:
        """Name of the best point."""
        return self.best.checkpoint if self.best else None

    @property
    def schema(self) -> int:
        """Number of the layout of `curve.json`."""
        return 1

    @property
    def table(self) -> Table:
        """Table with a row for each point."""
        return Table(_HEADER, list(self._rows()), numbers=False)

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for point in self.points:
            notes = [note for note, holds in (
                ("best", point == self.best),
                ("the final adapter", point.checkpoint == self.final),
                ("deleted since", point.checkpoint in self.gone),
            ) if holds]  # fmt: skip
            ratios = (point.counts.precision, point.counts.recall, point.counts.f1)
            losses = (_cell(value, 4) for value in (point.loss, point.eval_loss))
            yield (
                str(point.step),
                _cell(point.epoch, 2),
                *losses,
                *(f"{value:.4f}" for value in ratios),
                ", ".join(notes),
            )


written_as(Point, "checkpoint step epoch loss eval_loss adapter_sha256 *counts")
written_as(Curve, "schema *scope best=best_name final gone unfinished points")


def _cell(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


@dataclass(frozen=True, slots=True)
class Dev:
    """The split that checkpoints are scored on.

    Attributes:
        gold: Gold of the split, or of its first sentences.
        there: Number of sentences in the split.
        spec: Prompt of the recipe's adapter; None for a student.
    """

    gold: Gold
    there: int
    spec: PromptSpec | None

    @classmethod
    def read(cls, recipe: Recipe, split: str | None, source: Path | None, limit: int | None) -> Dev:
        """Read the gold of a split, by default the split of the recipe's `eval_dataset`.

        Raises:
            LmnError: The split is not known, or `known_prompt` or `read_gold` fails.
        """
        entry = recipe.dev_entry(split)
        spec = None if recipe.is_student else known_prompt(recipe, recipe.output_dir)
        card = asked_labels(load_card(entry.card), (spec or entry.spec).labels)
        gold = read_gold(card, entry.split, entry.source_folder(card.name, source), entry.repair)
        return cls(gold.first(limit), len(gold.sentences), spec)


def score_system(system: System, dev: Dev, folder: Path, *, restart: bool = False) -> Counts:
    """Let a system predict the development split, unless that is done, and score it.

    Args:
        system: System to score.
        dev: Split to score it on.
        folder: Folder for `predictions.jsonl` and `scores.json`.
        restart: Whether to discard predictions in that folder.

    Returns:
        Strict counts over all labels.

    Raises:
        LmnError: `predict` or `evaluate` fails.
    """
    predictions = predict(system, dev.gold.sentences, folder, restart=restart, repair=dev.gold.repair)
    evaluation = evaluate(dev.gold, predictions, spec=dev.spec, facts=system.facts)
    save_evaluation(evaluation, folder)
    return evaluation.run.scores.micro


def draw_curve(recipe: Recipe, dev: Dev, options: SystemOptions, *, restart: bool = False) -> tuple[Curve, Path]:
    """Score every whole checkpoint of a recipe's training, and write curve.json, curve.md and curve.png.

    Checkpoints that are already scored are scored again only if `restart` is set.

    Returns:
        The curve, and its folder, `<output_dir>/<corpus>_<split>/curve/<run>`.

    Raises:
        LmnError: There is nothing to score, or `score_system` fails.
    """
    name = run_name(recipe_system(recipe, options), dev.gold.limit)
    folder = recipe.output_dir / f"{dev.gold.card.name}_{dev.gold.split}" / "curve" / name
    with locked(folder / CURVE_FILE):
        return _draw_curve(recipe, dev, options, folder, restart=restart), folder


def _draw_curve(recipe: Recipe, dev: Dev, options: SystemOptions, folder: Path, *, restart: bool) -> Curve:
    """Score the checkpoints under the lock of the curve."""
    whole, unfinished = find_checkpoints(recipe.output_dir, recipe.weights_name)
    scope = _scope(recipe, dev, options)
    earlier = {} if restart else _earlier_points(folder / CURVE_FILE, scope)
    if not whole and not earlier:
        named = f"; incomplete: {', '.join(unfinished)}" if unfinished else ""
        raise LmnError(f"no checkpoint there{named}", recipe.output_dir, f"train with lmn-train {recipe.path}")
    points: dict[str, Point] = {}
    final = None
    scoring = _Scoring(recipe, dev, options, folder, restart)
    for checkpoint in whole:
        point = scoring.point(checkpoint, points.values())
        if point is None:
            continue
        points[point.checkpoint] = point
        final = point.checkpoint if checkpoint.name == FINAL else None
        _write(_curve(scope, points, earlier, final, unfinished), folder)
    curve = _curve(scope, points, earlier, final, unfinished)
    if not _write(curve, folder):
        echo(f"no {_PLOT_FILE}: matplotlib is not installed; {installing('plot')}", err=True)
    return curve


def _scope(recipe: Recipe, dev: Dev, options: SystemOptions) -> Scope:
    labels = dev.gold.card.labels
    prompt = dev.spec.without_template().to_dict() if dev.spec else to_json(labels)
    return Scope(
        str(recipe.path), recipe.model, dev.gold.card.name, dev.gold.split, dev.gold.origin.sha256(), len(dev.gold.sentences),
        dev.there, str(options.decoding) if dev.spec else NO_DECODING, prompt,
    )  # fmt: skip


def _earlier_points(path: Path, scope: Scope) -> dict[str, Point]:
    """Return the points of an earlier call by name, if it scored the same."""
    if not path.is_file():
        return {}
    remedy = "--restart writes it again"
    earlier = from_json(Curve, read_json(path, remedy=remedy), path, writer="lmn-eval curve", remedy=remedy)
    if earlier.scope != scope:
        raise LmnError("a curve of other data or of another model", path, remedy)
    return {point.checkpoint: point for point in earlier.points if point.checkpoint != FINAL}


def _curve(
    scope: Scope, points: dict[str, Point], earlier: dict[str, Point], final: str | None, unfinished: Sequence[str]
) -> Curve:  # fmt: skip
    gone = [name for name in earlier if name not in points]
    ordered = sorted([*points.values(), *(earlier[name] for name in gone)], key=lambda point: point.step)
    return Curve(scope, tuple(ordered), tuple(gone), final, tuple(unfinished))


@dataclass(frozen=True, slots=True)
class _Scoring:
    """The scoring of a training's checkpoints.

    Attributes:
        recipe: Recipe of the training.
        dev: Split to score on.
        options: Options of the system.
        folder: Folder with a folder for each checkpoint.
        restart: Whether to discard earlier predictions.
    """

    recipe: Recipe
    dev: Dev
    options: SystemOptions
    folder: Path
    restart: bool

    def point(self, checkpoint: Checkpoint, points: Iterable[Point]) -> Point | None:
        """Score a checkpoint and return its point.

        The final weights are not scored if they are those of an earlier point: that point is returned. A checkpoint that
        training has deleted in the meantime has no point.
        """
        try:
            digest = sha256_of(checkpoint.folder / self.recipe.weights_name)
            same = next((point for point in points if point.adapter_sha256 == digest), None)
            if same and checkpoint.name == FINAL:
                return same
            system = recipe_system(self.recipe, self.options, checkpoint.folder)
            counts = score_system(system, self.dev, self.folder / checkpoint.name, restart=self.restart)
        except (LmnError, OSError):
            if checkpoint.name != FINAL and not (checkpoint.folder / self.recipe.weights_name).is_file():
                echo(f"{checkpoint.folder}: deleted by the training before it was scored", err=True)
                return None
            raise
        return Point(
            checkpoint.name, checkpoint.step, checkpoint.epoch, checkpoint.loss, checkpoint.eval_loss, digest, counts
        )


def _write(curve: Curve, folder: Path) -> bool:
    """Write the curve and its views as one result, and return whether there is a plot.

    The views go first, and come last: curve.json, which holds what is known of deleted checkpoints, is never missing.
    """
    figure = _draw(curve)
    with Generation() as files:
        files.write_json(folder / CURVE_FILE, to_json(curve))
        with files.write(folder / "curve.md", gone_first=True) as file:
            file.write(markdown("eval.studies/curve.md.jinja", scope=str(curve.scope), points=curve.table))
        if figure is None:
            remove_files(folder, [_PLOT_FILE])
        else:
            with files.write_bytes(folder / _PLOT_FILE, gone_first=True) as file:
                save_figure(figure, file)
        files.put()
    return figure is not None


def _draw(curve: Curve) -> Figure | None:
    """Draw the ratios by step with the best F1 marked and, where they are known, the evaluation losses; None without matplotlib."""
    points = curve.points
    ratios = {
        "precision": [(point.step, point.counts.precision) for point in points],
        "recall": [(point.step, point.counts.recall) for point in points],
        "F1": [(point.step, point.counts.f1) for point in points],
    }
    losses = [(point.step, point.eval_loss) for point in points if point.eval_loss is not None]
    best = max(ratios["F1"], key=lambda point: point[1])
    return draw_plot(
        ratios, " / ".join(ratios), title=str(curve.scope), limits=(0, 1),
        right=("evaluation loss", losses) if losses else None, marked=[best],
    )  # fmt: skip


def watch_training(recipe: Recipe, dev: Dev, options: SystemOptions, restart: bool) -> None:
    """Score new checkpoints until training has saved its final adapter, and print the F1 of each."""
    known: set[str] = set()
    while Checkpoint.read(recipe.output_dir, FINAL, recipe.weights_name) is None:
        whole, _ = find_checkpoints(recipe.output_dir, recipe.weights_name)
        if {checkpoint.name for checkpoint in whole} - known:
            curve, _ = draw_curve(recipe, dev, options, restart=restart)
            restart = False
            for point in curve.points:
                if point.checkpoint not in known:
                    echo(f"{point.checkpoint}: F1 {point.counts.f1:.4f}", err=True)
            known |= {point.checkpoint for point in curve.points} | {checkpoint.name for checkpoint in whole}
        else:
            time.sleep(_WAIT)
