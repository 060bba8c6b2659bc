"""The command `lmn-eval`, and its default subcommand, which scores."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import click
import cloup

from ...cli.default_group import DefaultCommandGroup
from ...cli.options import catch_errors, recipe_option, refuse
from ...cli.predict_options import predict_options
from ...data_converters.cli.label_options import label_options
from ...files import sha256_of
from ...formats import format_names
from ...tags import REPAIRS
from ...terminal import echo, write_data
from ..evaluate import Gold, evaluate
from ..report import markdown_report, page_to, report_path
from ..report.numbers import DELIMITERS, as_delimited
from ..report.terminal import as_table, micro_line
from ..scored_run.files import View, save_evaluation, scores_file
from ..scored_run.run import Evaluation, ScoredRun
from ..scoring.conlleval import conlleval_to
from .adapter_options import adapter_options
from .compare import compare_command
from .curve import curve_command
from .report import report_command
from .scoring_plan import ScoreOptions, ScoringPlan, resolve
from .search import search_command

_PREDICTING = {
    "number": "--shots", "untrained": "--untrained", "rule": "--examples", "seed": "--shots-seed", "decoding": "--decoding",
    "batch_size": "--batch-size", "max_new_tokens": "--max-new-tokens", "dtype": "--dtype", "restart": "--restart",
    "engine": "--engine", "trust_remote_code": "--trust-remote-code", "quantise": "--quantize",
}  # fmt: skip
_OF_ADAPTERS = {"revision": "--revision", "base": "--base-model", "prompt": "--prompt", "template": "--template"}
_OF_RECIPES = {
    "recipe_path": "--recipe", "predictions": "--predictions", "number": "--shots", "untrained": "--untrained",
    "overrides": "KEY=VALUE",
}  # fmt: skip
_NOT_OF_SPANS = {
    **{name: option for name, option in _PREDICTING.items() if name != "decoding"}, "base": "--base-model", "prompt": "--prompt",
    "template": "--template", "format_name": "--format", "variant": "--variant", "reading": "--reading", "limit": "--limit",
    "scorer": "--scorer",
}  # fmt: skip
_OF_FOREIGN_OUTPUTS = {"format_name": "--format", "variant": "--variant"}


@click.group(cls=DefaultCommandGroup, default="score", default_if_no_args=False)
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


for subcommand in (compare_command, curve_command, report_command, search_command):
    main.add_command(subcommand)

_answers_options = cloup.option_group(
    "What is scored",
    cloup.option("--split", required=True, help="Split of the corpus, by its name on the card."),
    recipe_option,
    cloup.option(
        "--predictions", type=click.Path(path_type=Path), help="File to score; with --corpus, no recipe is needed."
    ),
    cloup.option(
        "--adapter",
        help="Adapter, merged model or student to score without a recipe: a folder that training has written, or a Hub id.",
    ),
)
_gold_options = cloup.option_group(
    "Gold",
    cloup.option("--corpus", help="Name or file of a card. [default: the card of the recipe's training data]"),
    cloup.option(
        "--source", type=click.Path(path_type=Path),
        help="Folder of the corpus files. [default: that of the last lmn-convert; else the card's folder, or data/CORPUS]",
    ),
    cloup.option(
        "--repair", type=click.Choice(REPAIRS),
        help="Policy for invalid tags in the gold. [default: that of the run, or of the recipe's data; else the card's]",
    ),
)  # fmt: skip
_output_options = cloup.option_group(
    "Outputs",
    cloup.option("--html", is_flag=True, help="Write report.html next to scores.json: a page with tables, plots and every sentence."),
    cloup.option(
        "--report", type=click.Choice(["table", "json", "markdown", *DELIMITERS]), default="table", show_default=True,
        help="What to print; csv and tsv hold the numbers of every table in full precision, one number on a line.",
    ),
    cloup.option("--details", is_flag=True, help="Print all tables: scenarios, intervals, errors by label, groups, published results."),
    cloup.option("--table", metavar="NAME", help="With --report csv or tsv: only this table, such as labels, with its columns."),
    cloup.option("--out", type=click.Path(path_type=Path), help="Folder for scores.json. [default: next to the predictions]"),
    cloup.option("--conlleval", type=click.Path(path_type=Path), help="File to write for the script conlleval."),
)  # fmt: skip
_score_options = cloup.option_group(
    "Scores",
    cloup.option("--baselines", is_flag=True, help="Also score baselines that count in the training split, in the same table."),
    cloup.option(
        "--train-split",
        help="Training split, for baselines and the seen/unseen analysis. [default: that of the recipe's data set, else the card's first]",
    ),
    cloup.option(
        "--min-confidence", type=click.FloatRange(0, 1),
        help="Drop predicted entities with a smaller probability; writes scores.minP.json.",
    ),
    cloup.option(
        "--scorer", type=click.Choice(["llms4ner"]),
        help="Count as that published evaluator does, too; it forgives wrong positions where a model changed the sentence.",
    ),
)  # fmt: skip
_foreign_options = cloup.option_group(
    "Outputs of other tools",
    cloup.option(
        "--published-predictions",
        "published",
        is_flag=True,
        help="Score what was published with the --adapter, spans by sentence id, against your gold; no model is loaded.",
    ),
    cloup.option(
        "--format", "format_name", type=click.Choice(format_names()),
        help="Output format, for --predictions of other tools or an --adapter that does not say. [default: bracketed]",
    ),
    cloup.option(
        "--variant", help="Wording of their instruction: letters if the outputs have letters for labels. [default: the card's]"
    ),
)  # fmt: skip


@main.command("score")
@_answers_options
@_output_options
@_score_options
@_gold_options
@label_options
@predict_options
@adapter_options
@_foreign_options
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@catch_errors
def score(**options: Any) -> None:
    """Score predictions against the gold of a corpus (the default subcommand).

    KEY=VALUE words override keys of the recipe, as for llamafactory-cli.
    """
    chosen = ScoreOptions(**options)
    _refuse_contradictions(chosen)
    _refuse_views(chosen)
    carry_out(resolve(chosen))


def _refuse_contradictions(options: ScoreOptions) -> None:
    """Refuse options on the command line that do not go with what is scored.

    Raises:
        click.UsageError: Some do not.
    """
    if not options.adapter:
        if options.published:
            raise click.UsageError("--published-predictions needs --adapter, a folder of lmn-publish or a Hub id")
        refuse(_OF_ADAPTERS, "is for --adapter")
        if options.predictions:
            refuse(_PREDICTING, "is for predicting; --predictions scores what is there")
        else:
            refuse(_OF_FOREIGN_OUTPUTS, "is for --predictions; a recipe's data say their own")
        return
    if options.published:
        refuse(_NOT_OF_SPANS, "does not go with --published-predictions, which are spans of the whole split")
    refuse(_OF_RECIPES, "does not go with --adapter, which replaces a recipe")
    if options.options.server:
        refuse({"base": "--base-model"}, "is for --engine local; a server has loaded its model")
        refuse({"template": "--template"}, "is for --engine local; a server has a chat template of its own")
    if options.adapter.prompt and options.adapter.template:
        raise click.UsageError(
            "--template is for an adapter without a prompt, and --prompt names one; leave one of them out"
        )
    if options.corpus is None:
        raise click.UsageError("--adapter NAME is scored on a corpus; name one with --corpus CARD")


def _refuse_views(options: ScoreOptions) -> None:
    """Refuse options on the command line that do not go with the report.

    Raises:
        click.UsageError: Some do not.
    """
    if options.details and options.report != "table":
        raise click.UsageError(f"--details is for --report table; {options.report} holds everything")
    if options.table and options.report not in DELIMITERS:
        raise click.UsageError(f"--table is for --report {' or '.join(DELIMITERS)}")


def carry_out(plan: ScoringPlan) -> None:
    """Predict if need be, score, write the outputs and print the scores.

    Raises:
        LmnError: The gold or the predictions cannot be read, or the system cannot answer.
    """
    options = plan.options
    gold, train = plan.gold.read(), plan.gold.read_train()
    predictions = plan.answers.predictions(gold)
    found = evaluate(
        gold, predictions, spec=plan.answers.spec, facts=plan.answers.facts, min_confidence=options.min_confidence, train=train,
        baselines=options.baselines, scorer=options.scorer, reading=options.options.reading,
    )  # fmt: skip
    evaluation = plan.answers.completed(found)
    path = _save(evaluation, options.out or predictions.parent, gold, options)
    _print(evaluation.run, options, path)


def _print(run: ScoredRun, options: ScoreOptions, scores: Path) -> None:
    """Print the report and the path of the scores; a table ends with the line that matters."""
    if options.report == "table":
        more = "" if options.details else "\n(--details prints every table, --html writes a page)"
        write_data(f"{as_table(run, details=options.details)}{more}\n\n{scores}\n{micro_line(run)}\n")
        return
    if options.report == "json":
        write_data(scores.read_text(encoding="utf-8").rstrip("\n") + "\n")
    elif options.report == "markdown":
        write_data(markdown_report(run).rstrip("\n") + "\n")
    else:
        write_data(as_delimited(run, options.report, options.table))
    echo(f"\n{scores}", err=True)


def _save(evaluation: Evaluation, folder: Path, gold: Gold, options: ScoreOptions) -> Path:
    """Write the scores, and what the options ask for, as one result; return the path of the scores."""
    spaced: list[int] = []

    def conlleval(file: IO[str]) -> None:
        spaced.append(conlleval_to(file, gold.sentences, (row.predicted for row in evaluation.sentences)))

    scores = scores_file(evaluation.run, folder)
    page = report_path(scores, ".html")
    also: dict[Path, View] = {page: lambda file: page_to(file, evaluation)} if options.html else {}
    if options.conlleval:
        also[options.conlleval] = conlleval
    earlier = sha256_of(scores) if scores.is_file() else None
    save_evaluation(evaluation, folder, also)
    if page.exists() and not options.html and earlier != sha256_of(scores):
        echo(f"{page}: shows earlier scores; lmn-eval report {scores} writes it again", err=True)
    if options.conlleval:
        note = f"; {spaced[0]:,} tokens hold white space, which is written as _" if spaced[0] else ""
        echo(f"{options.conlleval}: for conlleval{note}", err=True)
    return scores
