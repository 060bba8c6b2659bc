"""Text that others wrote, put into Markdown so that it shows as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ACTIVE = re.compile(r"[\\`*_\[\]|~$&<>]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_SPACE = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
_OPENING = re.compile(r"(\d+)([.)])(?=\s|$)|([-+#=!:])")
_LINK = re.compile(r"(?i)(https?|ftp)(://)|(www)(\.)")
_FOLDERS = re.compile(r"(?<![\w.~/\\-])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\:]+[/\\])*(?=[^\s/\\:])")
_SAFE_URL = re.compile(r"https?://[^\s<>\"'`\\()|]+")


def escaped(text: object) -> str:
    """Return a text as it is to show within a line: no markup, no link, no line break; control characters become U+FFFD."""
    line = _SPACE.sub(" ", _CONTROL.sub("\ufffd", str(text))).strip()
    line = _ACTIVE.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), line)
    line = _LINK.sub(lambda found: f"{found[1] or found[3]}\\{found[2] or found[4]}", line)
    return _OPENING.sub(_unlisted, line, count=1) if _OPENING.match(line) else line


def _unlisted(found: re.Match[str]) -> str:
    """Escape what begins a list, a heading or the like."""
    return f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}"


def fenced(text: str, language: str = "") -> str:
    """Return a block in which a text stands literally, whatever back-ticks it holds; control characters become U+FFFD."""
    literal = _CONTROL.sub("\ufffd", re.sub(r"\r\n?|[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]", "\n", text))
    longest = max((len(run) for run in re.findall("`+", literal)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{literal}\n{fence}"


def linked(text: object, url: str) -> str:
    """Return a link, or the bare text where the address is none that a browser should follow."""
    return f"[{escaped(text)}](<{url}>)" if _SAFE_URL.fullmatch(url) else escaped(text)


def without_folders(text: str) -> str:
    """Return a message in which absolute paths have lost their folders: where something lay is one machine's."""
    return _FOLDERS.sub("", text)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; every cell is escaped."""
    lines = [header, ["---"] * len(header)]
    cells = [[escaped(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *cells])
