"""A format that does not write the sentence again."""

from __future__ import annotations

import json

from llms_meet_ner import Alignment, LabelSet, Sentence
from llms_meet_ner.sentence import SPACE, Join


class Listing:
    """A format that does not write the sentence again."""

    name = "listing"
    variants = ("full", "short")

    def __init__(self, nested: bool = False, join: Join = SPACE) -> None:
        self.nested = nested
        self.join = join

    def instruction(self, labels: LabelSet, variant: str) -> str:
        return f"List entities: {', '.join(labels.names)}"

    def render(self, sentence: Sentence, labels: LabelSet | None = None) -> str:
        return json.dumps([{"text": sentence.tokens[s.start : s.end], "label": s.label} for s in sentence.spans])

    def parse(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> Alignment:
        return Alignment((), "failed", ("empty",))

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        return False
