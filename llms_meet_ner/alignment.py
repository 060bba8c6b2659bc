"""The result of reading one generated text against its sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from .sentence import Span
from .typed_json import written_as_list

Status = Literal["exact", "repaired", "failed"]
EXACT: Final = "exact"
REPAIRED: Final = "repaired"
FAILED: Final = "failed"
STATUSES: tuple[Status, ...] = (EXACT, REPAIRED, FAILED)


class WrittenEntity(NamedTuple):
    """An entity as an output writes it, not on the tokens of the sentence.

    Attributes:
        text: Text of the entity; only the beginning of a very long one.
        label: Label of the entity, inside the label set or not.
    """

    text: str
    label: str


written_as_list(WrittenEntity)


@dataclass(frozen=True, slots=True)
class Alignment:
    """The spans that a generated text marks on the tokens of its sentence, and what it took to find them.

    Attributes:
        spans: Token positions, end exclusive, sorted as in a `Sentence`.
        status: `exact` if the text is written as its format asks and fits the sentence; `failed` if nothing could be read, which
            scores as no spans; `repaired` otherwise.
        reasons: Faults that were found and repaired, as words of `REASONS`, sorted and each at most once.
        ungrounded: Entities whose text matches no token of the sentence.
        unknown_labels: Entities with a label outside the label set; they are not in `spans`.
        dropped: Entities inside another one (in flat corpora) or across another one; they are not in `spans`.
    """

    spans: tuple[Span, ...]
    status: Status
    reasons: tuple[str, ...] = ()
    ungrounded: tuple[WrittenEntity, ...] = ()
    unknown_labels: tuple[WrittenEntity, ...] = ()
    dropped: tuple[WrittenEntity, ...] = ()


def joined(parts: Sequence[tuple[int, Alignment]]) -> Alignment:
    """Return the alignment of a sentence, given those of its pieces.

    Args:
        parts: For each piece, in order, the position of its first token in the sentence, and its alignment.
    """
    alignments = [alignment for _, alignment in parts]
    statuses = {alignment.status for alignment in alignments}
    return Alignment(
        tuple(
            replace(span, start=span.start + start, end=span.end + start)
            for start, alignment in parts
            for span in alignment.spans
        ),
        statuses.pop() if len(statuses) == 1 else REPAIRED,
        tuple(sorted({reason for alignment in alignments for reason in alignment.reasons})),
        tuple(entity for alignment in alignments for entity in alignment.ungrounded),
        tuple(entity for alignment in alignments for entity in alignment.unknown_labels),
        tuple(entity for alignment in alignments for entity in alignment.dropped),
    )


REASONS: dict[str, str] = {
    "respaced": "only white space or Unicode form differs from what was asked for",
    "loose-markup": "a mark differs from what was asked for: it has spaces, other case or attributes, or encloses nothing",
    "changed": "words are written differently",
    "lost": "words of the sentence are missing",
    "added": "the output has words that the sentence does not have",
    "unclosed": "a mark opens an entity that no mark closes",
    "unopened": "a mark closes an entity that no mark opens",
    "mismatched": "an entity opens with one label and closes with another; the first one counts",
    "unknown-label": "an entity has a label outside the label set",
    "snapped": "an entity cut a token and was widened to whole tokens",
    "nested": "an entity inside another one, or equal to it, was dropped",
    "crossing": "an entity across another one was dropped",
    "ungrounded": "an entity matches no token of the sentence",
    "overlong": "the output is far longer than the sentence allows; the rest was not read",
    "approximate": "an exact reading would take too many steps; a faster one was used, which may miss entities or their best places",
    "empty": "the output is empty up to its first newline, or holds only marks",
    "damaged-json": "the output is not JSON; it was read as the JSON it would be without the damage",
    "loose-json": "the output is well-formed JSON with keys, nesting or types that were not asked for",
    "incomplete": "an entity without a text or a label was left out",
    "misnumbered": "an occurrence index or an offset is missing, not a whole number, or outside the sentence",
    "misplaced": "an entity was put where its offsets point, though the sentence has another text there",
    "mistagged": "a tag is not one that its scheme has there; it was read as conlleval reads it, or as O if it is no tag",
    "miscounted": "a list of tags is not as long as its list of tokens; tags as many as the sentence has tokens were read by position",
    "unreadable": "the output holds no JSON of the shape that was asked for",
    "unrelated": "the output has too little in common with the sentence",
    "blank-line": "blank lines before the answer were left out",
    "thought": "a block of thinking before the answer was left out",
    "unended-thought": "the output begins a block of thinking that does not end",
    "introduced": "words before the answer were left out, which introduce it",
    "closing-remark": "words after the answer, on its line, were left out",
    "fenced": "the marks of a code block around the answer were left out",
    "quoted": "quotes, bold marks or a tag around the whole answer were left out",
    "several-lines": "JSON over several lines was read as one line",
    "turn-token": "the text of tokens that begin or end a turn was left out",
}
"""Why an alignment is not exact, by the words in its `reasons`."""
