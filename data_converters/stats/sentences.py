"""Sentences that stand more than once, within a split and across splits. `-DOCSTART-` is none.

Two sentences are the same if their tokens are, in exact case. The first reading keeps a hash of each; the second keeps those that stand
more than once.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ...sentence import Sentence, Span
from .mentions import Places


@dataclass(slots=True)
class Repeated:
    """A sentence that stands more than once.

    Attributes:
        tokens: of the sentence.
        splits: its places by split.
        annotations: its places by the entities that are marked there.
    """

    tokens: tuple[str, ...]
    splits: dict[str, Places] = field(default_factory=dict)
    annotations: dict[tuple[Span, ...], Places] = field(default_factory=dict)


class SentenceTable:
    """The sentences of some splits, by hash.

    Args:
        splits: their names.
    """

    def __init__(self, splits: Iterable[str]) -> None:
        self.splits: dict[str, Counter[bytes]] = {split: Counter() for split in splits}
        self.repeated: dict[bytes, Repeated] = {}

    def add(self, sentence: Sentence, split: str) -> None:
        """Count a sentence: the first reading."""
        if not sentence.is_docstart:
            self.splits[split][_hash(sentence)] += 1

    def look_again(self, sentence: Sentence, split: str) -> None:
        """Keep a sentence that stands more than once: the second reading."""
        if sentence.is_docstart:
            return
        key = _hash(sentence)
        if sum(counts[key] for counts in self.splits.values()) > 1:
            repeated = self.repeated.setdefault(key, Repeated(sentence.tokens))
            repeated.splits.setdefault(split, Places()).add(sentence.where)
            repeated.annotations.setdefault(sentence.spans, Places()).add(sentence.where)

    def repeats(self, split: str) -> int:
        """Return the number of sentences of a split that repeat an earlier one of it."""
        counts = self.splits[split]
        return counts.total() - len(counts)

    def found_in(self, split: str, other: str) -> int:
        """Return the number of sentences of a split that stand in another one too."""
        others = self.splits[other]
        return sum(count for key, count in self.splits[split].items() if key in others)


def _hash(sentence: Sentence) -> bytes:
    return hashlib.blake2b("\n".join(sentence.tokens).encode("utf-8", "surrogatepass"), digest_size=16).digest()
