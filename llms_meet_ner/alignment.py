"""What became of one generated text when it was read against its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from .sentence import Span

Status = Literal["exact", "repaired", "failed"]
EXACT: Final = "exact"
REPAIRED: Final = "repaired"
FAILED: Final = "failed"
STATUSES: tuple[Status, ...] = (EXACT, REPAIRED, FAILED)


class WrittenEntity(NamedTuple):
    """A generated entity that is not on the gold tokens: its text (of a very long one the beginning) and label as generated."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Alignment:
    """The spans that a generated text puts on the gold tokens, and what had to be done to find them.

    Attributes:
        spans: token positions, end exclusive, sorted as in a `Sentence`.
        status: `exact` when the text is written as its format asks and fits the source; `failed` when nothing could be read
            (it then scores as no spans); else `repaired`.
        reasons: what was found and mended, each a word of `REASONS`, sorted, each at most once.
        ungrounded: entities whose text touches no gold token.
        unknown_labels: entities marked with a label outside the label set, which are not in `spans`.
        dropped: entities that lay inside another (flat corpora) or across one, which are not in `spans`.
    """

    spans: tuple[Span, ...]
    status: Status
    reasons: tuple[str, ...] = ()
    ungrounded: tuple[WrittenEntity, ...] = ()
    unknown_labels: tuple[WrittenEntity, ...] = ()
    dropped: tuple[WrittenEntity, ...] = ()


REASONS: dict[str, str] = {
    "respaced": "nothing but white space or Unicode form differs from what was asked for",
    "loose-markup": "a mark is written otherwise than asked for: spaced, in other case, with attributes, around nothing",
    "changed": "words are written differently",
    "lost": "words of the source are missing",
    "added": "words stand there that the source does not have",
    "unclosed": "a mark opens an entity that no mark closes",
    "unopened": "a mark closes an entity that no mark opens",
    "mismatched": "an entity opens with one label and closes with another; the first one counts",
    "unknown-label": "an entity has a label outside the label set",
    "snapped": "an entity cut a token and was widened to whole tokens",
    "nested": "an entity inside another was dropped, or a doubled one",
    "crossing": "an entity across another was dropped",
    "ungrounded": "an entity touches no token of the source",
    "overlong": "the output ran on far past the source's length; the rest was not read",
    "empty": "the output is empty before the first newline, or nothing but marks",
    "damaged-json": "the output is no JSON; what it would be without the damage was read",
    "loose-json": "well-formed JSON, but with keys, nesting or types that were not asked for",
    "incomplete": "an entity without a text or a label was left out",
    "misnumbered": "an occurrence index or an offset is missing, no whole number, or leads out of the sentence",
    "misplaced": "an entity was put where its offsets lead, though another text stands there",
    "unreadable": "no JSON of the shape that was asked for could be read",
    "unrelated": "the output has too little in common with the source",
}
