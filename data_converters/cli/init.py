"""The command `lmn-convert init`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import cloup

from ...cli.options import catch_errors, refuse
from ...errors import LmnError
from ...files import atomic_write
from ...formats import DEFAULT_FORMAT
from ...rendering.tables import Table, print_table
from ...terminal import echo
from ...training.dataset_info import dataset_name
from ...training.recipe import load_recipe
from ..alpaca import prompt_spec_of
from ..cards import CARD_FILE, load_card
from ..corpus import read_corpus
from ..problems import ProblemLog
from ..starting.recipe_text import MODEL, Device, check_model, recipe_text, sizes_of
from ..starting.start import Start, default_card, start

_RECIPES = Path("recipes")
_OF_A_RECIPE = {"model": "--model", "template": "--template", "qlora": "--qlora", "cpu": "--cpu"}
_recipe_options = cloup.option_group(
    "Recipe",
    cloup.option("--recipe", is_flag=True, help="Write a recipe, sized to the data."),
    cloup.option(
        "--recipe-file", type=click.Path(path_type=Path), help="Recipe to write. [default: recipes/NAME.yaml]"
    ),
    cloup.option("--model", default=MODEL, show_default=True, help="Base model of the recipe."),
    cloup.option("--template", help="LLaMA-Factory's template for it. [default: by the model's name]"),
    cloup.option(
        "--qlora",
        is_flag=True,
        help="Load the base model in four bits: 7 billion weights then fit a GPU with 16 GB.",
    ),
    cloup.option("--cpu", is_flag=True, help="Train without a GPU."),
)


@cloup.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@cloup.option_group(
    "Card",
    cloup.option("--name", help="Name of the corpus. [default: that of the file, folder or data set]"),
    cloup.option("--language", help="Language tag of the corpus. [default: a guess]"),
    cloup.option(
        "--seed", type=click.IntRange(min=0), default=42, show_default=True, help="Seed of the draw of splits."
    ),
    cloup.option(
        "--card",
        "card_file",
        type=click.Path(path_type=Path),
        help="Card to write. [default: card.yaml beside the files]",
    ),
    cloup.option("--restart", is_flag=True, help="Write over a card and a recipe that are there."),
)
@_recipe_options
@catch_errors
def init(
    files: tuple[str, ...], name: str | None, language: str | None, seed: int, card_file: Path | None, restart: bool,
    recipe: bool, recipe_file: Path | None, model: str, template: str | None, qlora: bool, cpu: bool,
) -> None:  # fmt: skip
    """Look at files without a card, and write one that works.

    FILE is a file, several files, a folder, or the name of a data set on the Hub, OWNER/NAME. Every guess is printed with how sure it is.

    \b
    lmn-convert init exports/messages.jsonl --recipe     exports/card.yaml and recipes/messages.yaml
    lmn-convert init exports/messages.jsonl --recipe --qlora                     the same for a GPU with 16 GB
    lmn-convert init train.conll dev.conll test.conll    card.yaml beside them
    """  # noqa: D301
    wants_recipe = recipe or recipe_file is not None
    if not wants_recipe:
        refuse(_OF_A_RECIPE, "is about a recipe: add --recipe to write one")
    device = _device(qlora=qlora, cpu=cpu)
    chosen = check_model(model, template) if wants_recipe else ""
    begun = start(files, name=name, language=language, seed=seed)
    card_path = card_file or default_card(begun)
    recipe_path = recipe_file or _RECIPES / f"{begun.name}.yaml"
    for path in [card_path, recipe_path] if wants_recipe else [card_path]:
        if path.exists() and not restart:
            raise LmnError(
                "it is there already", path, "--restart writes over it, --card and --recipe-file name other files"
            )
    _print_found(begun)
    with atomic_write(card_path) as file:
        file.write(begun.text())
    convert = _convert_command(begun, card_path)
    echo(f"\ncard: {card_path} (fill in the definitions of the labels, which a model reads)")
    if wants_recipe:
        _write_recipe(begun, card_path, recipe_path, convert, (model, chosen), device)
    echo("\n".join(["", "next:", f"  {convert}", *(_training_commands(begun, recipe_path) if wants_recipe else [])]))


def _device(*, qlora: bool, cpu: bool) -> Device:
    """Return what the training is to run on."""
    if qlora and cpu:
        raise click.UsageError("--qlora needs a GPU, and --cpu trains without one")
    return "qlora" if qlora else "cpu" if cpu else "gpu"


def _convert_command(begun: Start, card_path: Path) -> str:
    """Return the command that writes the data sets."""
    near = card_path.name == CARD_FILE and card_path.parent.resolve() == begun.folder.resolve()
    remote = begun.is_set and not (begun.folder / begun.keys["reader"]["path"]).exists()
    words = [str(card_path.parent if near else card_path), *([] if near or remote else ["--source", str(begun.folder)])]
    return shlex.join(["lmn-convert", *words])


def _training_commands(begun: Start, recipe_path: Path) -> list[str]:
    score = f"  lmn-eval --recipe {shlex.quote(str(recipe_path))} --split {begun.test}"
    return [f"  lmn-train {shlex.quote(str(recipe_path))}", *([score] if begun.test else [])]


def _print_found(begun: Start) -> None:
    """Print what was guessed, the labels, and what was found wrong."""
    trial = begun.trial
    print_table(Table(("guess", "", "how sure", "because"), [tuple(guess) for guess in begun.guesses], numbers=False))
    echo()
    rows = [(label, f"{count:,}") for label, count in trial.labels.items()]
    print_table(Table(("label", "entities"), rows))
    echo(f"{trial.sentences.total():,} sentences, {trial.tokens:,} tokens, the longest sentence has {trial.longest:,}")
    for line in trial.problems():
        echo(f"problem: {line}", err=True)
    for file in begun.left_out:
        echo(f"left out: {file} looks like no annotated text", err=True)
    if trial.log.fatal:
        echo(
            f"converting will stop at {trial.log.fatal:,} of these problems: mend the files, or change the card",
            err=True,
        )


def _write_recipe(
    begun: Start, card_path: Path, recipe_path: Path, convert: str, model: tuple[str, str], device: Device
) -> None:  # fmt: skip
    """Write a recipe for the corpus, and read it as every command does."""
    card = load_card(card_path)
    spec = prompt_spec_of(card, DEFAULT_FORMAT)
    log = ProblemLog(keep_going=True)
    sizes = sizes_of(read_corpus(card, begun.train, begun.folder, log=log), spec, *model)
    data = [name and dataset_name(card.name, name, spec, card.variant) for name in (begun.train, begun.dev)]
    commands = "\n".join(
        f"#   {line.strip()}" for line in [convert, "", *_training_commands(begun, recipe_path)] if line
    )
    commands = commands.replace("\n#   lmn-train", "\n# Commands\n#   lmn-train")
    plain = shlex.join(["llamafactory-cli", "train", str(recipe_path)])
    commands += f"\n#   The plain way to the same adapter:\n#   {plain}"
    assert data[0] is not None
    text = recipe_text(
        recipe_path,
        card.name,
        sizes,
        (data[0], data[1]),
        model=model[0],
        template=model[1],
        device=device,
        commands=commands,
    )
    with atomic_write(recipe_path) as file:
        file.write(text)
    load_recipe(recipe_path)
    echo(
        f"recipe: {recipe_path} ({sizes.examples:,} examples, {sizes.epochs} epochs, {sizes.steps:,} steps; evaluation and saving every "
        f"{sizes.every:,}; cutoff_len {sizes.cutoff:,}: {sizes.cutoff_why})"
    )
