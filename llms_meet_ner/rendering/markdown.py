"""Markdown in which foreign text shows literally, made from templates (`*.md.jinja`) or piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from .tables import Table
from .templates import environment
from .text import visible, visible_lines

if TYPE_CHECKING:
    from jinja2 import Environment

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ACTIVE = re.compile(r"[\\`*_\[\]|~$#&<>]|:(?=//)|(?<=[wW]{3})\.")
_SPACE = re.compile(r"[ \t\n\r\v\f]+")
_LINE_END = re.compile(r"\r\n?|[\v\f]")
_OPENING = re.compile(r"(\d+)([.)])(?=\s|$)|([-+=:])(?=[-=:]*(?:\s|$))")
_FOLDERS = re.compile(r"(?<![\w.~/\\-])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\:]+[/\\])*(?=[^\s/\\:])")
_SAFE_URL = re.compile(r"https?://[^\s<>\"'`\\()|]+")


@cache
def markdown_environment() -> Environment:
    """Return the environment of all Markdown templates, in which they can call the functions of this module."""
    made = environment(_shown)
    made.globals.update(bullets=bullets, code=code, fenced=fenced, linked=linked, table=table)
    return made


def markdown(name: str, **values: object) -> str:
    """Render a template. Each value is escaped, unless a function of this module made it."""
    return markdown_environment().get_template(name).render(values)


def _shown(value: object) -> Markup:
    return value if isinstance(value, Markup) else escaped(value)


def escaped(text: object) -> Markup:
    """Escape a text for a line of Markdown: no markup, no link, no line break; hidden characters become codes.

    Sites may still interpret plain text afterwards, such as mentions of users.
    """
    line = _inactive(text)
    return Markup(_OPENING.sub(_unlisted, line, count=1) if _OPENING.match(line) else line)


def _inactive(text: object) -> str:
    """Escape a text for the middle of a line, where no list or heading can begin."""
    line = visible(_SPACE.sub(" ", str(text))).strip()
    return _ACTIVE.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), line)


def _cell(value: object) -> str:
    return value if isinstance(value, Markup) else _inactive(value)


def _unlisted(found: re.Match[str]) -> str:
    """Escape the characters that would begin a list, a heading or the like."""
    return f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}"


def fenced(text: str, language: str = "") -> Markup:
    """Return a code block that shows a text literally, whatever back-ticks it holds; hidden characters become codes."""
    literal = visible_lines(_LINE_END.sub("\n", text))
    longest = max((len(run) for run in re.findall("`+", literal)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markup(f"{fence}{language}\n{literal}\n{fence}")


def code(text: object) -> Markup:
    """Return a text as code within a line, whatever back-ticks it holds. Do not use it in a table, where a bar would end the cell."""
    line = visible(_SPACE.sub(" ", str(text))).strip() or " "
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    fence = "`" * (longest + 1)
    return Markup(f"{fence}{space}{line}{space}{fence}")


def linked(text: object, url: str) -> Markup:
    """Return a link, or the bare text if the address is not a safe one."""
    return Markup(f"[{escaped(text)}](<{url}>)") if _SAFE_URL.fullmatch(url) else escaped(text)


def bullets(lines: Iterable[object]) -> Markup:
    """Return a list, each line escaped."""
    return Markup("\n".join(f"- {_shown(line)}" for line in lines))


def without_folders(text: str) -> str:
    """Remove the folders from the absolute paths in a message, because they mean something on one machine only."""
    return _FOLDERS.sub("", text)


def table(shown: Table) -> Markup:
    """Return a table with its notes below. Each cell is escaped, unless a function of this module made it.

    The title goes into the first cell of the header if that cell is empty.
    """
    first, *others = shown.header
    header = (first or shown.title, *others)
    rule = "---" + ("|---:" if shown.numbers else "|---") * len(others)
    head, *body = (f"| {' | '.join(map(_cell, row))} |" for row in (header, *shown.rows))
    notes = bullets(shown.notes) if len(shown.notes) > 1 else "".join(map(_shown, shown.notes))
    return Markup("\n".join([head, f"|{rule}|", *body]) + f"\n\n{notes}" * bool(notes))
