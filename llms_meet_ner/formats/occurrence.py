"""The occurrence-based JSON format: a list of `{"text", "label", "occurrence_index"}`.

Published by Zhan et al. (2026, arXiv 2601.17898).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..alignment import Alignment, WrittenEntity
from ..labels import LabelSet
from ..sentence import Sentence
from .instructions import VARIANTS, instruction_text
from .json_list import read_entities
from .json_text import dump
from .lookup import Candidates, SourceText, TokenRange, failed_alignment, most_candidates

_TASK = (
    "Find every named entity in the input sentence and list them on one line as a JSON array, in the order in which they occur. "
    'Write each as an object with three keys: "text", the entity as the sentence has it; "label", one of the label tags of the Label '
    'Set below; "occurrence_index", which of the places that have this text is meant, 1 for the first place in the sentence, 2 for '
    "the second. Write [] if there is no entity."
)
_NUMBERS = ("occurrence_index",)


class OccurrenceFormat:
    """Entities by their text and by which of its occurrences they are.

    Occurrences are counted as in the published data: in the characters of the sentence (the tokens joined by one space), from 1, from
    left to right, wherever the text stands, inside a longer word and overlapping itself too: in `RUSH in US` the token `US` is
    occurrence 2. A span and its occurrence determine each other, so that every annotation is restored.
    """

    name = "occurrence"
    variants = VARIANTS

    def __init__(self, nested: bool = False) -> None:
        self.nested = nested

    def instruction(self, labels: LabelSet, variant: str = "full") -> str:
        """Return the instruction text, in words of this package."""
        return instruction_text(
            self, labels, variant, _TASK, 'List entities as JSON [{"text", "label", "occurrence_index"}]'
        )

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write a sentence's entities in the order of `outer_first`."""
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
        """Read generated text against the tokens of its sentence; all after the first newline is ignored.

        The index decides, also where it leads into a word, which is then taken whole (`snapped`). A text that does not stand in the
        sentence as it is written is looked for in other writings (`SourceText.find`), and the index counts its places there.

        An index that is missing, no whole number or larger than the number of occurrences (`misnumbered`) does not count: the
        entity takes the first occurrence that no other entity of the output with this text has, on whole tokens if there is one;
        it is ungrounded where none is left.
        """
        items, reasons = read_entities(text, _NUMBERS, most_candidates(tokens, len(labels)))
        if items is None:
            return failed_alignment(reasons)
        source = SourceText(tokens)
        candidates = Candidates(self.nested, reasons)
        taken: set[tuple[str, TokenRange]] = set()
        unnumbered: list[tuple[WrittenEntity, Sequence[TokenRange | None]]] = []
        for mention, (index,) in items:
            if mention.label not in labels:
                candidates.unknown_labels.append(mention)
                continue
            places = _places(source, mention.text, candidates)
            if not places:
                candidates.ungrounded.append(mention)
            elif index is None or not 1 <= index <= len(places):
                candidates.reasons.add("misnumbered")
                unnumbered.append((mention, places))
            elif place := places[index - 1]:
                taken.add((mention.text, place))
                candidates.place(place, mention)
            else:
                candidates.ungrounded.append(mention)
        for mention, places in unnumbered:
            left = [place for place in places if place and (mention.text, place) not in taken]
            if left:
                place = min(left, key=lambda place: place.snapped)
                taken.add((mention.text, place))
                candidates.place(place, mention)
            else:
                candidates.ungrounded.append(mention)
        return candidates.alignment()

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Whether another annotation of the same tokens renders alike: never, no two spans have the same occurrence."""
        return False


def _places(source: SourceText, text: str, candidates: Candidates) -> Sequence[TokenRange | None]:
    """Return the occurrences of a text, which its index counts; notes where they are written differently."""
    places = source.occurrence_places(text)
    if places:
        return places
    found = source.find(text)
    if found.places and found.difference:
        candidates.reasons.add(found.difference)
    return found.places
