"""Common parts of all commands: errors without tracebacks, and refusal of options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
from click.core import ParameterSource

from ..errors import LmnError
from ..masking import keep_environment

P = ParamSpec("P")
R = TypeVar("R")

recipe_option = click.option(
    "--recipe",
    "recipe_path",
    type=click.Path(path_type=Path),
    help="Recipe. [default: the only one under recipes/ that is trained]",
)
"""The recipe, in every command that takes one; for `choose_recipe`."""


def refuse(options: Mapping[str, str], why: str) -> None:
    """Raise a usage error for the first of these options that was given on the command line.

    Args:
        options: Options as they are written, by the name of their parameter.
        why: Rest of the message, after the option.

    Raises:
        click.UsageError: One of the options was given; the message names it and says why it is not allowed.
    """
    context = click.get_current_context()
    for parameter, option in options.items():
        if context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} {why}")


def catch_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn an `LmnError`, or a file that cannot be made or opened, into one line on standard error and exit status 1.

    The secrets of the environment are masked from then on.
    """

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        keep_environment()
        try:
            return command(*args, **kwargs)
        except LmnError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise  # the reader has gone (`| head`): click ends quietly
        except OSError as error:
            raise click.ClickException(f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")) from error

    return wrapped
