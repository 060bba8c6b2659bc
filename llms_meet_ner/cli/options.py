"""Common parts of all commands: errors without tracebacks, and refusal of options."""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
import cloup
from click.core import ParameterSource

from ..errors import LmnError

P = ParamSpec("P")
R = TypeVar("R")

recipe_option = click.option(
    "--recipe",
    "recipe_path",
    type=click.Path(path_type=Path),
    help="Recipe: a YAML file, or the name of a packaged one (lmn-recipes). [default: the only one that is trained]",
)
"""The recipe, in every command that takes one; for `choose_recipe`."""

trust_option = cloup.option(
    "--trust-remote-code",
    is_flag=True,
    help="Run Python code that comes with the base model. Read it first: it can do what you can.",
)
"""The only way to let code of a model run, in every command that loads one."""

allow_cut_option = cloup.option(
    "--allow-cut",
    is_flag=True,
    help="Train although the recipe's cutoff_len cuts examples. Without it, that is an error.",
)
"""The only way to train on examples that are cut, in every command that trains."""


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


def typed_again(name: str, without: Collection[str] = ()) -> str:
    """Return the command line of the current command, for a message that tells a user to repeat it.

    Args:
        name: Command with its subcommand, as `lmn-convert mix`.
        without: Names of parameters to leave out.
    """
    context = click.get_current_context()
    words = name.split()
    for parameter in context.command.params:
        given = context.params.get(parameter.name or "")
        if context.get_parameter_source(parameter.name or "") is not ParameterSource.COMMANDLINE:
            continue
        if parameter.name in without:
            continue
        values = given if isinstance(given, tuple) else (given,)
        if not isinstance(parameter, click.Option):
            words += map(str, values)
        elif parameter.is_flag:
            words.append((parameter.opts if given else parameter.secondary_opts)[0])
        else:
            words += [word for value in values for word in (parameter.opts[0], str(value))]
    return shlex.join(words)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that temporary files are removed and trainings end; the exit status is 143.

    Outside of the main thread, which alone hears signals, the block runs as it is.
    """

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def catch_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn an `LmnError`, or a file that cannot be made or opened, into one line on standard error and exit status 1.

    SIGTERM ends the command as Ctrl-C does.
    """

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with ended_by_sigterm():
                return command(*args, **kwargs)
        except LmnError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise  # the reader has gone (`| head`): click ends quietly
        except OSError as error:
            raise click.ClickException(f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")) from error

    return wrapped
