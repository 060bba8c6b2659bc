"""Text that others wrote, put into Markdown so that it shows as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .text import visible

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ACTIVE = re.compile(r"[\\`*_\[\]|~$#&<>]|:(?=//)|(?<=[wW]{3})\.")
_SPACE = re.compile(r"[ \t\n\r\v\f]+")
_LINE_END = re.compile(r"\r\n?|[\v\f]")
_OPENING = re.compile(r"(\d+)([.)])(?=\s|$)|([-+=:])(?=[-=:]*(?:\s|$))")
_FOLDERS = re.compile(r"(?<![\w.~/\\-])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\:]+[/\\])*(?=[^\s/\\:])")
_SAFE_URL = re.compile(r"https?://[^\s<>\"'`\\()|]+")


def escaped(text: object) -> str:
    """Return a text as Markdown shows it within a line: no markup, no link to a page, no line break; hidden characters as codes.

    What sites make of plain text afterwards, such as mentions, is not in Markdown's hands.
    """
    line = visible(_SPACE.sub(" ", str(text))).strip()
    line = _ACTIVE.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), line)
    return _OPENING.sub(_unlisted, line, count=1) if _OPENING.match(line) else line


def _unlisted(found: re.Match[str]) -> str:
    """Escape what begins a list, a heading or the like."""
    return f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}"


def fenced(text: str, language: str = "") -> str:
    """Return a block in which a text stands literally, whatever back-ticks it holds; hidden characters stand as codes."""
    literal = re.sub(r"[^\n\t]+", lambda found: visible(found[0]), _LINE_END.sub("\n", text))
    longest = max((len(run) for run in re.findall("`+", literal)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{literal}\n{fence}"


def linked(text: object, url: str) -> str:
    """Return a link, or the bare text where the address is none that a browser should follow."""
    return f"[{escaped(text)}](<{url}>)" if _SAFE_URL.fullmatch(url) else escaped(text)


def without_folders(text: str) -> str:
    """Return a message in which absolute paths have lost their folders: where something lay is one machine's."""
    return _FOLDERS.sub("", text)


def table(header: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: bool = False) -> str:
    """Return a table; every cell is escaped. With `numbers`, all columns but the first are flush right."""
    rule = "---" + ("|---:" if numbers else "|---") * (len(header) - 1)
    first, *others = (f"| {' | '.join(map(escaped, row))} |" for row in [header, *rows])
    return "\n".join([first, f"|{rule}|", *others])
