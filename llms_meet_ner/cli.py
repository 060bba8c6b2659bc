"""The command `lmn-predict`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from .command_line import catch_errors, predict_options
from .dataset_info import read_records, sibling
from .generation.predict import PredictOptions, predict, run_folder
from .recipe import choose_recipe
from .records import read_jsonl


@click.command()
@click.option(
    "--recipe",
    "recipe_path",
    type=click.Path(path_type=Path),
    help="Recipe. [default: the only one under recipes/ that is trained]",
)
@click.option("--split", required=True, help="Split of the recipe's corpus, converted with lmn-convert.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to write to. [default: OUTPUT_DIR/CORPUS_SPLIT/RUN]"
)
@predict_options
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.version_option(package_name="llms-meet-ner")
@catch_errors
def main(
    recipe_path: Path | None,
    split: str,
    out: Path | None,
    options: PredictOptions,
    restart: bool,
    overrides: tuple[str, ...],
) -> None:
    r"""Predict a split with a recipe's base model and adapter; write one JSON line a sentence.

    KEY=VALUE words override keys of the recipe, as for llamafactory-cli. A run that was killed goes on where it was.

    \b
    lmn-predict --recipe recipes/demo_smollm2.yaml --split testb
    lmn-predict --recipe recipes/demo_smollm2.yaml --split testb --untrained
    """
    recipe = choose_recipe(recipe_path, overrides)
    entry = sibling(recipe.dataset_dir, recipe.train_entry(), split)
    folder = out or run_folder(recipe, entry.corpus, split, options)
    final = predict(recipe, list(read_records(recipe.dataset_dir, entry)), folder, options, restart=restart)
    statuses = Counter(row["status"] for _, row in read_jsonl(final))
    summary = ", ".join(f"{statuses[status]:,} {status}" for status in ("exact", "repaired", "failed"))
    click.echo(f"{final}: {statuses.total():,} sentences, {summary}")
