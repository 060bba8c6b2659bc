"""The occurrence format: a JSON list of `{"text", "label", "occurrence_index"}`.

It was published by Zhan et al. (2026, arXiv 2601.17898).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from ..alignment import Alignment, WrittenEntity
from ..labels import LabelSet
from ..sentence import Sentence
from .candidates import Candidates, failed_alignment, most_candidates
from .json_format import JsonFormat
from .json_list import read_entities
from .json_text import dump
from .lookup import SourceText, TokenRange

_TASK = (
    "Find every named entity in the input sentence and list them on one line as a JSON array, in the order in which they occur. "
    'Write each as an object with three keys: "text", the entity as the sentence has it; "label", one of the label tags of the Label '
    'Set below; "occurrence_index", which of the places that have this text is meant, 1 for the first place in the sentence, 2 for '
    "the second. Write [] if there is no entity."
)
_NUMBERS = ("occurrence_index",)


class OccurrenceFormat(JsonFormat):
    """Writes entities by their text and the number of its occurrence.

    Occurrences are counted as in the published data: in the characters of the source, from left to right, from 1. An occurrence
    may lie inside a longer word, and two may overlap: in `RUSH in US` the token `US` is occurrence 2. A span and its occurrence
    determine each other, so every annotation can be restored.
    """

    name = "occurrence"
    _task = _TASK
    _task_in_short = 'List entities as JSON [{"text", "label", "occurrence_index"}]'

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write the entities of a sentence in the order of `outer_first`."""
        if not sentence.spans:
            return "[]"
        source = SourceText(sentence.tokens, self.join)
        texts = [source.quote(span) for span in sentence.spans]
        source = SourceText(sentence.tokens, self.join, texts, bounded=False)
        rows = [
            {
                "text": text,
                "label": span.label,
                "occurrence_index": source.occurrence_number(text, source.starts[span.start]) + 1,
            }
            for text, span in zip(texts, sentence.spans)
        ]
        return dump(rows)

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        """Read a generated text against the tokens of its sentence, up to its first newline.

        The index decides. If it points into a word, the whole word is taken (`snapped`). If the sentence does not have the text
        as it is written, other spellings are looked up (`SourceText.find`), and the index counts their places.

        An index does not count if it is missing, not a whole number, or larger than the number of occurrences (`misnumbered`).
        The entity then takes the first occurrence that no other entity with this text has, on whole tokens if possible. It is
        ungrounded if no occurrence is left.
        """
        entities, reasons = read_entities(text, _NUMBERS, most_candidates(tokens, len(labels)))
        if entities is None:
            return failed_alignment(reasons)
        source = SourceText(tokens, self.join, {row.entity.text for row in entities})
        candidates = Candidates(self.nested, reasons)
        places: dict[str, _Places] = {}
        unnumbered: list[WrittenEntity] = []
        for entity, (index,) in entities:
            if entity.label not in labels:
                candidates.unknown_labels.append(entity)
                continue
            if entity.text not in places:
                places[entity.text] = _Places(source, entity.text, candidates.reasons)
            own = places[entity.text]
            if own.is_empty:
                candidates.ungrounded.append(entity)
            elif index is None or not own.has(index):
                candidates.reasons.add("misnumbered")
                unnumbered.append(entity)
            elif place := own.take(index):
                candidates.place(place, entity)
            else:
                candidates.ungrounded.append(entity)
        for entity in unnumbered:
            if place := places[entity.text].take_next():
                candidates.place(place, entity)
            else:
                candidates.ungrounded.append(entity)
        if source.effort.is_cut:
            candidates.reasons.add("approximate")
        return candidates.alignment()

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether another annotation of the same tokens renders to the same text: never, as no two spans share an occurrence."""
        return False


class _Places:
    """The places of one text: those of its occurrences, or if it has none, those of other spellings.

    Attributes:
        is_empty: Whether there is no place at all.
    """

    def __init__(self, source: SourceText, text: str, reasons: set[str]) -> None:
        """Find the first place, and note in `reasons` if it is written differently."""
        self._source = source
        self._text = text
        self._spelled: tuple[TokenRange, ...] | None = None
        if source.occurrence(text, 0) is None:
            found = source.find(text)
            self._spelled = found.places
            if found.places and found.difference:
                reasons.add(found.difference)
        self.is_empty = self._spelled == ()
        self._taken: set[TokenRange] = set()
        self._unnumbered: Iterator[TokenRange] | None = None

    def has(self, index: int) -> bool:
        """Return whether an index, counted from 1, has an occurrence."""
        if index < 1:
            return False
        if self._spelled is not None:
            return index <= len(self._spelled)
        return self._source.occurrence(self._text, index - 1) is not None

    def take(self, index: int) -> TokenRange | None:
        """Take and return the place with an index; None if it touches no token."""
        place = self._place(index)
        if place:
            self._taken.add(place)
        return place

    def take_next(self) -> TokenRange | None:
        """Take and return the first place that is left, on whole tokens if possible; None if none is left."""
        if self._unnumbered is None:
            self._unnumbered = chain(self._whole(), self._all())
        for place in self._unnumbered:
            if place not in self._taken:
                self._taken.add(place)
                return place
        return None

    def _place(self, index: int) -> TokenRange | None:
        if self._spelled is not None:
            return self._spelled[index - 1]
        at = self._source.occurrence(self._text, index - 1)
        return None if at is None else self._source.place_at(at, at + len(self._text))

    def _whole(self) -> Iterable[TokenRange]:
        if self._spelled is not None:
            return (place for place in self._spelled if not place.snapped)
        return self._source.whole_occurrences(self._text)

    def _all(self) -> Iterator[TokenRange]:
        index = 1
        while self.has(index):
            if place := self._place(index):
                yield place
            index += 1
