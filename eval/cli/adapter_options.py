"""The options of `lmn-eval --adapter`: an adapter, a merged model or a student, in a folder or on the Hub, without its recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...data_converters.alpaca import prompt_spec_of
from ...data_converters.cards import Card, load_card
from ...errors import LmnError
from ...formats import DEFAULT_FORMAT
from ...prompting.spec import PROMPT_SPEC_FILE, PromptSpec
from ...systems.finding import ModelFolder, locate_model, read_prompt, with_base
from ...systems.found_model import FoundModel
from ...systems.options import SystemOptions
from ...systems.system import System
from ...terminal import echo
from ..published.results import known_adapter

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class AdapterChoice:
    """An adapter, a merged model or a student to score without its recipe, as the command line names it.

    Attributes:
        name: Folder or Hub id.
        revision: Branch, tag or commit of a Hub id; None for its main branch.
        base: Folder or Hub id of an adapter's base model; None for the one that the adapter names.
        prompt: A `prompt_spec.json`; None for the one next to the weights, or else the prompt of a corpus card.
        template: LLaMA-Factory's name of the chat template, where the prompt is a card's; None if it is known otherwise.
    """

    name: str
    revision: str | None = None
    base: str | None = None
    prompt: Path | None = None
    template: str | None = None

    def system(self, card: Card, format_name: str | None, variant: str | None, options: SystemOptions) -> System:
        """Return the system that it names, downloading an adapter if name is a Hub id.

        Args:
            card: Card of the scored corpus. Its instruction is used if neither the adapter nor the user has a prompt and the adapter is
                not one of the published ones that are known.
            format_name: Output format of that instruction; None for the default.
            variant: Wording of that instruction; None for the card's.
            options: Options of the system.

        Raises:
            LmnError: The adapter or its base model cannot be found, its template is not known, or its prompt has another format,
                variant or template than is asked for.
        """
        found = locate_model(self.name, self.base, self.revision)
        if found.is_student:
            return found.student(
                options, prompt=self.prompt, template=self.template, format=format_name, variant=variant
            )
        return self.model(found, card, format_name, variant, options)

    def model(
        self, found: ModelFolder, card: Card, format_name: str | None, variant: str | None, options: SystemOptions
    ) -> FoundModel:
        """Return the adapter or merged model as a system; arguments and errors are those of `system`, and `found` is its folder."""
        if self.prompt or found.prompt_file.is_file():
            spec = read_prompt(self.prompt or found.prompt_file)
        else:
            spec = self._prompt_of_card(card, format_name, variant)
        self._check_asked(spec, format_name, variant)
        return FoundModel(with_base(found, spec, self.base), options)

    def _prompt_of_card(self, card: Card, format_name: str | None, variant: str | None) -> PromptSpec:
        """Return the prompt to ask a model with that has no prompt of its own."""
        from ...prompting.templates import pieces_of

        known = known_adapter(self.name)
        template = self.template or (known.template if known else None)
        if template is None:
            raise LmnError(
                f"it has no {PROMPT_SPEC_FILE}, and its chat template is unknown", self.name,
                "name it with --template NAME, as its recipe does, or the whole prompt with --prompt FILE",
            )  # fmt: skip
        if known:
            card = load_card(known.card)
            format_name, variant = format_name or known.format, variant or known.variant
        spec = prompt_spec_of(card, format_name or DEFAULT_FORMAT, variant)
        why = f"(published: {known.source})" if known else "(the adapter itself does not say)"
        echo(
            f"{self.name}: the prompt is that of card {card.name}, {spec.format}, {spec.variant}, template {template} {why}",
            err=True,
        )
        return replace(spec, template=pieces_of(template))

    def _check_asked(self, spec: PromptSpec, format_name: str | None, variant: str | None) -> None:
        """Refuse options that say something else than the prompt."""
        has = (spec.format, spec.variant, spec.template.name if spec.template else None)
        asked = (format_name, variant, self.template)
        for option, wanted, there in zip(("format", "variant", "template"), asked, has):
            if wanted is not None and wanted != there:
                raise LmnError(f"its prompt has {option} {there}, and not {wanted}", self.name, f"leave --{option} out")


def adapter_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add what goes with `--adapter`; both are handed over as `adapter` (AdapterChoice, or None for a recipe or a file)."""

    @cloup.option_group(
        "Adapter without its recipe",
        cloup.option("--revision", help="Branch, tag or commit of the --adapter on the Hub. [default: main]"),
        cloup.option(
            "--base-model",
            "--base",
            "base",
            help="Base model of the adapter, folder or Hub id. [default: the one in adapter_config.json]",
        ),
        cloup.option(
            "--prompt",
            type=click.Path(path_type=Path),
            help="Prompt file. [default: prompt_spec.json next to the weights, otherwise the instruction of the corpus card]",
        ),
        cloup.option("--template", help="LLaMA-Factory's name of the chat template, if there is no prompt_spec.json."),
    )
    @wraps(command)
    def wrapped(
        *args: Any, adapter: str | None, revision: str | None, base: str | None, prompt: Path | None, template: str | None,
        **kwargs: Any,
    ) -> R:  # fmt: skip
        choice = None if adapter is None else AdapterChoice(adapter, revision, base, prompt, template)
        return command(*args, adapter=choice, **kwargs)

    return wrapped
