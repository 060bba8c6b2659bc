"""The command `lmn-eval`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click_default_group import DefaultGroup

from ...cli.options import catch_errors, recipe_option, refuse
from ...cli.predict_options import predict_options
from ...data_converters.alpaca import prompt_spec_of
from ...data_converters.cards import Card, load_card
from ...data_converters.cli.label_options import label_options
from ...data_converters.label_change import LabelChange
from ...decoding.requests import FREE
from ...errors import LmnError
from ...formats import DEFAULT_FORMAT, format_names, is_inline
from ...labels import same_labels
from ...prediction.run import check_run, predict, run_folder
from ...prompting.spec import PromptSpec
from ...records import PREDICTIONS_FILE, RUN_FILE
from ...systems.choosing import recipe_system
from ...systems.options import SystemOptions
from ...systems.system import System
from ...tags import REPAIRS
from ...training.recipe import Recipe, choose_recipe
from ..evaluate import Gold, asked_labels, evaluate, read_gold
from ..report import markdown_report, report_path, write_page
from ..report.terminal import as_json, as_table
from ..scored_run.files import save_evaluation
from ..scored_run.run import Evaluation, ScoredRun
from ..scoring.conlleval import write_conlleval
from ..scoring.provenance import run_stamp
from .adapter_options import AdapterChoice, adapter_options
from .compare import compare_command
from .curve import curve_command
from .report import report_command
from .search import search_command

_PREDICTING = {
    "number": "--shots", "untrained": "--untrained", "rule": "--examples", "seed": "--shots-seed", "limit": "--limit",
    "decoding": "--decoding", "batch_size": "--batch-size", "max_new_tokens": "--max-new-tokens", "dtype": "--dtype",
    "restart": "--restart", "engine": "--engine",
}  # fmt: skip


@click.group(cls=DefaultGroup, default="score", default_if_no_args=False)
@click.version_option(package_name="llms-meet-ner")
def main() -> None:
    """Score predictions against a corpus.

    \b
    lmn-eval --split testb                                 the only trained recipe; predicts first if need be
    lmn-eval --recipe recipes/qwen25_conll.yaml --split testb
    lmn-eval --recipe recipes/qwen25_conll.yaml --split testb --shots 1 --examples nearest --baselines
    lmn-eval --corpus conll2003 --source DIR --split testb --predictions generated_predictions.jsonl
    lmn-eval --corpus conll2003 --source DIR --split testb --adapter stefan-it/Qwen2.5-7B-CoNLL-2003
    """  # noqa: D301


main.add_command(compare_command)
main.add_command(curve_command)
main.add_command(report_command)
main.add_command(search_command)


@main.command()  # type: ignore[untyped-decorator]
@click.option("--split", required=True, help="Split of the corpus, as its card calls it.")
@recipe_option
@click.option("--corpus", help="A card's name or file. [default: the corpus of the recipe's training data]")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="Folder of the corpus files. [default: that of the last lmn-convert; else the card's folder, or data/CORPUS]",
)
@click.option("--repair", type=click.Choice(REPAIRS), help="Policy for invalid tags in the gold. [default: the card's]")
@label_options
@click.option(
    "--predictions", type=click.Path(path_type=Path), help="Score this file; with --corpus, no recipe is needed."
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    help="Drop predicted entities with a smaller probability; writes scores.minP.json.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(format_names()),
    help="Of --predictions of other tools, or of an --adapter that does not say. [default: bracketed]",
)
@click.option("--variant", help="Likewise, the instruction's wording: letters if the outputs have letters for labels.")
@click.option(
    "--scorer",
    type=click.Choice(["llms4ner"]),
    help="Count as that published evaluator does too, which forgives wrong positions where a model changed the sentence.",
)
@click.option("--conlleval", type=click.Path(path_type=Path), help="Write this file for the script conlleval.")
@click.option("--baselines", is_flag=True, help="Score what counting in the training split gives, in the same table.")
@click.option(
    "--train-split",
    help="Split that knows mentions, and that the baselines count in. [default: that of the recipe's data set, else the card's first]",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for scores.json. [default: beside the predictions]"
)
@click.option(
    "--html", is_flag=True, help="Write report.html beside scores.json: a page with tables, plots and every sentence."
)
@click.option(
    "--report",
    type=click.Choice(["json", "markdown", "table"]),
    default="table",
    show_default=True,
    help="What to print.",
)
@adapter_options
@predict_options
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@catch_errors
def score(
    split: str, recipe_path: Path | None, corpus: str | None, source: Path | None, repair: Any, change: LabelChange,
    predictions: Path | None, format_name: str | None, variant: str | None, min_confidence: float | None, scorer: str | None,
    conlleval: Path | None, baselines: bool,
    train_split: str | None, out: Path | None, html: bool, report: str, adapter: AdapterChoice | None,
    options: SystemOptions, limit: int | None, restart: bool, overrides: tuple[str, ...],
) -> None:  # fmt: skip
    """Score predictions against the gold of a corpus (the default subcommand).

    KEY=VALUE words override keys of the recipe, as for llamafactory-cli.
    """
    needed = predictions is None or corpus is None
    recipe = None if adapter else _recipe(recipe_path, overrides, needed=needed)
    card = load_card(corpus or _train_card(recipe))
    if adapter:
        card.data_of(split, source)  # what is missing here is told before anything is downloaded
        system: System | None = adapter.system(change.of(card), format_name, variant, options)
    else:
        system = recipe_system(recipe, options) if recipe else None
    spec = system.prompt if system else None
    if predictions is None:
        if not adapter:
            refuse(
                {"format_name": "--format", "variant": "--variant"},
                "is for --predictions; a recipe's data say their own",
            )
    else:
        refuse(_PREDICTING, "is for predicting; --predictions scores what is there")
        spec = _answered(predictions, spec, change.of(card), format_name, variant)
    card = _with_labels(card, spec, change)
    source = _source(recipe, card, source)
    counted = _train_split(card, recipe, split, train_split, needed=baselines)
    gold = read_gold(card, split, source, repair)
    train = _read_train(card, counted, source, repair, needed=baselines or train_split is not None)
    gold = gold.first(limit)
    if predictions is None:
        assert system is not None  # _recipe raises where one is needed
        if min_confidence is not None:
            _check_confidences(system)
        predictions = _predictions(system, gold, restart=restart)
    evaluation = evaluate(
        gold, predictions, spec=spec, facts=system.facts if system else None, min_confidence=min_confidence, train=train,
        baselines=baselines, scorer=scorer,
    )  # fmt: skip
    path = save_evaluation(evaluation, out or predictions.parent)
    if html:
        write_page(report_path(path, ".html"), evaluation)
    if conlleval:
        _write_conlleval(conlleval, gold, evaluation)
    click.echo(_printed(evaluation.run, report))
    click.echo(f"\n{path}", err=report == "json")


def _printed(run: ScoredRun, report: str) -> str:
    if report == "markdown":
        return "\n".join(markdown_report(run))
    return as_json(run) if report == "json" else as_table(run)


def _recipe(path: Path | None, overrides: tuple[str, ...], *, needed: bool) -> Recipe | None:
    return choose_recipe(path, overrides) if path or overrides or needed else None


def _with_labels(card: Card, spec: PromptSpec | None, change: LabelChange) -> Card:
    """Return the card with the labels that the model was asked for: those of the prompt, or without one as the options say.

    Raises:
        LmnError: options and prompt say different things.
    """
    if spec is None:
        return change.of(card)
    if change and set(spec.labels.corpus_names) != set(card.labels.corpus_names):
        return asked_labels(change.of(card), spec)  # another corpus: its labels are brought to those of the model
    asked = asked_labels(card, spec)
    if change and not same_labels(change.of(card).labels, asked.labels):
        raise LmnError(
            f"the model was asked for {', '.join(asked.labels.names)}, and is scored on that; leave out --keep, --drop, --merge and "
            "--rename, which are for predictions without a recipe and for other corpora"
        )
    return asked


def _answered(
    predictions: Path, spec: PromptSpec | None, card: Card, format_name: str | None, variant: str | None
) -> PromptSpec | None:
    """Return the prompt that predictions answer to: that of their run, that of the recipe, or what the options say.

    Raises:
        LmnError: two of them say different things.
    """
    noted = run_stamp(predictions).get("prompt")
    if noted:
        run = PromptSpec.from_dict(noted, str(predictions.parent / RUN_FILE))
        if spec and (differing := run.differences(spec)):
            raise LmnError(
                f"{predictions}: predicted with another {', '.join(differing)} than the recipe has; leave --recipe out, or name its own"
            )
        spec = run
    asked = prompt_spec_of(card, format_name or DEFAULT_FORMAT, variant) if format_name or variant else None
    if spec and asked and (format_name or spec.format, variant or spec.variant) != (spec.format, spec.variant):
        raise LmnError(
            f"{predictions}: answers to a prompt of format {spec.format}, variant {spec.variant}; leave --format and --variant out"
        )
    return spec or asked


def _train_card(recipe: Recipe | None) -> str:
    if recipe is None:
        raise LmnError("which corpus? --corpus names a card")
    return recipe.train_entry().card


def _source(recipe: Recipe | None, card: Card, given: Path | None) -> Path | None:
    """Return the folder of the corpus files: the one given, else that which the recipe's data were converted from."""
    if recipe is not None and given is None:
        with suppress(LmnError):
            return recipe.train_entry().source_folder(card.name, given)
    return given


def _train_split(card: Card, recipe: Recipe | None, scored: str, named: str | None, *, needed: bool) -> str | None:
    """Return the split to count in: the one that is named, that of the recipe's data set, or the card's first.

    None where that is the split that is scored, and neither it nor baselines are asked for.
    """
    split = named or next(iter(card.splits))
    if named is None and recipe is not None:
        with suppress(LmnError):
            entry = recipe.train_entry()
            split = entry.split if entry.corpus == card.name and entry.split in card.splits else split
    card.split(split)
    if split != scored:
        return split
    if named is None and not needed:
        return None
    raise LmnError(
        f"the baselines would count in {split}, the split that is scored; --train-split names another of: {', '.join(card.splits)}"
    )


def _read_train(
    card: Card, split: str | None, source: Path | None, repair: Any, *, needed: bool
) -> Gold | None:  # fmt: skip
    """Read the training split; where it is not needed, None if it is not there or cannot be read."""
    if split is None or (not needed and card.is_missing(split, source)):
        return None
    try:
        return read_gold(card, split, source, repair)
    except LmnError as error:
        if needed:
            raise
        click.echo(f"what the training split knows is left out: {error}", err=True)
        return None


def _write_conlleval(path: Path, gold: Gold, evaluation: Evaluation) -> None:
    spaced = write_conlleval(path, gold.sentences, (row.predicted for row in evaluation.sentences))
    note = f"; {spaced:,} tokens hold white space, which is written as _" if spaced else ""
    click.echo(f"{path}: for conlleval{note}", err=True)


def _check_confidences(system: System) -> None:
    """Make sure that a system gives its entities confidences.

    Raises:
        LmnError: It gives none.
    """
    if system.prompt and not is_inline(system.prompt.format):
        raise LmnError(
            f"the format {system.prompt.format} gives no confidences; bracketed and xml do", "--min-confidence"
        )
    if system.decoding == FREE:
        raise LmnError("--min-confidence needs --decoding constrained: free decoding gives no confidences")


def _predictions(system: System, gold: Gold, *, restart: bool) -> Path:
    """Return the predictions of a run, made now if there are none."""
    folder = run_folder(system, gold.card.name, gold.split, limit=gold.limit)
    path = folder / PREDICTIONS_FILE
    if path.is_file() and not restart:
        check_run(folder, system, gold.sentences)
        click.echo(f"scoring what is there: {path}", err=True)
        return path
    return predict(system, gold.sentences, folder, restart=restart)
