"""The grouped JSON format: `{"DNA": ["thyroid hormone response element"], "RNA": [], ...}`.

It was published by Zhan et al. (2026, arXiv 2601.17898). It says which texts are entities, but not where they are.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from ..alignment import Alignment, WrittenEntity
from ..labels import LabelSet
from ..sentence import Sentence
from .assignment import ListedText, TooManyAssignmentsError, assign_loosely, assignments
from .candidates import Candidates, failed_alignment, most_candidates
from .json_format import JsonFormat
from .json_text import Number, dump, load
from .lookup import SourceText, TokenRange

_TASK = (
    "Find every named entity in the input sentence and group them on one line as a JSON object. It has every label tag of the Label "
    "Set below as a key, in that order, and under each an array of its entities, written as the sentence has them and in the order "
    "in which they occur; one that occurs twice is listed twice. A label without an entity has an empty array."
)


class GroupedFormat(JsonFormat):
    """Writes the texts of the entities under their labels, in the order of `outer_first`; every label is a key.

    If a text has several places in the sentence, nothing says which one is meant. Parsing chooses the leftmost annotation that
    renders to the output. It goes label by label in the order of the keys, and puts each text at the first place that comes after
    the previous text of the label and leaves room for all others. Other annotations with the same output are lost
    (`is_ambiguous`).
    """

    name = "grouped"
    _task = _TASK
    _task_in_short = "List entities by label as JSON, every label a key"

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write the entities of a sentence.

        Raises:
            ValueError: The label set is None, which leaves the keys unknown; or a span has a label outside it.
        """
        if labels is None:
            raise ValueError("the grouped format writes every label as a key and needs the label set")
        rows: dict[str, list[str]] = {name: [] for name in labels.names}
        if sentence.spans:
            source = SourceText(sentence.tokens, self.join)
            for span in sentence.spans:
                if span.label not in rows:
                    raise ValueError(f"{sentence.id}: {span!r} has a label that is not in the label set")
                rows[span.label].append(source.quote(span))
        return dump(rows)

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        """Read a generated text against the tokens of its sentence, up to its first newline.

        If the places of the texts cannot all coexist in the listed order, each text takes the next free place, and
        overlaps are resolved as in all formats (`resolve_overlaps`). So it does, with the reason `approximate`, if it would
        take too long to find out.
        """
        loaded = load(text)
        candidates = Candidates(self.nested, set(loaded.reasons))
        lists = _lists(loaded.value, candidates)
        if lists is None:
            return failed_alignment(candidates.reasons)
        if any(name not in lists for name in labels.names):
            candidates.reasons.add("loose-json")
        entities = _entities(lists, labels, most_candidates(tokens, len(labels)), candidates)
        if not (entities or candidates.unknown_labels) and lists and not any(name in lists for name in labels.names):
            return failed_alignment(candidates.reasons)
        source = SourceText(tokens, self.join, {entity.text for entity in entities})
        grounded: list[WrittenEntity] = []
        listed: list[ListedText] = []
        for entity in entities:
            places, difference = source.find(entity.text)
            if not places:
                candidates.ungrounded.append(entity)
                continue
            if difference:
                candidates.reasons.add(difference)
            grounded.append(entity)
            listed.append(ListedText(entity.label, places))
        if source.effort.is_cut:
            candidates.reasons.add("approximate")
        for entity, place in zip(grounded, self._assigned(listed, candidates.reasons)):
            candidates.place(place, entity)
        return candidates.alignment()

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether another annotation of the same tokens renders to the same text: the entities could be at other places.

        The answer is also True if the search for another annotation would take very long.
        """
        texts = map(SourceText(sentence.tokens, self.join).quote, sentence.spans)
        source = SourceText(sentence.tokens, self.join, texts, bounded=False)
        places: dict[str, tuple[TokenRange, ...]] = {}
        by_label: dict[str, list[ListedText]] = {name: [] for name in labels.names}
        for span in sentence.spans:
            text = source.quote(span)
            if text not in places:
                places[text] = source.exact_places(text)
            if span.label in by_label:
                by_label[span.label].append(ListedText(span.label, places[text]))
        listed = [text for texts in by_label.values() for text in texts]
        try:
            return len(list(islice(assignments(listed, nested=self.nested), 2))) > 1
        except TooManyAssignmentsError:
            return True

    def _assigned(self, listed: list[ListedText], reasons: set[str]) -> tuple[TokenRange, ...]:
        try:
            for places in assignments(listed, nested=self.nested):
                return places
        except TooManyAssignmentsError:
            reasons.add("approximate")
        return assign_loosely(listed, nested=self.nested)


def _lists(value: Any, candidates: Candidates) -> dict[str, list[Any]] | None:
    """Return the texts by label, or None if the JSON value is not an object. Several objects in a list count as one."""
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


def _entities(lists: dict[str, list[Any]], labels: LabelSet, most: int, candidates: Candidates) -> list[WrittenEntity]:
    """Return the listed entities in the order of the label set; `candidates` takes those with other labels."""
    entities: list[WrittenEntity] = []
    for label in [*labels.names, *(label for label in lists if label not in labels)]:
        for text in lists.get(label, ()):
            if not isinstance(text, str) or not text:
                candidates.reasons.add("incomplete")
            elif len(entities) + len(candidates.unknown_labels) == most:
                candidates.reasons.add("overlong")
                return entities
            else:
                if isinstance(text, Number):
                    candidates.reasons.add("loose-json")
                (entities if label in labels else candidates.unknown_labels).append(WrittenEntity(str(text), label))
    return entities
