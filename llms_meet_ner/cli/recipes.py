"""The command `lmn-recipes`."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import LmnError
from ..files import atomic_write
from ..rendering.tables import Table, print_table
from ..terminal import echo, write_data
from ..training.packaged import RECIPES, copies_of, files_named_by, packaged_file, packaged_names, sentence_on_hardware
from ..training.recipe import load_recipe
from ..yaml_text import parse_yaml
from .default_group import DefaultCommandGroup
from .options import catch_errors


@click.group(cls=DefaultCommandGroup, default="list", default_if_no_args=True)
@click.version_option(package_name="llms-meet-ner")
def main() -> None:
    """List the recipes of the package, show one, or copy one to change it.

    \b
    lmn-recipes
    lmn-train qwen25_conll                                 commands take a packaged recipe by its name
    lmn-recipes show qwen25_conll                          the file, whose header says what it needs
    lmn-recipes copy qwen25_conll                          recipes/qwen25_conll.yaml, to change
    lmn-recipes copy students/minilm_demo --out mine       mine/students/minilm_demo.yaml

    Paths in a recipe (data, models, outputs) are relative to the working directory, wherever the recipe lies.
    """  # noqa: D301


@main.command("list")
@catch_errors
def list_recipes() -> None:
    """Print the packaged recipes: name, base model, training data, and the hardware that they need (the default subcommand)."""
    rows = [_row(name) for name in packaged_names()]
    print_table(Table(("recipe", "model", "data", "hardware"), rows, numbers=False))


def _row(name: str) -> tuple[str, ...]:
    """Return the row of a packaged recipe; for a search, with the model and the data of its recipe."""
    text = packaged_file(name).read_text(encoding="utf-8")
    others = [file for file in files_named_by(parse_yaml(text, name)) if file.suffix == ".yaml"]
    recipe = load_recipe(others[0] if others else packaged_file(name))
    return name, recipe.model, str(recipe.values["dataset"]), sentence_on_hardware(text)


@main.command("show")
@click.argument("name")
@catch_errors
def show_recipe(name: str) -> None:
    """Print the packaged recipe NAME, with the header that says what it needs and which commands go with it."""
    write_data(packaged_file(name).read_text(encoding="utf-8"))


@main.command("copy")
@click.argument("name")
@click.option(
    "--out", type=click.Path(path_type=Path), default=RECIPES, show_default=True, help="Folder to write to; no file there is written over."
)  # fmt: skip
@catch_errors
def copy_recipe(name: str, out: Path) -> None:
    """Copy the packaged recipe NAME, and the files that it names, such as its DeepSpeed configuration."""
    copies = copies_of(name, out)
    same = {path for path, text in copies.items() if path.is_file() and path.read_bytes() == text.encode()}
    for path in copies:
        if path not in same and (path.exists() or path.is_symlink()):
            raise LmnError(
                "is there already, with other content", path, "move it away, or name another folder with --out"
            )
    for path, text in copies.items():
        if path in same:
            echo(f"{path}: is there already")
            continue
        with atomic_write(path) as file:
            file.write(text)
        echo(path)
