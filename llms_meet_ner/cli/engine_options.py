"""The options that choose what generates: the model here, or a server."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
import cloup

from ..decoding.grammar import MAX_DEPTH
from ..decoding.server_grammar.dialects import AUTO_GRAMMAR, GRAMMAR_CHOICES, GrammarChoice
from ..decoding.server_grammar.sentence import DEFAULT_DEPTH
from ..errors import LmnError
from ..systems.server import DEFAULT_CONCURRENCY, DEFAULT_RETRIES, DEFAULT_TIMEOUT, DEFAULT_URL, OPENAI, ServerOptions
from .options import refuse

R = TypeVar("R")
LOCAL = "local"
_SERVER_OPTIONS = {
    "base_url": "--base-url",
    "served_model": "--served-model",
    "concurrency": "--concurrency",
    "timeout": "--timeout",
    "retries": "--retries",
    "grammar": "--grammar",
    "grammar_depth": "--grammar-depth",
}
_LOCAL_OPTIONS = {
    "batch_size": "--batch-size",
    "dtype": "--dtype",
    "trust_remote_code": "--trust-remote-code",
    "quantise": "--quantize",
}

_engine_options = cloup.option_group(
    "Server",
    cloup.option(
        "--engine", type=click.Choice([LOCAL, OPENAI]), default=LOCAL, show_default=True,
        help="local: transformers in this process. openai: any server with OpenAI's protocol; the key from OPENAI_API_KEY.",
    ),
    cloup.option(
        "--base-url", envvar="OPENAI_BASE_URL", default=DEFAULT_URL, show_default=True,
        help="Address of the server. [env: OPENAI_BASE_URL]",
    ),
    cloup.option("--served-model", help="Name of the served model or adapter. [default: the only one that is served]"),
    cloup.option(
        "--concurrency", type=click.IntRange(min=1), default=DEFAULT_CONCURRENCY, show_default=True,
        help="Number of requests in flight.",
    ),
    cloup.option(
        "--timeout", type=click.FloatRange(min=0, min_open=True), default=DEFAULT_TIMEOUT, show_default=True,
        help="Seconds for a request as a whole; each retry has as many.",
    ),
    cloup.option(
        "--retries", type=click.IntRange(min=0), default=DEFAULT_RETRIES, show_default=True,
        help="Number of times to repeat a request after a time-out, a lost connection, 429 or 5xx.",
    ),
    cloup.option(
        "--grammar", type=click.Choice(GRAMMAR_CHOICES), default=AUTO_GRAMMAR, show_default=True,
        help="How the server takes the grammar of a sentence, with --decoding constrained. auto: as its list of models says. none: not at "
        "all, for --decoding free.",
    ),
    cloup.option(
        "--grammar-depth", type=click.IntRange(1, MAX_DEPTH),
        help=f"Number of entities that may be open at once in that grammar, where entities nest. [default: {DEFAULT_DEPTH}]",
    ),
)  # fmt: skip


def engine_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options of engines, handed over as `server` (ServerOptions, or None for the model here)."""

    @wraps(command)
    def wrapped(
        *args: Any, engine: str, base_url: str, served_model: str | None, concurrency: int, timeout: float, retries: int,
        grammar: GrammarChoice, grammar_depth: int | None, **kwargs: Any,
    ) -> R:  # fmt: skip
        server = None
        if engine == OPENAI:
            refuse(_LOCAL_OPTIONS, "is for --engine local; a server decides that by itself")
            try:
                server = ServerOptions(base_url, served_model, concurrency, timeout, retries, grammar, grammar_depth)
            except LmnError as error:
                raise click.UsageError(str(error)) from error
        else:
            refuse(_SERVER_OPTIONS, "is for --engine openai")
        return command(*args, server=server, **kwargs)

    return _engine_options(wrapped)
