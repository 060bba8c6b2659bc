"""Jinja2 templates of all subpackages. Wherever a template writes a value, the value is escaped unless it is `Markup`.

A template is named by its package below the root, a slash and its file: `rendering/page.html.jinja`,
`eval.report/page.html.jinja`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

_ROOT = __name__.split(".", maxsplit=1)[0]


def source(name: str) -> str:
    """Return the text of a file in a package, such as `rendering/page.css`.

    Raises:
        FileNotFoundError: The package has no such file.
    """
    package, _, file = name.partition("/")
    return files(f"{_ROOT}.{package}").joinpath(file).read_text(encoding="utf-8")


def environment(finalize: Callable[[object], object]) -> Environment:
    """Return an environment that escapes values, and raises an error if a template uses a name that has no value.

    Args:
        finalize: Function that converts each value before it is escaped. If it returns `Markup`, the value is not escaped.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["count"] = count
    made.filters["ratio"] = ratio
    made.filters["place"] = place
    return made


def count(number: int) -> str:
    """Return a count with commas: `1,234`."""
    return f"{number:,}"


def ratio(number: float) -> str:
    """Return a ratio with four digits: `0.1234`."""
    return f"{number:.4f}"


def place(number: float) -> str:
    """Return a coordinate with one digit."""
    return f"{number:.1f}"
