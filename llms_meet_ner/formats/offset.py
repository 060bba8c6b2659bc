"""The offset format: a JSON list of `{"text", "label", "start", "end"}`.

It was published by Zhan et al. (2026, arXiv 2601.17898). Their models score far lower with it than with the other formats,
because they miscount characters. Parsing trusts the offsets, so that the score shows this.
"""

from __future__ import annotations

from ..alignment import Alignment
from ..labels import LabelSet
from ..sentence import Sentence
from .candidates import Candidates, failed_alignment, most_candidates
from .json_format import JsonFormat
from .json_list import read_entities
from .json_text import dump
from .lookup import SourceText

_TASK = (
    "Find every named entity in the input sentence and list them on one line as a JSON array, in the order in which they occur. "
    'Write each as an object with four keys: "text", the entity as the sentence has it; "label", one of the label tags of the Label '
    'Set below; "start", the position of its first character in the sentence, counted from 0; "end", the position right after its '
    "last character. Write [] if there is no entity."
)
_NUMBERS = ("start", "end")


class OffsetFormat(JsonFormat):
    """Writes entities by their characters in the source: Unicode code points, counted from 0, `end` exclusive.

    Only the offsets decide where an entity is. Its text is compared with the source there: if the source has another text, the
    offsets still count (reason `misplaced`). Searching for the text would score a model for an answer that it did not give.
    """

    name = "offset"
    _task = _TASK
    _task_in_short = 'List entities as JSON [{"text", "label", "start", "end"}]'

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        """Write the entities of a sentence in the order of `outer_first`."""
        if not sentence.spans:
            return "[]"
        source = SourceText(sentence.tokens, self.join)
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
        """Read a generated text against the tokens of its sentence, up to its first newline.

        Offsets that cut a token are widened to the whole token (`snapped`). An entity is ungrounded if its offsets are missing,
        not whole numbers or outside the sentence (`misnumbered`), or if they hold no character of a token.
        """
        entities, reasons = read_entities(text, _NUMBERS, most_candidates(tokens, len(labels)))
        if entities is None:
            return failed_alignment(reasons)
        source = SourceText(tokens, self.join)
        candidates = Candidates(self.nested, reasons)
        for entity, (start, end) in entities:
            if entity.label not in labels:
                candidates.unknown_labels.append(entity)
                continue
            if start is None or end is None or not start < end <= len(source.text):
                candidates.reasons.add("misnumbered")
                candidates.ungrounded.append(entity)
                continue
            if not source.text.startswith(entity.text, start) or len(entity.text) != end - start:
                candidates.reasons.add(source.difference_at(start, end, entity.text) or "misplaced")
            place = source.place_at(start, end)
            if place is None:
                candidates.ungrounded.append(entity)
            else:
                candidates.place(place, entity)
        if source.effort.is_cut:
            candidates.reasons.add("approximate")
        return candidates.alignment()

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether another annotation of the same tokens renders to the same text: never, as no two spans share their offsets."""
        return False
