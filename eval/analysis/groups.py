"""Scores of groups of entities: by their length, by the length of their sentence, by what the training split knows about their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...counts import Counts
from ...sentence import Sentence, Span, mention_of
from ..scored_run.analysis import Groups

_ENTITY_LENGTHS = 5
_SENTENCE_LENGTHS = (10, 20, 30, 40, 50)


@dataclass(frozen=True, slots=True)
class Known:
    """The mentions of a training split: the words of entities, their tokens in exact case.

    Attributes:
        split: Name of the split.
        labels: Number of annotations of the words (`mention_of`), by label.
    """

    split: str
    labels: dict[tuple[str, ...], Counter[str]]

    @classmethod
    def of(cls, split: str, sentences: Iterable[Sentence]) -> Known:
        """Collect the mentions of sentences."""
        labels: dict[tuple[str, ...], Counter[str]] = {}
        for sentence in sentences:
            for span in sentence.spans:
                labels.setdefault(mention_of(sentence.tokens, span), Counter())[span.label] += 1
        return cls(split, labels)

    def labels_of(self, sentence: Sentence, span: Span) -> tuple[str, ...]:
        """Return the labels that the words have in the training split, sorted."""
        return tuple(sorted(self.labels.get(mention_of(sentence.tokens, span), ())))

    def seen(self, sentence: Sentence, span: Span) -> str:
        """Return whether the words are annotated in the training split with the same label, with others only, or not at all."""
        labels = self.labels_of(sentence, span)
        if not labels:
            return "unseen"
        return "seen" if span.label in labels else "seen with other labels only"

    def ambiguity(self, sentence: Sentence, span: Span) -> str:
        """Return how many labels the words have in the training split."""
        labels = self.labels_of(sentence, span)
        if not labels:
            return "unseen"
        return "one label" if len(labels) == 1 else "several labels"


def entity_length(sentence: Sentence, span: Span) -> str:
    """Return an entity's length in tokens as the name of a group."""
    length = span.end - span.start
    return str(length) if length < _ENTITY_LENGTHS else f"{_ENTITY_LENGTHS} or more"


def sentence_length(sentence: Sentence, span: Span) -> str:
    """Return the length in tokens of an entity's sentence as the name of a group."""
    length = len(sentence.tokens)
    first = 1
    for last in _SENTENCE_LENGTHS:
        if length <= last:
            return f"{first}-{last}"
        first = last + 1
    return f"{first} or more"


_ORDERS = {
    "entity length": [*map(str, range(1, _ENTITY_LENGTHS)), f"{_ENTITY_LENGTHS} or more"],
    "sentence length": [f"{last - 9}-{last}" for last in _SENTENCE_LENGTHS] + [f"{_SENTENCE_LENGTHS[-1] + 1} or more"],
    "mention in train": ["seen", "seen with other labels only", "unseen"],
    "labels in train": ["one label", "several labels", "unseen"],
}


def score_groups(
    sentences: Sequence[Sentence], predicted: Sequence[tuple[Span, ...]], known: Known | None
) -> dict[str, Groups]:
    """Count strictly within groups. An entity that is right is in the same group in the gold and in the prediction.

    Args:
        sentences: Gold sentences.
        predicted: Predicted spans of each sentence.
        known: Mentions of the training split; None leaves out the two divisions that need them.
    """
    divisions: dict[str, Callable[[Sentence, Span], str]] = {
        "entity length": entity_length,
        "sentence length": sentence_length,
    }
    if known:
        divisions |= {"mention in train": known.seen, "labels in train": known.ambiguity}
    counted: dict[str, dict[str, list[int]]] = {name: {} for name in divisions}
    for sentence, spans in zip(sentences, predicted, strict=True):
        gold = set(sentence.spans)
        for name, group_of in divisions.items():
            for span in sentence.spans:
                counted[name].setdefault(group_of(sentence, span), [0, 0, 0])[2] += 1
            for span in spans:
                row = counted[name].setdefault(group_of(sentence, span), [0, 0, 0])
                row[0] += span in gold
                row[1] += 1
    return {
        name: {group: Counts(*groups[group]) for group in _ORDERS[name] if group in groups}
        for name, groups in counted.items()
    }
