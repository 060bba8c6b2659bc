"""Adapters without a recipe, from the Hub or a folder: the options of `lmn-eval --adapter`, and what stands in for the recipe."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import click

from ...cli.engine_options import refuse
from ...data_converters.alpaca import prompt_spec_of
from ...data_converters.cards import Card, load_card
from ...errors import LmnError
from ...formats import DEFAULT_FORMAT
from ...prompting.spec import PromptSpec
from ...training.recipe import Recipe
from ..published.results import KnownAdapter, known_adapter

R = TypeVar("R")
_OUTPUTS = "outputs"
_PULLING = {"revision": "--revision", "base": "--base-model", "prompt": "--prompt", "template": "--template"}
_WITH_RECIPE = {
    "recipe_path": "--recipe", "predictions": "--predictions", "number": "--shots", "untrained": "--untrained", "engine": "--engine",
    "overrides": "KEY=VALUE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pull:
    """An adapter that is to be scored without its recipe, as the command line names it.

    Attributes:
        name: a folder or a Hub id.
        revision: branch, tag or commit of a Hub id; None for its main branch.
        base: folder or Hub id of the base model; None for the one that the adapter names.
        prompt: a `prompt_spec.json`; None for the one beside the adapter, or else that of a corpus card.
        template: LLaMA-Factory's name of the chat template, where the prompt is a card's; None where it is known otherwise.
    """

    name: str
    revision: str | None = None
    base: str | None = None
    prompt: Path | None = None
    template: str | None = None

    @property
    def results_folder(self) -> Path:
        """Where results go: `outputs/` and the name, `--` for each `/`; after `@` a revision that was asked for.

        A folder that lies in `outputs` keeps its results there, beside those of its recipe.
        """
        parts = PurePosixPath(os.path.normpath(self.name).replace(os.sep, "/")).parts
        parts = parts[1:] if len(parts) > 1 and parts[0] == _OUTPUTS else parts
        name = "--".join(part for part in parts if part not in ("/", "..")) or "adapter"
        revision = f"@{self.revision.replace('/', '--')}" if self.revision else ""
        return Path(_OUTPUTS) / (name + revision)

    def recipe(self, card: Card, format_name: str | None, variant: str | None) -> Recipe:
        """Return what stands in for a recipe, the adapter downloaded if need be.

        Args:
            card: of the corpus that is scored, whose instruction is asked where neither the adapter nor the user has a prompt and
                the adapter is not a published one that is known.
            format_name: of that instruction's output format; None for the default.
            variant: its wording; None for the card's.

        Raises:
            LmnError: the adapter or its base model cannot be had, its template is not known, or its prompt has another format, variant
                or template than is asked for.
        """
        from ...systems.adapters import find_adapter

        found = find_adapter(
            self.name, self.base, self.prompt, revision=self.revision,
            otherwise=lambda: self._prompt_of_card(card, format_name, variant),
        )  # fmt: skip
        _check_asked(found.name, found.spec, format_name, variant, self.template)
        return found.recipe(self.results_folder)

    def _prompt_of_card(self, card: Card, format_name: str | None, variant: str | None) -> PromptSpec:
        """Return the prompt that an adapter without one is asked with."""
        from ...prompting.templates import pieces_of

        known = known_adapter(self.name)
        template = self.template or (known.template if known else None)
        if template is None:
            raise LmnError(
                f"{self.name}: no prompt_spec.json lies there, and which chat template it was trained with is not known; name it with "
                "--template NAME, as its recipe does, or the whole prompt with --prompt FILE"
            )
        if known:
            card = load_card(known.card)
            format_name, variant = format_name or known.format, variant or known.variant
        spec = prompt_spec_of(card, format_name or DEFAULT_FORMAT, variant)
        why = _why(known)
        click.echo(
            f"{self.name}: the prompt is that of card {card.name}, {spec.format}, {spec.variant}, template {template} {why}",
            err=True,
        )
        return replace(spec, template=pieces_of(template))


def _why(known: KnownAdapter | None) -> str:
    return f"(published: {known.source})" if known else "(the adapter itself does not say)"


def _check_asked(
    name: str, spec: PromptSpec, format_name: str | None, variant: str | None, template: str | None
) -> None:
    """Refuse what is asked for beside a prompt that says otherwise."""
    has = (spec.format, spec.variant, spec.template.name if spec.template else None)
    for option, wanted, there in zip(("--format", "--variant", "--template"), (format_name, variant, template), has):
        if wanted is not None and wanted != there:
            raise LmnError(f"{name}: its prompt has {option.strip('-')} {there}, and not {wanted}; leave {option} out")


def pull_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add `--adapter` and what goes with it, handed over as `pull` (Pull, or None for a recipe)."""

    @click.option(
        "--adapter", help="Score this adapter without a recipe: a folder that training has written, or a Hub id."
    )
    @click.option("--revision", help="Branch, tag or commit of the --adapter on the Hub. [default: main]")
    @click.option(
        "--base-model",
        "--base",
        "base",
        help="Its base model, folder or Hub id. [default: that of adapter_config.json]",
    )
    @click.option(
        "--prompt",
        type=click.Path(path_type=Path),
        help="Its prompt. [default: prompt_spec.json beside it; else the instruction of the corpus's card]",
    )
    @click.option("--template", help="LLaMA-Factory's name of its chat template, where it has no prompt_spec.json.")
    @wraps(command)
    def wrapped(
        *args: Any, adapter: str | None, revision: str | None, base: str | None, prompt: Path | None, template: str | None,
        **kwargs: Any,
    ) -> R:  # fmt: skip
        if adapter is None:
            refuse(_PULLING, "is for --adapter")
            return command(*args, pull=None, **kwargs)
        refuse(_WITH_RECIPE, "does not go with --adapter, which stands for a recipe and its training")
        if prompt and template:
            raise click.UsageError(
                "--template is for an adapter without a prompt, and --prompt names one; leave one of them out"
            )
        if kwargs["corpus"] is None:
            raise click.UsageError("--adapter NAME is scored on a corpus; name one with --corpus CARD")
        return command(*args, pull=Pull(adapter, revision, base, prompt, template), **kwargs)

    return wrapped
