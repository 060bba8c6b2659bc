"""HTML from templates: whole pages, which load nothing, and pieces of them. Hidden characters show as codes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from .templates import environment, source
from .text import visible

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def html_environment() -> Environment:
    """Return the environment of all HTML templates. In them, `file` writes a file and `script_hash` the hash of a script."""
    made = environment(_shown)
    made.globals.update(file=_file, script_hash=script_hash)
    return made


def html(name: str, **values: object) -> Markup:
    """Render a template."""
    return Markup(html_environment().get_template(name).render(values))


def page(name: str, **values: object) -> Iterator[str]:
    """Render a template, and yield it part by part."""
    return html_environment().get_template(name).generate(values)


def script_hash(name: str) -> str:
    """Return the hash that identifies a script in a content security policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(source(name).encode()).digest()).decode()}"


def _shown(value: object) -> object:
    """Return a text with codes for hidden characters; markup and numbers as they are."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _file(name: str) -> Markup:
    """Return the text of a file of a package, a style or a script, as markup."""
    return Markup(source(name))
