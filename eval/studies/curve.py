"""A learning curve: every checkpoint of a training scored on a development split, so that precision, recall and F1 stand against step."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ...data_converters.cards import load_card
from ...errors import LmnError
from ...files import atomic_write, read_json, sha256_of, write_json
from ...prediction.run import PredictOptions, predict
from ...prompting.spec import PromptSpec
from ...training.checkpoints import FINAL, Checkpoint, find_checkpoints
from ...training.dataset_info import Record
from ...training.recipe import ADAPTER_FILE, Recipe, known_prompt
from ..evaluate import Gold, asked_labels, evaluate, read_gold, write_scores
from ..scoring.counts import Counts
from .curve_plot import save_plot

CURVE_FILE = "curve.json"
_WAIT = 30.0
HEADER = ("step", "epoch", "loss", "eval loss", "precision", "recall", "F1", "")


@dataclass(frozen=True, slots=True)
class Point:
    """A scored checkpoint.

    Attributes:
        checkpoint: its name, `checkpoint-N` or `final`.
        step: after which it was saved.
        epoch: the same as a number of epochs, or None.
        loss: the last training loss logged until then, or None.
        eval_loss: LLaMA-Factory's evaluation loss, or None.
        adapter_sha256: of its weights.
        counts: strict, over all labels.
    """

    checkpoint: str
    step: int
    epoch: float | None
    loss: float | None
    eval_loss: float | None
    adapter_sha256: str
    counts: Counts

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON, counts before ratios."""
        return {
            "checkpoint": self.checkpoint, "step": self.step, "epoch": self.epoch, "loss": self.loss, "eval_loss": self.eval_loss,
            "adapter_sha256": self.adapter_sha256, **self.counts.to_dict(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Point:
        """Read what `to_dict` wrote."""
        return cls(
            row["checkpoint"], row["step"], row["epoch"], row["loss"], row["eval_loss"], row["adapter_sha256"], Counts.from_dict(row)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Curve:
    """The scored checkpoints of one training, on one split with one way of decoding.

    Attributes:
        of: what they have in common: recipe, model, corpus, split, hash of the corpus file, sentences scored and sentences there,
            decoding, prompt.
        points: by step.
        gone: names of the points whose checkpoint training has since deleted (`save_total_limit`).
        final: name of the point with the weights that training ended with; None while it goes on.
        unfinished: names of checkpoints that are not whole (yet) and were left out.
    """

    of: dict[str, Any]
    points: tuple[Point, ...]
    gone: tuple[str, ...] = ()
    final: str | None = None
    unfinished: tuple[str, ...] = ()

    @property
    def best(self) -> Point | None:
        """The point with the highest F1, the earliest of equals; None where no entity is right at any."""
        right = (point for point in self.points if point.counts.correct)
        return max(right, key=lambda point: (point.counts.f1, -point.step), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return what `curve.json` holds."""
        return {
            "schema": 1, **self.of, "best": self.best.checkpoint if self.best else None, "final": self.final,
            "gone": list(self.gone), "unfinished": list(self.unfinished), "points": [point.to_dict() for point in self.points],
        }  # fmt: skip

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield a row of cells for each point, as `HEADER` names them."""
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

    def title(self) -> str:
        """Say in one line what was scored, and on how much of it."""
        scored, there = self.of["sentences"], self.of["sentences_in_split"]
        part = f"all {there:,} sentences" if scored == there else f"the first {scored:,} of {there:,} sentences"
        return f"{self.of['recipe']} on {self.of['corpus']} {self.of['split']}, {part}, decoding {self.of['decoding']}"


def _cell(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


@dataclass(frozen=True, slots=True)
class Dev:
    """The split that checkpoints are scored on.

    Attributes:
        gold: its sentences, all that are to be scored.
        there: how many sentences the split has.
        spec: the prompt of the recipe's adapter.
    """

    gold: Gold
    there: int
    spec: PromptSpec

    @classmethod
    def read(cls, recipe: Recipe, split: str | None, source: Path | None, limit: int | None) -> Dev:
        """Read the gold of a split, by default that of the recipe's `eval_dataset`.

        Raises:
            LmnError: which split is not known; or as `known_prompt` and `read_gold`.
        """
        entry = recipe.dev_entry(split)
        spec = known_prompt(recipe, recipe.output_dir)
        card = asked_labels(load_card(entry.card), spec)
        gold = read_gold(card, entry.split, entry.source_folder(card.name, source))
        return cls(gold.first(limit), len(gold.sentences), spec)


def score_adapter(recipe: Recipe, dev: Dev, options: PredictOptions, folder: Path, *, restart: bool = False) -> Counts:
    """Predict with the adapter in a recipe's `output_dir`, unless that is done, and score.

    Args:
        recipe: with the adapter to score.
        dev: what it is scored on.
        options: of the prediction.
        folder: for `predictions.jsonl` and `scores.json`.
        restart: discard predictions that lie there.

    Returns:
        Strict counts over all labels.

    Raises:
        LmnError: as `predict` and `evaluate`.
    """
    records = [Record(sentence.id, sentence.tokens) for sentence in dev.gold.sentences]
    predictions = predict(recipe, records, folder, options, restart=restart)
    evaluation = evaluate(dev.gold, predictions, spec=dev.spec, recipe=recipe)
    write_scores(evaluation, folder)
    return evaluation.scores.micro


def draw_curve(recipe: Recipe, dev: Dev, options: PredictOptions, *, restart: bool = False) -> tuple[Curve, Path]:
    """Score every whole checkpoint of a recipe's training, those scored before only if `restart`, and write curve.json, .md and .png.

    Returns:
        The curve, and its folder, `<output_dir>/<corpus>_<split>/curve/<run>`.

    Raises:
        LmnError: there is nothing to score, or as `score_adapter`.
    """
    folder = recipe.output_dir / f"{dev.gold.card.name}_{dev.gold.split}" / "curve" / options.run_name
    whole, unfinished = find_checkpoints(recipe.output_dir)
    of = _common(recipe, dev, options)
    earlier = {} if restart else _earlier_points(folder / CURVE_FILE, of)
    if not whole and not earlier:
        named = f"; not whole yet: {', '.join(unfinished)}" if unfinished else ""
        raise LmnError(
            f"{recipe.output_dir}: no checkpoint there{named}; train with llamafactory-cli train {recipe.path}"
        )
    points: dict[str, Point] = {}
    final = None
    for checkpoint in whole:
        point = _score_checkpoint(checkpoint, points, recipe, dev, options, folder, restart)
        if point is None:
            continue
        points[point.checkpoint] = point
        final = point.checkpoint if checkpoint.name == FINAL else None
        write_json(folder / CURVE_FILE, _curve(of, points, earlier, final, unfinished).to_dict())
    curve = _curve(of, points, earlier, final, unfinished)
    _write(curve, folder)
    return curve, folder


def _common(recipe: Recipe, dev: Dev, options: PredictOptions) -> dict[str, Any]:
    return {
        "recipe": str(recipe.path), "model": recipe.model, "corpus": dev.gold.card.name, "split": dev.gold.split,
        "corpus_sha256": dev.gold.origin.sha256(), "sentences": len(dev.gold.sentences), "sentences_in_split": dev.there,
        "decoding": options.decoding, "prompt": dev.spec.without_template().to_dict(),
    }  # fmt: skip


def _earlier_points(path: Path, of: dict[str, Any]) -> dict[str, Point]:
    """Return the points of an earlier call by name, if it scored the same."""
    if not path.is_file():
        return {}
    document = read_json(path, remedy="--restart writes it anew")
    try:
        if {key: document[key] for key in of} != of:
            raise LmnError(f"{path}: the curve of other data or of another model; --restart writes it anew")
        return {row["checkpoint"]: Point.from_dict(row) for row in document["points"] if row["checkpoint"] != FINAL}
    except (KeyError, TypeError, ValueError) as error:
        raise LmnError(f"{path}: not as lmn-eval curve writes it ({error}); --restart writes it anew") from error


def _curve(
    of: dict[str, Any], points: dict[str, Point], earlier: dict[str, Point], final: str | None, unfinished: Sequence[str]
) -> Curve:  # fmt: skip
    gone = [name for name in earlier if name not in points]
    ordered = sorted([*points.values(), *(earlier[name] for name in gone)], key=lambda point: point.step)
    return Curve(of, tuple(ordered), tuple(gone), final, tuple(unfinished))


def _score_checkpoint(
    checkpoint: Checkpoint, points: dict[str, Point], recipe: Recipe, dev: Dev, options: PredictOptions, folder: Path, restart: bool
) -> Point | None:  # fmt: skip
    """Return a checkpoint's point; None where training deleted it meanwhile; of the same weights the point that is there."""
    try:
        digest = sha256_of(checkpoint.folder / ADAPTER_FILE)
        same = next((point for point in points.values() if point.adapter_sha256 == digest), None)
        if same and checkpoint.name == FINAL:
            return same
        counts = score_adapter(
            recipe.at(checkpoint.folder), dev, options, folder / checkpoint.name, restart=restart
        )  # fmt: skip
    except (LmnError, OSError):
        if checkpoint.name != FINAL and not (checkpoint.folder / ADAPTER_FILE).is_file():
            click.echo(f"{checkpoint.folder}: deleted by the training before it was scored", err=True)
            return None
        raise
    return Point(
        checkpoint.name, checkpoint.step, checkpoint.epoch, checkpoint.loss, checkpoint.eval_loss, digest, counts
    )


def _write(curve: Curve, folder: Path) -> None:
    write_json(folder / CURVE_FILE, curve.to_dict())
    with atomic_write(folder / "curve.md") as file:
        file.write(f"{curve.title()}\n\n| {' | '.join(HEADER)} |\n{'|---' * len(HEADER)}|\n")
        file.writelines(f"| {' | '.join(row)} |\n" for row in curve.rows())
    points = curve.points
    series = {
        "precision": [point.counts.precision for point in points],
        "recall": [point.counts.recall for point in points],
        "F1": [point.counts.f1 for point in points],
    }
    losses = [point.eval_loss for point in points]
    if not save_plot(folder / "curve.png", curve.title(), [point.step for point in points], series, losses):
        click.echo("no curve.png: matplotlib is not installed; pip install 'llms-meet-ner[plot]'", err=True)


def watch_training(recipe: Recipe, dev: Dev, options: PredictOptions, restart: bool) -> None:
    """Score new checkpoints until training has left its final adapter; say of each when it is scored."""
    known: set[str] = set()
    while Checkpoint.read(recipe.output_dir, FINAL) is None:
        whole, _ = find_checkpoints(recipe.output_dir)
        if {checkpoint.name for checkpoint in whole} - known:
            curve, _ = draw_curve(recipe, dev, options, restart=restart)
            restart = False
            for point in curve.points:
                if point.checkpoint not in known:
                    click.echo(f"{point.checkpoint}: F1 {point.counts.f1:.4f}", err=True)
            known |= {point.checkpoint for point in curve.points} | {checkpoint.name for checkpoint in whole}
        else:
            time.sleep(_WAIT)
