"""The tags format: `{"tokens": ["Ada", "left"], "ner_tags": ["B-PER", "O"]}`, a tag for each token of the sentence.

It is the answer that estnafinema0/Ner-Extraction asks an LLM for when it marks CoNLL-2003, there with `pos_tags` and `chunk_tags`, too.
These keys are read over. The tags are those of IOB2, so of nested entities only the outermost are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..alignment import EXACT, FAILED, REPAIRED, Alignment, WrittenEntity
from ..labels import OUTSIDE, LabelSet
from ..sentence import Sentence, Span, without_nested
from ..tags import decode, encode
from .candidates import failed_alignment
from .grounding import ground
from .json_format import JsonFormat
from .json_text import Number, dump, load
from .markup import Mark

TOKENS_KEY, TAGS_KEY = "tokens", "ner_tags"
PASSED_KEYS = ("pos_tags", "chunk_tags")
"""Keys of the published answer that are read over."""
_KEYS = {TOKENS_KEY, TAGS_KEY, *PASSED_KEYS}
_TAG = re.compile(r"(?P<prefix>[BIESULMWbiesulmw])[-_](?P<label>.+)", re.DOTALL)
_BEGINS = frozenset("BSUW")
_SPARE = 100
"""Tokens of an output that are read at most: twice those of the sentence, and so many more."""
_MAX_QUOTED = 500
"""Characters of an entity's text that are kept if it is not on the tokens."""


class _Tagged(NamedTuple):
    """The two lists of an output.

    Attributes:
        tokens: Tokens as they are written.
        tags: Tags of IOB2, one for each; a label may be outside the label set.
    """

    tokens: tuple[str, ...]
    tags: list[str]


class TagsFormat(JsonFormat):
    """Writes the tokens of the sentence and a tag for each.

    An output whose tokens are those of the sentence is read by position. If they differ, its text is aligned with that of the sentence, as
    for the inline formats.
    """

    name = "tags"
    _task = (
        'Tag every token of the input sentence. Answer on one line with a JSON object: under "tokens" an array of the tokens, as the '
        'sentence has them, and under "ner_tags" an array with a tag for each of them: B- and a label for the first token of a named '
        "entity, I- and the label for its other tokens, and O for all other tokens. Use only the label tags defined in the Label Set below."
    )
    _task_in_short = "Tag tokens as JSON with tokens and ner_tags: B-LABEL, I-LABEL or O"

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write the tokens and tags of a sentence; of nested entities, the outermost."""
        tags = encode(without_nested(sentence.spans), len(sentence.tokens))
        return dump({TOKENS_KEY: list(sentence.tokens), TAGS_KEY: tags})

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        """Read a generated text against the tokens of its sentence, up to its first newline.

        If there are as many tags as the sentence has tokens, but other tokens or none, the tags are read by position, unless the output's
        own tokens say better where they belong. Other numbers cannot be read: the reason is `miscounted`.
        """
        loaded = load(text)
        reasons = set(loaded.reasons)
        found = _lists(loaded.value, reasons)
        if found is None:
            return failed_alignment(reasons)
        tagged = _tagged(*found, tokens, labels, reasons)
        if tagged is None:
            return Alignment((), FAILED, tuple(sorted({*reasons, "miscounted"})))
        spans, invalid = decode(tagged.tags, "IOB2", "conlleval")
        if invalid:
            reasons.add("mistagged")
        if tagged.tokens == tokens:
            return _by_position(spans, tokens, labels, reasons)
        aligned = ground(_pieces(tagged.tokens, spans), tokens, labels, nested=False, loose_markup=False)
        return replace(aligned, reasons=tuple(sorted({*aligned.reasons, *reasons}))) if reasons else aligned

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether another annotation of the same tokens renders to the same text: one with another entity inside these."""
        last = max(labels.names)
        return self.nested and any(
            span.end - span.start > 1 or span.label < last for span in without_nested(sentence.spans)
        )


def _lists(value: Any, reasons: set[str]) -> tuple[list[Any] | None, list[Any]] | None:
    """Return the tokens, if there are any, and the tags of a JSON value; None if it has no list of tags."""
    if isinstance(value, list) and len(value) == 1:
        reasons.add("loose-json")
        value = value[0]
    if not isinstance(value, dict) or not isinstance(value.get(TAGS_KEY), list):
        return None
    if not value.keys() <= _KEYS:
        reasons.add("loose-json")
    tokens = value.get(TOKENS_KEY)
    return (tokens if isinstance(tokens, list) else None), value[TAGS_KEY]


def _tagged(
    written: list[Any] | None, raw: list[Any], tokens: tuple[str, ...], labels: LabelSet, reasons: set[str]
) -> _Tagged | None:  # fmt: skip
    """Return the tokens and tags of an output; None if their numbers leave open which tag belongs to which token."""
    most = 2 * len(tokens) + _SPARE
    if max(len(raw), len(written or ())) > most:
        reasons.add("overlong")
        raw, written = raw[:most], written and written[:most]
    known = {name.casefold(): name for name in reversed(labels.names)}
    tags = [_tag(tag, known, reasons) for tag in raw]
    if written is not None and len(written) == len(tags):
        if not all(isinstance(token, str) for token in written):
            reasons.add("loose-json")
        return _Tagged(tuple(token if isinstance(token, str) else "" for token in written), tags)
    if len(tags) != len(tokens):
        return None
    reasons.add("loose-json" if written is None else "miscounted")
    return _Tagged(tokens, tags)


def _tag(raw: Any, known: dict[str, str], reasons: set[str]) -> str:
    """Return a tag as IOB2 has it; what is no tag is `O`.

    Args:
        raw: Tag as it is written.
        known: Labels by their names in small letters.
        reasons: Takes `mistagged` if the tag is not written as asked for.
    """
    if raw == OUTSIDE:
        return OUTSIDE
    text = raw.strip() if isinstance(raw, str) and not isinstance(raw, Number) else ""
    match = _TAG.fullmatch(text)
    if match:
        label = known.get(match["label"].casefold(), match["label"])
        tag = f"{'B' if match['prefix'].upper() in _BEGINS else 'I'}-{label}"
    else:
        tag = f"I-{known[text.casefold()]}" if text.casefold() in known else OUTSIDE
    if tag != raw:
        reasons.add("mistagged")
    return tag


def _by_position(spans: Sequence[Span], tokens: tuple[str, ...], labels: LabelSet, reasons: set[str]) -> Alignment:
    """Return the alignment of spans on the tokens of the sentence."""
    unknown = tuple(
        WrittenEntity(" ".join(tokens[span.start : span.end])[:_MAX_QUOTED], span.label[:_MAX_QUOTED])
        for span in spans if span.label not in labels
    )  # fmt: skip
    if unknown:
        reasons.add("unknown-label")
    kept = tuple(span for span in spans if span.label in labels)
    return Alignment(kept, REPAIRED if reasons else EXACT, tuple(sorted(reasons)), unknown_labels=unknown)


def _pieces(tokens: tuple[str, ...], spans: Sequence[Span]) -> list[str | Mark]:
    """Return written tokens as the pieces of an inline output, with a mark before and after each entity."""
    pieces: list[str | Mark] = []
    at = 0
    for span in spans:
        pieces.append(" ".join([*tokens[at : span.start], ""]))
        pieces.append(Mark("", span.label, opens=True, literal=False))
        pieces.append(" ".join(tokens[span.start : span.end]))
        pieces.append(Mark("", span.label, opens=False, literal=False))
        at = span.end
    pieces.append(" ".join(["", *tokens[at:]]))
    return pieces
