"""Characters that text of strangers may hold and that do harm: control characters, lone surrogates, marks that reorder a line."""

from __future__ import annotations

import re

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, separators of lines and paragraphs, embeddings, overrides and isolates, surrogates.

The plain direction marks U+200E and U+200F, which real text holds, are not among them.
"""

_LONGEST = 2_000


def is_harmful(character: str) -> bool:
    """Return whether a character is a control character, a surrogate, a separator of lines, or one that reorders a line."""
    return _HARMFUL.match(character) is not None


def harmful_in(text: str) -> str | None:
    """Return the first harmful character of a text as `U+001B`; None if it holds none."""
    found = _HARMFUL.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def escaped(text: str, keep: str = "\n\t") -> str:
    r"""Return a text in which harmful characters stand as `\x1b` or `\u202e`, so that a terminal does nothing but show them.

    Args:
        text: The text.
        keep: Characters that stay as they are.
    """

    def code(found: re.Match[str]) -> str:
        """Return the code of a character that is not kept."""
        return found[0] if found[0] in keep else found[0].encode("unicode_escape").decode()

    return _HARMFUL.sub(code, text)


def without_surrogates(text: str) -> tuple[str, int]:
    """Return a text that can be written as UTF-8, and how many lone surrogates in it became U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        kept = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
        return kept, sum("\ud800" <= character <= "\udfff" for character in text)
    return text, 0


def shortened(text: str) -> str:
    """Return a text of at most 2,000 characters, or its first 2,000 and how many it has; a damaged file may be one line of 50 MB."""
    return f"{text[:_LONGEST]} ... ({len(text):,} characters)" if len(text) > _LONGEST else text
