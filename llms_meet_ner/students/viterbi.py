"""The best tag sequence of a sentence among those that BIO allows, and the probabilities of its entities.

An encoder gives each token a distribution over tags. A tag sequence weighs the product of its probabilities if every `I-X` follows a
`B-X` or an `I-X`, and nothing otherwise. All sums over sequences are exact: they are computed by the forward-backward algorithm.

Tags are numbered: O, then a B for each label, then an I for each label. Everything is computed for a batch of sentences of different
lengths at once. Shapes: S sentences, T tokens of the longest one, C tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..sentence import Span

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
_NEVER = -np.inf


def tag_names(labels: Sequence[str]) -> list[str]:
    """Return the names of the tags of labels, in the order of their numbers."""
    return ["O", *(f"B-{label}" for label in labels), *(f"I-{label}" for label in labels)]


def tag_numbers(spans: Sequence[Span], length: int, labels: Sequence[str]) -> list[int]:
    """Return the number of each token's tag, given spans that do not overlap.

    Args:
        spans: Spans with labels of the set.
        length: Number of tokens.
        labels: The labels, in order.
    """
    numbers = {label: number for number, label in enumerate(labels, start=1)}
    tags = [0] * length
    for span in spans:
        tags[span.start : span.end] = [numbers[span.label] + len(labels)] * (span.end - span.start)
        tags[span.start] = numbers[span.label]
    return tags


@dataclass(frozen=True, slots=True)
class BestTags:
    """The best sequences of a batch: a tag number for each token, -1 after the end of a sentence (S, T)."""

    tags: Whole

    def spans(self, sentence: int, labels: Sequence[str]) -> tuple[Span, ...]:
        """Return the entities of a sentence of the batch, by token positions."""
        spans: list[Span] = []
        count = len(labels)
        for at, tag in enumerate(self.tags[sentence].tolist()):
            if 0 < tag <= count:
                spans.append(Span(at, at + 1, labels[tag - 1]))
            elif tag > count:
                spans[-1] = Span(spans[-1].start, at + 1, spans[-1].label)
        return tuple(spans)


@dataclass(frozen=True)
class Lattice:
    """All tag sequences of a batch of sentences, with their weights.

    Attributes:
        scores: Logarithm of the probability of each tag of each token, (S, T, C); what stands after the end of a sentence is not read.
        lengths: Number of tokens of each sentence, (S,), each at least 1.
    """

    scores: Floats
    lengths: Whole

    @classmethod
    def of(cls, rows: Sequence[Floats]) -> Lattice:
        """Make a lattice of sentences.

        Args:
            rows: For each sentence, the logarithms of probabilities, (tokens, C).
        """
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        scores = np.zeros((len(rows), int(lengths.max()), rows[0].shape[1]))
        for number, row in enumerate(rows):
            scores[number, : len(row)] = row
        return cls(scores, lengths)

    @property
    def _labels(self) -> int:
        return (int(self.scores.shape[2]) - 1) // 2

    def best(self) -> BestTags:
        """Return the most probable sequence of each sentence; of equally probable ones, that with the lowest numbers at the end."""
        count, longest, tags = self.scores.shape
        labels = self._labels
        back = np.zeros((count, longest, tags), dtype=np.int64)
        score = self._start()
        begins = np.arange(1, labels + 1)
        for at in range(1, longest):
            new, back[:, at] = np.empty_like(score), score.argmax(1)[:, None]
            new[:, : labels + 1] = score.max(1, keepdims=True)
            opened, inside = score[:, 1 : labels + 1], score[:, labels + 1 :]
            new[:, labels + 1 :] = np.maximum(opened, inside)
            back[:, at, labels + 1 :] = np.where(opened >= inside, begins, begins + labels)
            ended = (at >= self.lengths)[:, None]
            back[:, at] = np.where(ended, np.arange(tags), back[:, at])
            score = np.where(ended, score, new + self.scores[:, at])
        found = np.empty((count, longest), dtype=np.int64)
        tag = score.argmax(1)
        for at in range(longest - 1, -1, -1):
            found[:, at] = np.where(at < self.lengths, tag, -1)
            tag = back[np.arange(count), at, tag]
        return BestTags(found)

    def probability(self, sentence: int, span: Span, label: int) -> float:
        """Return the probability that exactly this entity stands in a sentence: the share of the sequences with it, by their weight.

        Args:
            sentence: Position of the sentence in the batch.
            span: Tokens of the entity.
            label: Position of its label in the label set.
        """
        length, labels = int(self.lengths[sentence]), self._labels
        inside = self.scores[sentence, span.start + 1 : span.end, labels + 1 + label].sum()
        log = self._forward[sentence, span.start, label + 1] + inside - self._total[sentence]
        if span.end < length:
            log += self._leaving[sentence, span.end]
        return float(min(1.0, np.exp(log)))

    def without_entities(self, sentence: int, start: int, end: int) -> float:
        """Return the probability that no entity holds any token of a range: the share of the sequences with O there, by their weight.

        Args:
            sentence: Position of the sentence in the batch.
            start: First token of the range.
            end: Position after its last token.
        """
        inside = self.scores[sentence, start + 1 : end, 0].sum()
        log = self._forward[sentence, start, 0] + inside + self._backward[sentence, end - 1, 0] - self._total[sentence]
        return float(min(1.0, np.exp(log)))

    def tag_probabilities(self) -> Floats:
        """Return the probability of each tag of each token, over all sequences by weight (S, T, C); 0 after a sentence's end."""
        inside = np.arange(self.scores.shape[1])[None] < self.lengths[:, None]
        found: Floats = np.where(inside[:, :, None], np.exp(self._tag_logs), 0)
        return found

    def entropies(self) -> Floats:
        """Return the entropy of the tag of each token, in nats, over all sequences by weight; 0 after a sentence's end (S, T)."""
        logs = self._tag_logs
        shares = np.exp(logs)
        entropy = -np.sum(np.where(shares > 0, shares * np.where(shares > 0, logs, 0), 0), axis=2)
        inside = np.arange(self.scores.shape[1])[None] < self.lengths[:, None]
        found: Floats = np.where(inside, np.maximum(entropy, 0), 0)
        return found

    def log_probabilities(self, best: BestTags) -> Floats:
        """Return the logarithm of the probability of a sequence of tags of each sentence: of its share, by weight (S,).

        Args:
            best: The sequences; BIO allows them.
        """
        tags = np.maximum(best.tags, 0)
        scores = np.take_along_axis(self.scores, tags[:, :, None], axis=2)[:, :, 0]
        weight = np.where(best.tags >= 0, scores, 0).sum(axis=1)
        found: Floats = np.minimum(weight - self._total, 0)
        return found

    @property
    def _tag_logs(self) -> Floats:
        """Logarithm of the share of the sequences with a tag of a token, by their weight (S, T, C)."""
        logs: Floats = self._forward + self._backward - self._total[:, None, None]
        return logs

    def _start(self) -> Floats:
        """Return the weights of the tags of first tokens: none is inside an entity (S, C)."""
        first = self.scores[:, 0].copy()
        first[:, self._labels + 1 :] = _NEVER
        return first

    @cached_property
    def _forward(self) -> Floats:
        """Logarithm of the weight of all sequences up to a token that end with a tag (S, T, C)."""
        labels = self._labels
        found = np.empty_like(self.scores)
        found[:, 0] = self._start()
        for at in range(1, self.scores.shape[1]):
            before = found[:, at - 1]
            new = np.empty_like(before)
            new[:, : labels + 1] = np.logaddexp.reduce(before, axis=1)[:, None]
            new[:, labels + 1 :] = np.logaddexp(before[:, 1 : labels + 1], before[:, labels + 1 :])
            found[:, at] = np.where((at >= self.lengths)[:, None], before, new + self.scores[:, at])
        return found

    @cached_property
    def _total(self) -> Floats:
        """Logarithm of the weight of all sequences of a sentence (S,)."""
        total: Floats = np.logaddexp.reduce(self._forward[:, -1], axis=1)
        return total

    @cached_property
    def _both(self) -> tuple[Floats, Floats]:
        count, longest, tags = self.scores.shape
        labels = self._labels
        rest, leaving = np.zeros((count, longest, tags)), np.zeros((count, longest))
        for at in range(longest - 1, 0, -1):
            here = self.scores[:, at] + rest[:, at]
            leaving[:, at] = np.logaddexp.reduce(here[:, : labels + 1], axis=1)
            staying = np.logaddexp(leaving[:, at, None], here[:, labels + 1 :])
            new = np.concatenate([leaving[:, at, None], staying, staying], axis=1)
            rest[:, at - 1] = np.where((at >= self.lengths)[:, None], 0, new)
        return rest, leaving

    @property
    def _backward(self) -> Floats:
        """Logarithm of the weight of all ways to go on after a tag of a token (S, T, C)."""
        return self._both[0]

    @property
    def _leaving(self) -> Floats:
        """Logarithm of the weight of all ways to go on from a token, itself included, that is inside no entity before it (S, T)."""
        return self._both[1]
