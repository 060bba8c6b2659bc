"""The command `lmn-publish`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...cli.options import catch_errors, recipe_option, trust_option
from ...data_converters.cards import load_card
from ...errors import LmnError, listed
from ...locking import locked
from ...secret_shapes import is_secret_name
from ...systems.options import SystemOptions
from ...systems.recipe_adapter import RecipeAdapter
from ...systems.student import Student, StudentPlace
from ...terminal import GuardedCommand, echo
from ...training.recipe import Recipe, choose_recipe
from ..publish.base_model import published_base
from ..publish.folder import MANIFEST, BuildOptions, Built, build, check_ours
from ..publish.hub import MAIN, Destination, Uploaded, find_token, upload
from ..publish.secrets import check_words
from ..publish.student import build_student

R = TypeVar("R")

_folder_group = cloup.option_group(
    "What is published",
    recipe_option,
    cloup.option("--split", "splits", multiple=True, help="Split whose scores the card shows; may be repeated. [default: all]"),
    cloup.option("--base-model", "base", metavar="OWNER/NAME", help="Base model on the Hub. [default: the recipe's]"),
    cloup.option("--license", "licence", metavar="ID", help="Licence as the Hub lists it. [default: the base model's]"),
    cloup.option("--keep-float32", is_flag=True, help="Do not round the weights to bfloat16."),
    cloup.option("--merged", is_flag=True, help="Publish the whole model, with the adapter merged into it, instead of the adapter."),
    trust_option,
    cloup.option("--no-corpus-text", is_flag=True, help="Show no sentence of the training data in the card."),
    cloup.option("--allow", "allowed", multiple=True, metavar="KEY", help="Key of the recipe to publish all the same; may be repeated."),
    cloup.option("--not-secret", multiple=True, metavar="FILE:LINE", help="Line that looks like a secret and is none; may be repeated."),
    cloup.option("--out", type=click.Path(path_type=Path), help="Folder to build. [default: OUTPUT_DIR/hub]"),
    cloup.option("--dry-run", is_flag=True, help="Build the folder and stop there."),
)  # fmt: skip
_hub_group = cloup.option_group(
    "Repository",
    cloup.option("--repo", required=True, metavar="OWNER/NAME", help="Repository on the Hub; created if it does not exist."),
    cloup.option("--public", is_flag=True, help="Let everyone see the repository. [default: private]"),
    cloup.option("--revision", default=MAIN, show_default=True, metavar="BRANCH", help="Branch; created if it does not exist."),
    cloup.option("--tag", help="Tag for the commit."),
    cloup.option("--create-pr", is_flag=True, help="Open a pull request instead of a commit on the branch."),
    cloup.option("--parent-commit", metavar="SHA", help="Publish only if the branch is at this commit (40 hexadecimal digits)."),
    cloup.option("--message", help="Message of the commit. [default: names the version]"),
    cloup.option("--retries", type=click.IntRange(min=0), default=4, show_default=True, help="Times to repeat a lost or failed request."),
)  # fmt: skip


def _hub_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options of the upload, handed over as `to` (Destination), and turn errors into one line."""

    @wraps(command)
    def wrapped(
        *args: Any, repo: str, public: bool, revision: str, tag: str | None, create_pr: bool, parent_commit: str | None,
        message: str | None, retries: int, **kwargs: Any,
    ) -> R:  # fmt: skip
        to = Destination(repo, public, revision, tag, create_pr, parent_commit, retries=retries)
        return command(*args, to=to if message is None else replace(to, message=message), **kwargs)

    return _hub_group(catch_errors(wrapped))


def _folder_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options of the folder, handed over as `options` (BuildOptions without a repository)."""

    @wraps(command)
    def wrapped(
        *args: Any, splits: tuple[str, ...], base: str | None, licence: str | None, keep_float32: bool, merged: bool,
        no_corpus_text: bool, allowed: tuple[str, ...], not_secret: tuple[str, ...], **kwargs: Any,
    ) -> R:  # fmt: skip
        options = BuildOptions("", splits, base, licence, keep_float32, merged, not no_corpus_text, allowed, not_secret)
        return command(*args, options=options, **kwargs)

    return _folder_group(wrapped)


@click.command(cls=GuardedCommand)
@_folder_options
@_hub_options
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.version_option(package_name="llms-meet-ner")
def main(
    recipe_path: Path | None, to: Destination, options: BuildOptions, trust_remote_code: bool, out: Path | None, dry_run: bool,
    overrides: tuple[str, ...],
) -> None:  # fmt: skip
    """Publish a recipe's adapter or student, with a model card, on the Hugging Face Hub.

    \b
    lmn-publish --recipe recipes/qwen25_conll.yaml --repo USER/NAME --dry-run      the folder and its card, to look at
    lmn-publish --recipe recipes/qwen25_conll.yaml --repo USER/NAME --split testb --tag v1
    lmn-publish --recipe recipes/demo_smollm2.yaml --repo USER/NAME --base-model HuggingFaceTB/SmolLM2-135M-Instruct

    The token comes from HF_TOKEN or from `hf auth login`. KEY=VALUE words override keys of the recipe, as for llamafactory-cli.
    """  # noqa: D301
    for key in (word.partition("=")[0] for word in overrides):
        if is_secret_name(key):
            raise LmnError(
                "a token comes from HF_TOKEN or from `hf auth login`, and not from an argument", f"{key}=..."
            )
    if not dry_run:
        find_token()  # before anything takes long
    check_words({"--repo": to.repo, "--message": to.message, "--tag": to.tag, "--revision": to.revision})
    recipe = choose_recipe(recipe_path, overrides)
    _check_corpus(recipe, refused=not dry_run)
    published_base(recipe.model, options.base)  # before anything takes long
    folder = out or recipe.output_dir / "hub"
    check_ours(folder)
    with locked(folder / MANIFEST):  # nobody else builds there until all is uploaded
        built = _build(recipe, replace(options, repo=to.repo), folder, trust_remote_code=trust_remote_code)
        _print_built(built)
        if dry_run:
            return
        _print_uploaded(upload(built.folder, built.files, built.published.base, to, options.not_secret), to)


def _build(recipe: Recipe, options: BuildOptions, folder: Path, *, trust_remote_code: bool) -> Built:
    """Build the folder of a recipe's adapter, or of its student."""
    if recipe.is_student:
        return build_student(Student(StudentPlace.of_recipe(recipe), SystemOptions()), recipe, options, folder)
    system = RecipeAdapter(recipe, SystemOptions(trust_remote_code=trust_remote_code))
    return build(system, recipe, options, folder)


def _check_corpus(recipe: Recipe, *, refused: bool) -> None:
    """Refuse a corpus whose card lacks what a model card says of it, or warn about it. A card that is missing is named later."""
    try:
        card = load_card(recipe.train_entry().card)
    except LmnError:
        return
    if not card.unsaid:
        return
    what = f"the card of the corpus does not give {listed(card.unsaid)}, which the model card needs"
    error = LmnError(what, card.path, "add them: a card says whose the corpus is and what it may be used for")
    if refused:
        raise error
    echo(f"Warning: {error}", err=True)


def _print_built(built: Built) -> None:
    published = built.published
    echo(f"{built.folder}: {len(built.files)} files, {built.size / 1e6:,.1f} MB; weights in {published.weights.dtype}")
    for run in published.scored.headline:
        echo(f"  {run.corpus} {run.split}, {run.name}: F1 {run.scores.micro.f1:.4f}")
    for split in published.scored.missing:
        echo(f"  no score for split {split}")
    for left in published.scored.left_out:
        echo(f"  left out: {LmnError(left.reason, left.run, left.remedy)}")
    for error in published.not_rescorable:
        echo(f"  predictions that others cannot score again: {error}")
    for error in published.data.unknown:
        echo(f"  not known: {error}")
    if left_out := published.parameters.left_out:
        echo(f"  keys of the recipe left out: {listed(left_out, 40)}; --allow KEY publishes one")
    if published.licence is None:
        echo("  no licence: the base model's card names none or could not be read; --license ID names one")


def _print_uploaded(uploaded: Uploaded, to: Destination) -> None:
    for note in uploaded.notes:
        echo(f"  {note}", err=True)
    if uploaded.others:
        echo(f"  in the repository, but not in the folder, and left as they are: {', '.join(uploaded.others)}")
    tag = f", tag {to.tag}" if to.tag else ""
    if not uploaded.changed:
        echo(f"{to.repo}: all files are already there, so no commit was made (at {uploaded.commit}{tag})")
    else:
        echo(f"{uploaded.url}{tag}")
