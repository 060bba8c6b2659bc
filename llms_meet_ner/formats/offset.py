"""The offset-based JSON format: a list of `{"text", "label", "start", "end"}`.

Published by Zhan et al. (2026, arXiv 2601.17898), whose models reach far lower scores with it than with the others: they miscount
characters. Reading keeps to the offsets, so that a score shows it.
"""

from __future__ import annotations

from ..alignment import Alignment
from ..labels import LabelSet
from ..sentence import Sentence
from .instructions import VARIANTS, instruction_text
from .json_list import read_entities
from .json_text import dump
from .lookup import Candidates, SourceText, failed_alignment, most_candidates, spelling_difference

_TASK = (
    "Find every named entity in the input sentence and list them on one line as a JSON array, in the order in which they occur. "
    'Write each as an object with four keys: "text", the entity as the sentence has it; "label", one of the label tags of the Label '
    'Set below; "start", the position of its first character in the sentence, counted from 0; "end", the position right after its '
    "last character. Write [] if there is no entity."
)
_NUMBERS = ("start", "end")


class OffsetFormat:
    """Entities by their characters, counted from 0 in the tokens joined by one space; `end` is exclusive.

    The offsets alone decide where an entity is, and its text is compared with what stands there: of an entity with the text of one
    place and the offsets of another the offsets count (reason `misplaced`), because looking for the text would score a model for
    an answer that it did not give. Characters are Unicode code points.
    """

    name = "offset"
    variants = VARIANTS

    def __init__(self, nested: bool = False) -> None:
        self.nested = nested

    def instruction(self, labels: LabelSet, variant: str = "full") -> str:
        """Return the instruction text, in words of this package."""
        return instruction_text(
            self, labels, variant, _TASK, 'List entities as JSON [{"text", "label", "start", "end"}]'
        )

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write a sentence's entities in the order of `outer_first`."""
        if not sentence.spans:
            return "[]"
        source = SourceText(sentence.tokens)
        return dump(
            [
                {
                    "text": source.quote(span),
                    "label": span.label,
                    "start": source.starts[span.start],
                    "end": source.ends[span.end - 1],
                }
                for span in sentence.spans
            ]
        )

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        """Read generated text against the tokens of its sentence; all after the first newline is ignored.

        Offsets that cut a token are widened to the whole of it (`snapped`). Offsets that are missing, no whole numbers or reach
        outside the sentence (`misnumbered`) place nothing: the entity is ungrounded, and so is one whose offsets hold no character
        of a token.
        """
        items, reasons = read_entities(text, _NUMBERS, most_candidates(tokens, len(labels)))
        if items is None:
            return failed_alignment(reasons)
        source = SourceText(tokens)
        candidates = Candidates(self.nested, reasons)
        for mention, (start, end) in items:
            if mention.label not in labels:
                candidates.unknown_labels.append(mention)
                continue
            if start is None or end is None or not start < end <= len(source.text):
                candidates.reasons.add("misnumbered")
                candidates.ungrounded.append(mention)
                continue
            there = source.text[start:end]
            if there != mention.text:
                candidates.reasons.add(spelling_difference(there, mention.text) or "misplaced")
            place = source.place_at(start, end)
            if place is None:
                candidates.ungrounded.append(mention)
            else:
                candidates.place(place, mention)
        return candidates.alignment()

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Whether another annotation of the same tokens renders alike: never, no two spans have the same offsets."""
        return False
