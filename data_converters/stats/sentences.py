"""Sentences that occur more than once, within a split and across splits. `-DOCSTART-` lines do not count.

Two sentences are the same if their tokens are the same, in exact case. The first reading keeps a hash of each sentence; the second
keeps the sentences that occur more than once.
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
    """A sentence that occurs more than once.

    Attributes:
        tokens: Tokens of the sentence.
        splits: Places of the sentence by split.
        annotations: Places of the sentence by the entities annotated there.
    """

    tokens: tuple[str, ...]
    splits: dict[str, Places] = field(default_factory=dict)
    annotations: dict[tuple[Span, ...], Places] = field(default_factory=dict)


class SentenceTable:
    """Sentences of some splits, by hash.

    Args:
        splits: Names of the splits.
    """

    def __init__(self, splits: Iterable[str]) -> None:
        self.splits: dict[str, Counter[bytes]] = {split: Counter() for split in splits}
        self.repeated: dict[bytes, Repeated] = {}

    def add(self, sentence: Sentence, split: str) -> None:
        """Count a sentence in the first reading."""
        if not sentence.is_docstart:
            self.splits[split][_hash(sentence)] += 1

    def look_again(self, sentence: Sentence, split: str) -> None:
        """Keep a sentence that occurs more than once, in the second reading."""
        if sentence.is_docstart:
            return
        key = _hash(sentence)
        if sum(counts[key] for counts in self.splits.values()) > 1:
            repeated = self.repeated.setdefault(key, Repeated(sentence.tokens))
            repeated.splits.setdefault(split, Places()).add(sentence.where)
            repeated.annotations.setdefault(sentence.spans, Places()).add(sentence.where)

    def repeats(self, split: str) -> int:
        """Return the number of sentences of a split that repeat an earlier one of the split."""
        counts = self.splits[split]
        return counts.total() - len(counts)

    def found_in(self, split: str, other: str) -> int:
        """Return the number of sentences of a split that another split holds too."""
        others = self.splits[other]
        return sum(count for key, count in self.splits[split].items() if key in others)


def _hash(sentence: Sentence) -> bytes:
    return hashlib.blake2b("\n".join(sentence.tokens).encode("utf-8", "surrogatepass"), digest_size=16).digest()
