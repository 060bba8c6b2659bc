"""What the commands share: errors without tracebacks, tables that stay whole in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from rich.console import Console
from rich.table import Table

from .errors import LmnError

P = ParamSpec("P")
R = TypeVar("R")


def catch_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn an `LmnError` into one line on standard error and exit status 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LmnError as error:
            raise click.ClickException(str(error)) from error

    return wrapped


def print_table(table: Table) -> None:
    """Print a table on standard output: as wide as the terminal, or as wide as it needs in a pipe or a file."""
    width = None if sys.stdout.isatty() else max(80, Console(width=10_000).measure(table).maximum)
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)
