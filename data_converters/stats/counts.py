"""Counts of one split, taken sentence by sentence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil

from ...sentence import Sentence, Span, without_nested
from ...tags import encode
from ..problems import ProblemLog


@dataclass(slots=True)
class SplitCounts:
    """Counts of one split. `-DOCSTART-` sentences count in `docstarts` and nowhere else.

    Attributes:
        split: Name of the split.
        docstarts: Number of `-DOCSTART-` lines that the card counts as sentences of one token each.
        lengths: Number of sentences by their number of tokens.
        without_entities: Number of sentences without entities.
        entities: Number of entities by label and by their number of tokens, nested ones included.
        covered: Number of tokens inside at least one entity.
        depths: Number of entities by depth: 1 for those inside no other, 2 for those directly inside one of depth 1, and so on.
        tags: Number of tokens by tag of the outermost entities, as IOB2, `O` included.
        log: Problems in the file. Unknown labels count as O, invalid tag sequences as conlleval reads them.
    """

    split: str
    docstarts: int = 0
    lengths: Counter[int] = field(default_factory=Counter)
    without_entities: int = 0
    entities: dict[str, Counter[int]] = field(default_factory=dict)
    covered: int = 0
    depths: Counter[int] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    log: ProblemLog = field(default_factory=lambda: ProblemLog(keep_going=True))

    def add(self, sentence: Sentence) -> None:
        """Count a sentence."""
        if sentence.is_docstart:
            self.docstarts += 1
            return
        length = len(sentence.tokens)
        self.lengths[length] += 1
        if not sentence.spans:
            self.without_entities += 1
            self.tags["O"] += length
            return
        outer = without_nested(sentence.spans)
        self.covered += sum(span.end - span.start for span in outer)
        self.tags.update(encode(outer, length))
        for span, depth in zip(sentence.spans, depths_of(sentence.spans)):
            self.entities.setdefault(span.label, Counter())[span.end - span.start] += 1
            self.depths[depth] += 1

    @property
    def sentences(self) -> int:
        """Number of sentences without `-DOCSTART-`."""
        return self.lengths.total()

    @property
    def tokens(self) -> int:
        """Number of tokens without `-DOCSTART-`."""
        return total_length(self.lengths)

    @property
    def labels(self) -> Counter[str]:
        """Number of entities by label."""
        return Counter({label: lengths.total() for label, lengths in self.entities.items()})

    @property
    def nested(self) -> int:
        """Number of entities inside others."""
        return self.depths.total() - self.depths[1]


def depths_of(spans: tuple[Span, ...]) -> list[int]:
    """Return how deep each span lies: 1 for those inside no other.

    Args:
        spans: Spans in the order of `outer_first`, none crossing another.
    """
    ends: list[int] = []
    depths = []
    for span in spans:
        while ends and ends[-1] <= span.start:
            ends.pop()
        ends.append(span.end)
        depths.append(len(ends))
    return depths


def total_length(lengths: Counter[int]) -> int:
    """Return the sum of all lengths."""
    return sum(length * count for length, count in lengths.items())


def mean(lengths: Counter[int]) -> float:
    """Return the mean length, or 0 if there are no lengths."""
    return total_length(lengths) / (lengths.total() or 1)


def quantile(lengths: Counter[int], share: float) -> int:
    """Return the smallest length that at least `share` of all do not exceed, or 0 if there are no lengths.

    The median of two lengths is therefore the smaller one, and a quantile is always a length that occurs.
    """
    wanted = ceil(share * lengths.total())
    reached = 0
    for length in sorted(lengths):
        reached += lengths[length]
        if reached >= wanted:
            return length
    return 0
