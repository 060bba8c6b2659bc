"""The category-grouped JSON format: `{"DNA": ["thyroid hormone response element"], "RNA": [], ...}`.

Published by Zhan et al. (2026, arXiv 2601.17898). It says which texts are entities, and not where they stand.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import Any

from ..alignment import Alignment, WrittenEntity
from ..labels import LabelSet
from ..sentence import Sentence
from .assignment import ListedText, TooManyAssignmentsError, assign_loosely, assignments
from .instructions import VARIANTS, instruction_text
from .json_text import Number, dump, load
from .lookup import Candidates, SourceText, TokenRange, failed_alignment, most_candidates

_TASK = (
    "Find every named entity in the input sentence and group them on one line as a JSON object. It has every label tag of the Label "
    "Set below as a key, in that order, and under each an array of its entities, written as the sentence has them and in the order "
    "in which they occur; one that occurs twice is listed twice. A label without an entity has an empty array."
)


class GroupedFormat:
    """The texts of the entities under their labels, each in the order of `outer_first`; every label is a key.

    A text that stands at several places does not say which of them is meant. Parsing takes the leftmost annotation that renders to the
    text: label by label in the order of the keys, each listed text at the first place after the one before it under the same label
    where it can stand beside all others. Other annotations that render alike are lost (`is_ambiguous`).
    """

    name = "grouped"
    variants = VARIANTS

    def __init__(self, nested: bool = False) -> None:
        self.nested = nested

    def instruction(self, labels: LabelSet, variant: str = "full") -> str:
        """Return the instruction text, in words of this package."""
        return instruction_text(self, labels, variant, _TASK, "List entities by label as JSON, every label a key")

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write a sentence's entities.

        Raises:
            ValueError: no label set is given, which says what keys there are, or a span has a label outside it.
        """
        if labels is None:
            raise ValueError("the grouped format writes every label as a key: it takes the label set")
        rows: dict[str, list[str]] = {name: [] for name in labels.names}
        if sentence.spans:
            source = SourceText(sentence.tokens)
            for span in sentence.spans:
                if span.label not in rows:
                    raise ValueError(f"{sentence.id}: {span!r} has a label that is not in the label set")
                rows[span.label].append(source.quote(span))
        return dump(rows)

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        """Read generated text against the tokens of its sentence; all after the first newline is ignored.

        Where the texts cannot all stand together in the order in which they are listed, each takes the next place that is free, and
        one that finds none is dropped: of two that overlap the one that begins first, and of those the longer one, stays in a flat
        format; in a nested one both stay if one holds the other.
        """
        loaded = load(text)
        candidates = Candidates(self.nested, set(loaded.reasons))
        lists = _lists(loaded.value, candidates)
        if lists is None:
            return failed_alignment(candidates.reasons)
        if any(name not in lists for name in labels.names):
            candidates.reasons.add("loose-json")
        mentions = _mentions(lists, labels, most_candidates(tokens, len(labels)), candidates)
        if not (mentions or candidates.unknown_labels) and lists and not any(name in lists for name in labels.names):
            return failed_alignment(candidates.reasons)
        source = SourceText(tokens)
        grounded: list[WrittenEntity] = []
        listed: list[ListedText] = []
        for mention in mentions:
            places, difference = source.find(mention.text)
            if not places:
                candidates.ungrounded.append(mention)
                continue
            if difference:
                candidates.reasons.add(difference)
            grounded.append(mention)
            listed.append(ListedText(mention.label, places))
        for mention, place in zip(grounded, self._arranged(listed)):
            candidates.place(place, mention)
        return candidates.alignment()

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Whether another annotation of the same tokens renders alike: the texts could stand elsewhere too.

        Where the search for another one would take very long the answer is True.
        """
        source = SourceText(sentence.tokens)
        listed = [
            ListedText(name, source.exact_places(source.quote(span)))
            for name in labels.names
            for span in sentence.spans
            if span.label == name
        ]
        try:
            return len(list(islice(assignments(listed, nested=self.nested), 2))) > 1
        except TooManyAssignmentsError:
            return True

    def _arranged(self, listed: list[ListedText]) -> tuple[TokenRange, ...]:
        with suppress(TooManyAssignmentsError):
            for places in assignments(listed, nested=self.nested):
                return places
        return assign_loosely(listed, nested=self.nested)


def _lists(value: Any, candidates: Candidates) -> dict[str, list[Any]] | None:
    """Find the texts by label in what was read; None where there is no object. Several objects in a list count as one."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        candidates.reasons.add("loose-json")
        objects = value
    elif isinstance(value, dict):
        objects = [value]
    else:
        return None
    lists: dict[str, list[Any]] = {}
    for item in objects:
        for label, texts in item.items():
            if isinstance(texts, list):
                lists.setdefault(label, []).extend(texts)
            else:
                candidates.reasons.add("loose-json")
                lists.setdefault(label, []).extend([] if texts is None else [texts])
    return lists


def _mentions(lists: dict[str, list[Any]], labels: LabelSet, most: int, candidates: Candidates) -> list[WrittenEntity]:
    """Return the listed entities in the order of the label set; counts those with other labels and what is no text."""
    mentions: list[WrittenEntity] = []
    for label in [*labels.names, *(label for label in lists if label not in labels)]:
        for text in lists.get(label, ()):
            if not isinstance(text, str) or not text:
                candidates.reasons.add("incomplete")
            elif len(mentions) + len(candidates.unknown_labels) == most:
                candidates.reasons.add("overlong")
                return mentions
            else:
                if isinstance(text, Number):
                    candidates.reasons.add("loose-json")
                (mentions if label in labels else candidates.unknown_labels).append(WrittenEntity(str(text), label))
    return mentions
