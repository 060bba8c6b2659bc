"""Characters that text of strangers may hold and that do harm: control characters, lone surrogates, marks that reorder a line."""

from __future__ import annotations

import unicodedata

_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates; the plain direction marks U+200E and U+200F, which real text holds, are not among them."""
_HARMFUL = frozenset(("Cc", "Cs", "Zl", "Zp"))
"""Unicode categories: control characters, surrogates, line and paragraph separators."""


def is_harmful(character: str) -> bool:
    """Return whether a character is a control character, a surrogate, a separator of lines, or one that reorders a line."""
    return unicodedata.category(character) in _HARMFUL or character in _REORDERING


def harmful_in(text: str) -> str | None:
    """Return the first harmful character of a text as `U+001B`; None if it holds none."""
    if text.isprintable():
        return None  # a fast answer for nearly every text
    return next((f"U+{ord(character):04X}" for character in text if is_harmful(character)), None)


def escaped(text: str, keep: str = "\n\t") -> str:
    r"""Return a text in which harmful characters stand as `\x1b` or `\u202e`, so that a terminal does nothing but show them.

    Args:
        text: The text.
        keep: Characters that stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode() if is_harmful(character) and character not in keep else character
        for character in text
    )


def without_surrogates(text: str) -> tuple[str, int]:
    """Return a text that can be written as UTF-8, and how many lone surrogates in it became U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        kept = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
        return kept, sum("\ud800" <= character <= "\udfff" for character in text)
    return text, 0
