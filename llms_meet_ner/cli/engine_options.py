"""The options that choose what generates: the model here, or a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from ..errors import LmnError

R = TypeVar("R")
_SERVER_OPTIONS = {
    "base_url": "--base-url",
    "served_model": "--served-model",
    "concurrency": "--concurrency",
    "timeout": "--timeout",
    "retries": "--retries",
}
_LOCAL_OPTIONS = {"batch_size": "--batch-size", "dtype": "--dtype"}


def engine_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options of engines, handed over as `server` (ServerOptions, or None for the model here)."""

    @click.option(
        "--engine",
        type=click.Choice(["local", "openai"]),
        default="local",
        show_default=True,
        help="local: transformers in this process. openai: any server with OpenAI's protocol; the key from OPENAI_API_KEY.",
    )
    @click.option(
        "--base-url",
        envvar="OPENAI_BASE_URL",
        default="http://localhost:8000/v1",
        show_default=True,
        help="The server's address. [env: OPENAI_BASE_URL]",
    )
    @click.option("--served-model", help="Name of the served model or adapter. [default: the only one that is served]")
    @click.option(
        "--concurrency", type=click.IntRange(min=1), default=8, show_default=True, help="Requests under way at a time."
    )
    @click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=120.0,
        show_default=True,
        help="Seconds to wait for an answer.",
    )
    @click.option(
        "--retries",
        type=click.IntRange(min=0),
        default=5,
        show_default=True,
        help="Times a request is sent again after a time-out, a lost connection, 429 or 5xx.",
    )
    @wraps(command)
    def wrapped(
        *args: object,
        engine: str,
        base_url: str,
        served_model: str | None,
        concurrency: int,
        timeout: float,
        retries: int,
        **kwargs: object,
    ) -> R:
        server: Any = None
        if engine == "openai":
            from ..systems.served import ServerOptions

            refuse(_LOCAL_OPTIONS, "is for --engine local; a server decides that by itself")
            try:
                server = ServerOptions(base_url, served_model, concurrency, timeout, retries)
            except LmnError as error:
                raise click.UsageError(str(error)) from error
        else:
            refuse(_SERVER_OPTIONS, "is for --engine openai")
        return command(*args, server=server, **kwargs)

    return wrapped  # fmt: skip


def served_decoding(decoding: Any, *, served: bool) -> Any:
    """Return the decoding that is asked for; a server's is free, and None is left to the prompt's format.

    Raises:
        click.UsageError: constrained decoding is asked of a server.
    """
    if served and decoding == "constrained":
        raise click.UsageError(
            "--decoding constrained needs the model's logits, which a server does not give; leave it out"
        )
    return "free" if served else decoding


def refuse(options: Mapping[str, str], why: str) -> None:
    """Raise a usage error for the first of the options that stands on the command line.

    Args:
        options: as they are written, by the name of their parameter.
        why: what follows the option in the message.

    Raises:
        click.UsageError: the option, and why it may not stand there.
    """
    context = click.get_current_context()
    for parameter, option in options.items():
        if context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} {why}")
