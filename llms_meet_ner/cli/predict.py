"""The command `lmn-predict`."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path

import click
import cloup

from ..alignment import STATUSES
from ..decoding.model import AUTO, DTYPES
from ..decoding.pretrained import Dtype
from ..prediction.merge import merge_shards
from ..prediction.run import predict, run_folder
from ..prediction.shards import Shard
from ..records import read_records
from ..systems.choosing import recipe_system
from ..systems.options import SystemOptions
from ..systems.serve_command import vllm_command
from ..terminal import echo, write_data
from ..training.dataset_info import read_sentences, sibling
from ..training.recipe import choose_recipe
from .default_group import DefaultCommandGroup
from .options import catch_errors, recipe_option
from .predict_options import predict_options

_OVERRIDES = click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
_what_options = cloup.option_group(
    "What is predicted",
    cloup.option("--split", required=True, help="Split of the recipe's corpus, converted with lmn-convert."),
    recipe_option,
    cloup.option(
        "--out", type=click.Path(path_type=Path), help="Folder to write to. [default: OUTPUT_DIR/CORPUS_SPLIT/RUN]"
    ),
    cloup.option(
        "--shard", metavar="I/N", help="Only the I-th of N parts, in a folder of its own; merge puts them together."
    ),
)


@click.group(cls=DefaultCommandGroup, default="predict", default_if_no_args=False)
@click.version_option(package_name="llms-meet-ner")
def main() -> None:
    """Predict a split with a fine-tuned model.

    \b
    lmn-predict --recipe recipes/demo_smollm2.yaml --split testb
    lmn-predict --recipe recipes/demo_smollm2.yaml --split testb --shots 3 --examples covering
    lmn-predict --recipe recipes/qwen25_conll.yaml --split testb --engine openai --base-url http://gpu1:8000/v1
    lmn-predict --recipe recipes/qwen25_conll.yaml --split testb --engine openai --decoding constrained
    lmn-predict --recipe recipes/qwen25_conll.yaml --split testb --shard 1/8
    lmn-predict merge outputs/qwen25_conll/conll2003_testb/constrained-shard*of8
    """  # noqa: D301


@main.command("predict")
@_what_options
@predict_options
@_OVERRIDES
@catch_errors
def predict_split(
    recipe_path: Path | None, split: str, out: Path | None, shard: str | None, options: SystemOptions, limit: int | None,
    restart: bool, overrides: tuple[str, ...],
) -> None:  # fmt: skip
    """Predict a split with a recipe's base model and adapter; write one JSON line a sentence (the default subcommand).

    KEY=VALUE words override keys of the recipe, as for llamafactory-cli. A run that was killed continues where it stopped.
    """
    part = Shard.parse(shard) if shard else None
    recipe = choose_recipe(recipe_path, overrides, split)
    entry = sibling(recipe.dataset_dir, recipe.train_entry(), split)
    system = recipe_system(recipe, options)
    folder = out or run_folder(system, entry.corpus, split, limit=limit, shard=part)
    sentences = list(read_sentences(recipe.dataset_dir, entry))[:limit]
    _print_summary(predict(system, sentences, folder, shard=part, restart=restart, repair=entry.repair))


def _print_summary(final: Path) -> None:
    statuses = Counter(record.status for record in read_records(final))
    summary = ", ".join(f"{statuses[status]:,} {status}" for status in STATUSES)
    echo(f"{final}: {statuses.total():,} sentences, {summary}")


@main.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to write to. [default: the shards' name without -shardIofN]"
)
@click.option("--restart", is_flag=True, help="Write over other predictions.")
@catch_errors
def merge(folders: tuple[Path, ...], out: Path | None, restart: bool) -> None:
    """Put the FOLDERs of all shards of a run together, as one run without shards would have written them."""
    _print_summary(merge_shards(folders, out, restart=restart))


@main.command("serve-command")
@recipe_option
@click.option("--name", help="Name to serve the adapter under. [default: the last part of the recipe's output_dir]")
@click.option(
    "--dtype", type=click.Choice(DTYPES), default=AUTO, show_default=True,
    help="Data type of the weights. auto: bfloat16 or float16 as the recipe trains; otherwise vLLM's auto, which is 16 bits.",
)  # fmt: skip
@_OVERRIDES
@catch_errors
def serve_command(recipe_path: Path | None, name: str | None, dtype: Dtype, overrides: tuple[str, ...]) -> None:
    """Print the command that serves a recipe's adapter with vLLM; write its chat template next to the adapter."""
    recipe = choose_recipe(recipe_path, overrides)
    words = [shlex.quote(word) for word in vllm_command(recipe, name or recipe.name, dtype)]
    write_data(" ".join(words).replace(" --", " \\\n    --") + "\n")
