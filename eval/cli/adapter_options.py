"""The options of `lmn-eval --adapter`: an adapter, a merged model or a student, in a folder or on the Hub, without its recipe."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...systems.adapter_choice import AdapterChoice

R = TypeVar("R")


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
