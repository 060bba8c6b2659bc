"""What the commands share: errors without tracebacks, tables that stay whole in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from rich.console import Console
from rich.table import Table

from ..errors import LmnError
from .engine_options import engine_options, served_decoding
from .shot_options import shots_options

P = ParamSpec("P")
R = TypeVar("R")


recipe_option = click.option(
    "--recipe",
    "recipe_path",
    type=click.Path(path_type=Path),
    help="Recipe. [default: the only one under recipes/ that is trained]",
)
"""Which recipe, of every command that takes one; for `choose_recipe`."""


def catch_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn an `LmnError`, or a file that cannot be made or opened, into one line on standard error and exit status 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LmnError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise  # the reader has gone (`| head`): click ends quietly
        except OSError as error:
            raise click.ClickException(f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")) from error

    return wrapped


def print_table(table: Table) -> None:
    """Print a table on standard output: as wide as the terminal, or as wide as it needs in a pipe or a file."""
    width = None if sys.stdout.isatty() else max(80, Console(width=10_000).measure(table).maximum)
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)


def predict_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options of a prediction run, handed over as `options` (PredictOptions) and `restart`.

    A decoding that is not asked for is None in them, until the prompt's format is known.
    """

    @click.option(
        "--decoding",
        type=click.Choice(["constrained", "free"]),
        help="constrained: the sentence with markup and nothing else. free: plain greedy, as published numbers were made. "
        "[default: constrained, where the format writes the sentence again; a server's is free]",
    )
    @click.option(
        "--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="Sentences decoded together."
    )
    @click.option(
        "--max-new-tokens",
        type=click.IntRange(min=1),
        help="Bound on a free output. [default: 3 x the sentence's tokens + 32; a server's: bytes + 4 x words + 32; of formats "
        "that do not write the sentence again: an output with every second token an entity, + 32]",
    )
    @click.option(
        "--dtype",
        type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
        default="auto",
        show_default=True,
        help="auto: as trained on CUDA, float32 on a CPU.",
    )
    @click.option("--limit", type=click.IntRange(min=1), help="Only the first N sentences.")
    @click.option("--restart", is_flag=True, help="Discard what an earlier run left.")
    @wraps(command)
    def wrapped(
        *args: object,
        decoding: Any,
        server: Any,
        batch_size: int,
        max_new_tokens: int | None,
        dtype: str,
        shots: Any,
        limit: int | None,
        **kwargs: object,
    ) -> R:
        from ..prediction.run import PredictOptions

        decoding = served_decoding(decoding, served=server is not None)
        options = PredictOptions(decoding, batch_size, max_new_tokens, dtype, shots, limit, server)
        return command(*args, options=options, **kwargs)

    return engine_options(shots_options(catch_errors(wrapped)))
