"""Which columns of a file hold tags, and how they are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from .candidate import are_bare_labels, are_tags, is_tag

_CHUNKS = {"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP", "PNP", "O"}
"""Labels of the chunks of CoNLL-2000 and CoNLL-2003: their column is no column of entities."""
_SYNTAX = re.compile(r"TOP|ROOT|S|NP|VP|PP|V|ARG.*|R-ARG.*|C-ARG.*")
"""Labels of the brackets of CoNLL-2012 that are no entities: phrases, verbs and their arguments."""
_PREFIX = re.compile(r"([BIESULM])([-_])\S")
_SUFFIX = re.compile(r"\S([-_])[BIESULM]")
_BRACKETS = re.compile(r"\(?[^()*\s|]*\*?\)?")
_OPENED = re.compile(r"\(([^()*]+)")
_BARE = {"B", "I", "O", "E", "S", "L", "U", "M"}


class TagColumns(NamedTuple):
    """The columns of tags.

    Attributes:
        levels: Columns of tags, the outer level first; empty if there are none.
        taken: All columns that look like tags, of entities or not.
        keys: Keys of the card's `reader` that say how the tags are written.
    """

    levels: list[int]
    taken: set[int]
    keys: dict[str, Any]


def tag_columns(columns: Sequence[Sequence[str]]) -> TagColumns:
    """Return the columns of tags among the columns of a file."""
    every = range(len(columns))
    keyed = [(at, key) for at in every if (key := _key_of(columns[at]))]
    if keyed:
        return TagColumns([keyed[0][0]], {keyed[0][0]}, {"tag_key": keyed[0][1]})
    empty = {at for at in every if set(columns[at]) == {"O"}}
    tagged = [at for at in every if are_tags(columns[at]) and at not in empty]
    if tagged:
        levels = [at for at in tagged if not {value[2:] or "O" for value in columns[at]} <= _CHUNKS] or tagged
        first = [at for n, at in enumerate(levels) if all(columns[at] != columns[other] for other in levels[:n])]
        return TagColumns(first, {*tagged, *empty}, _form_of(columns[first[0]]))
    bracketed = [at for at in every if _are_brackets(columns[at])]
    if bracketed:
        return TagColumns(bracketed[-1:], set(bracketed), {"scheme": "brackets"})
    bare = [at for at in every if "B" in columns[at] and "O" in columns[at] and set(columns[at]) <= _BARE]
    if bare:
        return TagColumns(bare[-1:], set(bare), {})
    labels = [at for at in every if are_bare_labels(columns[at])]
    if labels:
        return TagColumns(labels[-1:], {*labels[-1:], *empty}, {"scheme": "IO"})
    return TagColumns(sorted(empty)[-1:], set(sorted(empty)[-1:]), {})


def _form_of(values: Sequence[str]) -> dict[str, str]:
    """Return the key that says how tags are written, unless they are written as B-PER."""
    forms: Counter[str] = Counter()
    for value in values:
        if found := _PREFIX.match(value):
            forms[f"B{found[2]}LABEL"] += 1
        elif suffix := _SUFFIX.search(value[-3:]):
            forms[f"LABEL{suffix[1]}B"] += 1
    form = forms.most_common(1)[0][0] if forms else "B-LABEL"
    return {} if form == "B-LABEL" else {"tag_form": form}


def _key_of(values: Sequence[str]) -> str | None:
    """Return the key of the tags in fields like `name=B-PER|SpaceAfter=No`; None if there are none."""
    found: Counter[str] = Counter()
    for value in values:
        for part in value.split("|") if "=" in value else ():
            key, _, tag = part.partition("=")
            if key and tag != "O" and is_tag(tag):
                found[key] += 1
    return found.most_common(1)[0][0] if found else None


def _are_brackets(values: Sequence[str]) -> bool:
    """Return whether values are brackets around entities: `(PER*`, `*`, `*)`, `(LOC)`."""
    if not all(map(_BRACKETS.fullmatch, values)) or not any(value.startswith("(") for value in values):
        return False
    labels = {label for value in values for label in _OPENED.findall(value)}
    return "*" in values and not any(map(_SYNTAX.fullmatch, labels)) and not all(label.isdecimal() for label in labels)
