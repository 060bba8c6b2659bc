"""Normal forms of texts, in linear time."""

from __future__ import annotations

import unicodedata

_LONG = 1_000
"""Characters of a text that is normalised in parts; below, a run of combining characters is too short to be slow."""


def nfkc(text: str) -> str:
    """Return a text in Unicode form NFKC.

    Python sorts a run of combining characters in the square of its length. A long text is therefore sorted here first.
    """
    if text.isascii():
        return text
    if len(text) > _LONG:
        text = _sorted(text)
    return unicodedata.normalize("NFKC", text)


def nfkd(text: str) -> str:
    """Return a text in Unicode form NFKD: as in NFKC, but with combining characters on their own."""
    if text.isascii():
        return text
    return _sorted(text) if len(text) > _LONG else unicodedata.normalize("NFKD", text)


def _sorted(text: str) -> str:
    """Return an equivalent text of single characters, each run of combining ones in the order of their classes."""
    found: list[str] = []
    run: list[str] = []
    for character in "".join([unicodedata.normalize("NFKD", character) for character in text]):
        if unicodedata.combining(character):
            run.append(character)
            continue
        if run:
            found += sorted(run, key=unicodedata.combining)
            run = []
        found.append(character)
    return "".join(found + sorted(run, key=unicodedata.combining))


def squeezed(text: str) -> str:
    """Return a text without white space, in form NFKC, with case folded."""
    return "".join(nfkc(text).casefold().split())


def unspaced(text: str) -> str:
    """Return a text without white space, in form NFKC."""
    return "".join(nfkc(text).split())


def folded(text: str) -> str:
    """Return a text with case folded, in form NFKC."""
    return nfkc(text.casefold())
