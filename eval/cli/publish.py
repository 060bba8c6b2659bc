"""The command `lmn-publish`."""

from __future__ import annotations

from pathlib import Path

import click

from ...cli.options import catch_errors, recipe_option
from ...errors import LmnError
from ...training.recipe import choose_recipe
from ..publish.base_model import is_local
from ..publish.folder import BuildOptions, Built, build
from ..publish.hub import MAIN, Destination, Uploaded, find_token, upload, without_token
from ..publish.hyperparameters import is_secret


@click.command()
@recipe_option
@click.option("--repo", required=True, metavar="OWNER/NAME", help="Repository on the Hub; made if it is not there.")
@click.option("--split", "splits", multiple=True, help="Whose scores the card has; may be given again. [default: all]")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to make. [default: OUTPUT_DIR/hub]")
@click.option("--dry-run", is_flag=True, help="Make the folder and stop there.")
@click.option(
    "--base-model", metavar="OWNER/NAME", help="Base model on the Hub. [default: the recipe's, if that is no folder]"
)
@click.option(
    "--license", "licence", metavar="ID", help="As the Hub lists it. [default: the base model's, if it says one]"
)
@click.option("--keep-float32", is_flag=True, help="Do not round the weights to bfloat16.")
@click.option("--merged", is_flag=True, help="The whole model, the adapter merged into it, and not the adapter.")
@click.option("--no-corpus-text", is_flag=True, help="Show no sentence of the training data in the card.")
@click.option("--public", is_flag=True, help="For everyone to see. [default: private]")
@click.option("--revision", default=MAIN, show_default=True, metavar="BRANCH", help="Branch; made if it is not there.")
@click.option("--tag", help="Tag of the commit.")
@click.option("--create-pr", is_flag=True, help="Open a pull request in the place of a commit on the branch.")
@click.option("--parent-commit", metavar="SHA", help="Only if the branch is at this commit (40 digits).")
@click.option("--message", help="Of the commit. [default: names the version]")
@click.option(
    "--retries", type=click.IntRange(min=0), default=4, show_default=True, help="For lost or failed requests."
)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.version_option(package_name="llms-meet-ner")
@catch_errors
def main(
    recipe_path: Path | None, repo: str, splits: tuple[str, ...], out: Path | None, dry_run: bool, base_model: str | None,
    licence: str | None, keep_float32: bool, merged: bool, no_corpus_text: bool, public: bool, revision: str, tag: str | None,
    create_pr: bool, parent_commit: str | None, message: str | None, retries: int, overrides: tuple[str, ...],
) -> None:  # fmt: skip
    """Publish a recipe's adapter, with a model card, on the Hugging Face Hub.

    \b
    lmn-publish --recipe recipes/qwen25_conll.yaml --repo USER/NAME --dry-run      the folder and its card, to look at
    lmn-publish --recipe recipes/qwen25_conll.yaml --repo USER/NAME --split testb --tag v1
    lmn-publish --recipe recipes/demo_smollm2.yaml --repo USER/NAME --base-model HuggingFaceTB/SmolLM2-135M-Instruct

    The token comes from HF_TOKEN or from `hf auth login`. KEY=VALUE words override keys of the recipe, as for llamafactory-cli.
    """  # noqa: D301
    told = {} if message is None else {"message": message}
    try:
        for key in (word.partition("=")[0] for word in overrides):
            if is_secret(key):
                raise LmnError(
                    f"{key}=...: a token comes from HF_TOKEN or from `hf auth login`, and not from an argument"
                )
        to = Destination(repo, public, revision, tag, create_pr, parent_commit, retries=retries, **told)
        if not dry_run:
            find_token()  # before anything takes long
        recipe = choose_recipe(recipe_path, overrides)
        _check_base(base_model or recipe.model, refused=not dry_run)
        options = BuildOptions(repo, splits, base_model, licence, keep_float32, merged, not no_corpus_text)
        built = build(recipe, options, out or recipe.output_dir / "hub")
        _print_built(built)
        if not dry_run:
            _print_uploaded(upload(built.folder, built.files, built.published.base, to), to)
    except LmnError as error:
        raise LmnError(without_token(str(error))) from None


def _check_base(base: str, *, refused: bool) -> None:
    """Refuse a base model that lies in a folder, or warn of it."""
    if not is_local(base):
        return
    told = f"{base}: the base model is a folder here, so that nobody else could load the adapter; name it with --base-model OWNER/NAME"
    if refused:
        raise LmnError(told)
    click.echo(f"Warning: {told}", err=True)


def _print_built(built: Built) -> None:
    published = built.published
    click.echo(
        f"{built.folder}: {len(built.files)} files, {built.size / 1e6:,.1f} MB; weights in {published.weights.dtype}"
    )
    for run in published.scored.headline:
        click.echo(f"  {run.corpus} {run.split}, {run.name}: F1 {run.scores.micro.f1:.4f}")
    for split in published.scored.missing:
        click.echo(f"  no score for split {split}")
    for left in published.scored.left_out:
        click.echo(f"  left out: {LmnError(left.reason, left.run, left.remedy)}")
    for reason in published.data.unknown:
        click.echo(f"  not known: {reason}")
    if published.licence is None:
        click.echo("  no licence: the base model's card names none or is not within reach; --license ID names one")


def _print_uploaded(uploaded: Uploaded, to: Destination) -> None:
    for note in uploaded.notes:
        click.echo(f"  {note}", err=True)
    if uploaded.others:
        click.echo(f"  in the repository and not in the folder, left as they are: {', '.join(uploaded.others)}")
    tag = f", tag {to.tag}" if to.tag else ""
    if not uploaded.changed:
        click.echo(f"{to.repo}: all files are there already; no commit was made (at {uploaded.commit}{tag})")
    else:
        click.echo(f"{uploaded.url}{tag}")
