"""The mentions of a corpus: their labels, and which of them the training split knows.

A mention is the words of an entity: its tokens in exact case. It occurs as many times as there are entities of these words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from math import fsum, log2

from ...sentence import Sentence, Where, mention_of

Words = tuple[str, ...]

MAX_PLACES = 10
"""Number of places that are kept for each thing that is found. All places are counted."""


@dataclass(slots=True)
class Places:
    """The number of places where something was seen, and the first of them.

    Attributes:
        count: Number of places.
        kept: The first `MAX_PLACES` of them.
    """

    count: int = 0
    kept: list[Where] = field(default_factory=list)

    def add(self, where: Where | None) -> None:
        """Count one more."""
        self.count += 1
        if where is not None and len(self.kept) < MAX_PLACES:
            self.kept.append(where)


@dataclass(slots=True)
class Mention:
    """A mention and its entities.

    Attributes:
        words: Tokens of the mention; of a very long one, as `mention_of` gives them.
        length: Number of tokens.
        labels: Places of its entities by label, in all splits.
        splits: Number of its entities by split and label.
    """

    words: Words
    length: int
    labels: dict[str, Places] = field(default_factory=dict)
    splits: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of entities."""
        return sum(places.count for places in self.labels.values())

    @property
    def ranked(self) -> list[tuple[str, Places]]:
        """Labels with their places, the most frequent first and equally frequent ones by name."""
        return sorted(self.labels.items(), key=lambda item: (-item[1].count, item[0]))

    @property
    def text(self) -> str:
        """Words joined by spaces."""
        return " ".join(self.words)


@dataclass(slots=True)
class Clarity:
    """A measure of how well the words of a label's entities predict the label.

    Attributes:
        clear: Number of entities whose mention has this label only.
        main: Number of entities whose mention has several labels, this one most often.
        other: Number of entities whose mention has another label most often.
    """

    clear: int = 0
    main: int = 0
    other: int = 0


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """Measures of how well words alone predict the label, over all splits.

    Attributes:
        mentions: Number of different mentions.
        ambiguous: Mentions with several labels, in no particular order.
        entities: Number of entities.
        ambiguous_entities: Number of entities whose mention is ambiguous.
        majority: Number of entities with the most frequent label of their mention.
        entropy: Entropy of the label given the mention, in bits: the entropy of each mention, averaged over entities.
        pairs: Number of mentions that have both labels, by pair of labels.
        labels: Measures of how well words predict each label, by label.
    """

    mentions: int
    ambiguous: list[Mention]
    entities: int
    ambiguous_entities: int
    majority: int
    entropy: float
    pairs: Counter[tuple[str, str]]
    labels: dict[str, Clarity]


@dataclass(slots=True)
class Seen:
    """Entities of one label in a split, or its mentions counted once each, by what the reference split knows of their words.

    Attributes:
        same: Number of those whose words the reference knows with this label.
        other: Number of those whose words the reference knows with other labels only.
        unseen: Number of those whose words are not an entity in the reference.
    """

    same: int = 0
    other: int = 0
    unseen: int = 0

    @property
    def total(self) -> int:
        """Number of all of them."""
        return self.same + self.other + self.unseen


class MentionTable:
    """All mentions of the sentences that were added."""

    def __init__(self) -> None:
        self.mentions: dict[Words, Mention] = {}

    def add(self, sentence: Sentence, split: str) -> None:
        """Count the entities of a sentence."""
        for span in sentence.spans:
            words = mention_of(sentence.tokens, span)
            mention = self.mentions.get(words)
            if mention is None:
                mention = self.mentions[words] = Mention(words, span.end - span.start)
            mention.labels.setdefault(span.label, Places()).add(sentence.where)
            counts = mention.splits.setdefault(split, {})
            counts[span.label] = counts.get(span.label, 0) + 1

    def __iter__(self) -> Iterator[Mention]:
        return iter(self.mentions.values())

    def get(self, words: Words) -> Mention | None:
        """Return the mention of these words."""
        return self.mentions.get(words)

    def ambiguity(self) -> Ambiguity:
        """Return measures of how well words alone predict the label."""
        ambiguous = [mention for mention in self if len(mention.labels) > 1]
        pairs: Counter[tuple[str, str]] = Counter()
        labels: dict[str, Clarity] = {}
        entities = majority = 0
        bits: list[float] = []
        for mention in self:
            ranked = mention.ranked
            count = mention.count
            entities += count
            majority += ranked[0][1].count
            bits.append(count * entropy(places.count for _, places in ranked))
            pairs.update(combinations(sorted(mention.labels), 2))
            for rank, (label, places) in enumerate(ranked):
                clarity = labels.setdefault(label, Clarity())
                clarity.clear += places.count if len(ranked) == 1 else 0
                clarity.main += places.count if len(ranked) > 1 and not rank else 0
                clarity.other += places.count if rank else 0
        return Ambiguity(
            mentions=len(self.mentions),
            ambiguous=ambiguous,
            entities=entities,
            ambiguous_entities=sum(mention.count for mention in ambiguous),
            majority=majority,
            entropy=fsum(bits) / (entities or 1),
            pairs=pairs,
            labels=labels,
        )

    def seen(self, reference: str, split: str) -> tuple[dict[str, Seen], dict[str, Seen]]:
        """Return what a reference split knows of another split, by label.

        Returns:
            Counts of entities, and counts of different mentions.
        """
        entities: dict[str, Seen] = {}
        types: dict[str, Seen] = {}
        for mention in self:
            known = mention.splits.get(reference, {})
            for label, count in mention.splits.get(split, {}).items():
                for seen, number in ((entities, count), (types, 1)):
                    row = seen.setdefault(label, Seen())
                    if label in known:
                        row.same += number
                    elif known:
                        row.other += number
                    else:
                        row.unseen += number
        return entities, types


def entropy(counts: Iterable[int]) -> float:
    """Return the entropy, in bits, of a distribution of positive counts."""
    numbers = list(counts)
    total = sum(numbers)
    return fsum(number / total * log2(total / number) for number in numbers)
