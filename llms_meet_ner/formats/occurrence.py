"""The occurrence format: a JSON list of `{"text", "label", "occurrence_index"}`.

It was published by Zhan et al. (2026, arXiv 2601.17898).
"""

from __future__ import annotations

from collections.abc import Sequence

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
        source = SourceText(sentence.tokens)
        rows = []
        for span in sentence.spans:
            text, start = source.quote(span), source.starts[span.start]
            index = next(number for number, at in enumerate(source.occurrences(text), start=1) if at == start)
            rows.append({"text": text, "label": span.label, "occurrence_index": index})
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
        source = SourceText(tokens)
        candidates = Candidates(self.nested, reasons)
        taken: set[tuple[str, TokenRange]] = set()
        unnumbered: list[tuple[WrittenEntity, Sequence[TokenRange | None]]] = []
        for entity, (index,) in entities:
            if entity.label not in labels:
                candidates.unknown_labels.append(entity)
                continue
            places = _places(source, entity.text, candidates)
            if not places:
                candidates.ungrounded.append(entity)
            elif index is None or not 1 <= index <= len(places):
                candidates.reasons.add("misnumbered")
                unnumbered.append((entity, places))
            elif place := places[index - 1]:
                taken.add((entity.text, place))
                candidates.place(place, entity)
            else:
                candidates.ungrounded.append(entity)
        for entity, places in unnumbered:
            left = [place for place in places if place and (entity.text, place) not in taken]
            if left:
                place = min(left, key=lambda place: place.snapped)
                taken.add((entity.text, place))
                candidates.place(place, entity)
            else:
                candidates.ungrounded.append(entity)
        return candidates.alignment()

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether another annotation of the same tokens renders to the same text: never, as no two spans share an occurrence."""
        return False


def _places(source: SourceText, text: str, candidates: Candidates) -> Sequence[TokenRange | None]:
    """Return the places that the index of a text counts, and note in `candidates` if they are written differently."""
    places = source.occurrence_places(text)
    if places:
        return places
    found = source.find(text)
    if found.places and found.difference:
        candidates.reasons.add(found.difference)
    return found.places
