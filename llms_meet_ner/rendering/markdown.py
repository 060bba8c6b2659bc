"""Markdown in which text that others wrote shows as it is: from templates (`*.md.jinja`), or piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from .tables import Table
from .templates import environment
from .text import visible, visible_lines

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ACTIVE = re.compile(r"[\\`*_\[\]|~$#&<>]|:(?=//)|(?<=[wW]{3})\.")
_SPACE = re.compile(r"[ \t\n\r\v\f]+")
_LINE_END = re.compile(r"\r\n?|[\v\f]")
_OPENING = re.compile(r"(\d+)([.)])(?=\s|$)|([-+=:])(?=[-=:]*(?:\s|$))")
_FOLDERS = re.compile(r"(?<![\w.~/\\-])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\:]+[/\\])*(?=[^\s/\\:])")
_SAFE_URL = re.compile(r"https?://[^\s<>\"'`\\()|]+")


@cache
def markdown_environment() -> Environment:
    """Return the one environment of Markdown templates, in which the functions of this module are known."""
    made = environment(_shown)
    made.globals.update(bullets=bullets, code=code, fenced=fenced, linked=linked, table=table)
    return made


def markdown(name: str, **values: object) -> str:
    """Return what a template makes of values. Each value is escaped, unless a function of this module made it."""
    return markdown_environment().get_template(name).render(values)


def _shown(value: object) -> Markup:
    return value if isinstance(value, Markup) else escaped(value)


def escaped(text: object) -> Markup:
    """Return a text as Markdown shows it within a line: no markup, no link to a page, no line break; hidden characters as codes.

    Sites may still make something of plain text afterwards, such as mentions of users.
    """
    line = _inactive(text)
    return Markup(_OPENING.sub(_unlisted, line, count=1) if _OPENING.match(line) else line)


def _inactive(text: object) -> str:
    """Return a text escaped for the middle of a line, where nothing can begin a list or a heading."""
    line = visible(_SPACE.sub(" ", str(text))).strip()
    return _ACTIVE.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), line)


def _cell(value: object) -> str:
    return value if isinstance(value, Markup) else _inactive(value)


def _unlisted(found: re.Match[str]) -> str:
    """Escape what begins a list, a heading or the like."""
    return f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}"


def fenced(text: str, language: str = "") -> Markup:
    """Return a block in which a text stands literally, whatever back-ticks it holds; hidden characters stand as codes."""
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
    """Return a link, or the bare text where a browser should not follow the address."""
    return Markup(f"[{escaped(text)}](<{url}>)") if _SAFE_URL.fullmatch(url) else escaped(text)


def bullets(lines: Iterable[object]) -> Markup:
    """Return a list, each line escaped."""
    return Markup("\n".join(f"- {_shown(line)}" for line in lines))


def without_folders(text: str) -> str:
    """Return a message in which absolute paths have lost their folders: where a file lay concerns one machine."""
    return _FOLDERS.sub("", text)


def table(shown: Table) -> Markup:
    """Return a table with its notes below. Each cell is escaped, unless a function of this module made it.

    A title stands in the first cell of the header if that is empty.
    """
    first, *others = shown.header
    header = (first or shown.title, *others)
    rule = "---" + ("|---:" if shown.numbers else "|---") * len(others)
    head, *body = (f"| {' | '.join(map(_cell, row))} |" for row in (header, *shown.rows))
    notes = bullets(shown.notes) if len(shown.notes) > 1 else "".join(map(_shown, shown.notes))
    return Markup("\n".join([head, f"|{rule}|", *body]) + f"\n\n{notes}" * bool(notes))
