"""Text of a corpus, made safe to show on a terminal or a page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_SHOWN_AS_CODES = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Cf"}
_JOINERS = "\u200c\u200d"
r"""Invisible characters that belong to the spelling of Persian or to an emoji, so they are not shown as codes."""


def visible(text: str) -> str:
    r"""Return text in which characters that are invisible, move the cursor or change the writing direction are codes: `\u200b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_code(character) if _is_hidden(character) else character for character in text)


def visible_lines(text: str) -> str:
    """Return a text as `visible` does, but keep its line breaks and tabs."""
    return re.sub(r"[^\n\t]+", lambda found: visible(found[0]), text)


def wrapped(text: str, width: int, indent: str = "") -> Iterator[str]:
    """Yield the lines of a text, broken at its spaces; a word that is wider than a line stays whole.

    Args:
        text: Text without line breaks.
        width: Columns of a terminal that a line may take.
        indent: Beginning of all lines but the first.
    """
    from rich.cells import cell_len

    first, *others = text.split(" ")
    line = first
    for word in others:
        if cell_len(line) + 1 + cell_len(word) > width:
            yield line
            line = indent + word
        else:
            line = f"{line} {word}"
    yield line


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _SHOWN_AS_CODES and character not in _JOINERS


def _code(character: str) -> str:
    number = ord(character)
    return f"\\U{number:08x}" if number > 0xFFFF else f"\\u{number:04x}"
