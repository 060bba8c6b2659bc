"""Guesses the entities of a sentence for the first proposal. A wrong guess costs time, but changes no output."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..sentence import Span, without_nested

_LONGEST = 8
"""Number of tokens of the longest mention that is remembered."""
_FEW = 20
"""Number of runs of capitalised tokens that it must have seen before it counts how many were entities."""


@dataclass(slots=True)
class GuessedPlan:
    """A plan of guessed entities. Open entities that were not guessed get an end and a label too.

    Attributes:
        tokens: Tokens of the sentence.
        spans: Guessed entities, flat and sorted.
        label: Label of entities that were not guessed.
    """

    tokens: tuple[str, ...]
    spans: tuple[Span, ...]
    label: str
    _starts: frozenset[int] = field(init=False)
    _by_token: dict[int, Span] = field(init=False)
    _extensions: int = 0
    _not_before: int = 0

    def __post_init__(self) -> None:
        self._starts = frozenset(span.start for span in self.spans)
        self._by_token = {at: span for span in self.spans for at in range(span.start, span.end)}

    def opens(self, token: int) -> bool:
        """Return whether an entity begins at a token."""
        return token in self._starts

    def closes(self, token: int) -> bool:
        """Return whether an open entity ends with a token.

        A guessed entity ends with its span; any other before the next token that is not capitalised.
        """
        if token < self._not_before:
            return False
        span = self._by_token.get(token)
        if span is not None and token < span.end:
            return token == span.end - 1 or self._extensions > 0
        following = token + 1
        return following >= len(self.tokens) or not (
            following in self._by_token or _is_capitalised(self.tokens[following])
        )

    def label_at(self, token: int) -> str:
        """Return the most likely label of an entity that holds a token."""
        span = self._by_token.get(token)
        return span.label if span is not None else self.label

    def extend(self, token: int) -> None:
        """Note that an entity did not end with a token as planned. Each time, its planned end moves twice as far as before."""
        if token >= self._not_before + 2:
            self._extensions = 0  # this is another entity
        self._not_before = token + 2**self._extensions
        self._extensions += 1


@dataclass(slots=True)
class EntityGuesser:
    """Guesses entities from those of earlier sentences, and from capital letters if they have marked entities so far.

    Attributes:
        labels: Labels of the label set.
    """

    labels: tuple[str, ...]
    _label_counts: Counter[str] = field(default_factory=Counter)
    _mentions: dict[tuple[str, ...], Counter[str]] = field(default_factory=dict)
    _seen: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _features: Counter[tuple[str, str]] = field(default_factory=Counter)
    _known_features: Counter[str] = field(default_factory=Counter)
    _in_entities: Counter[str] = field(default_factory=Counter)
    _words: Counter[str] = field(default_factory=Counter)
    _runs: int = 0
    _right_runs: int = 0

    @classmethod
    def of(cls, labels: Iterable[str]) -> EntityGuesser:
        """Make a guesser that knows only the labels."""
        return cls(tuple(labels))

    def learn(self, tokens: tuple[str, ...], spans: Sequence[Span]) -> None:
        """Learn the entities of a sentence; of nested ones only the outermost."""
        outer = without_nested(tuple(spans))
        runs = self._capitalised(tokens)
        self._runs += len(runs)
        self._right_runs += len(set(runs) & {(span.start, span.end) for span in outer})
        for span in outer:
            self._label_counts[span.label] += 1
            for feature in _features(tokens, span.start, span.end):
                self._features[feature, span.label] += 1
                self._known_features[feature] += 1
            self._in_entities.update(tokens[span.start : span.end])
            if span.end - span.start <= _LONGEST:
                self._mentions.setdefault(tokens[span.start : span.end], Counter())[span.label] += 1
        self._words.update(tokens)
        for start in range(len(tokens)):
            for end in range(start + 1, min(len(tokens), start + _LONGEST) + 1):
                if tokens[start:end] in self._mentions:
                    self._seen[tokens[start:end]] += 1

    def guess(self, tokens: tuple[str, ...]) -> GuessedPlan:
        """Return a plan with the mentions that are usually annotated, and with runs of capitalised tokens."""
        spans = longest_matches(tokens, _LONGEST, self._likely_label)
        taken = {at for span in spans for at in range(span.start, span.end)}
        if self._runs < _FEW or 2 * self._right_runs >= self._runs:
            spans += [
                Span(start, end, self._label(tokens, start, end))
                for start, end in self._capitalised(tokens)
                if taken.isdisjoint(range(start, end))
            ]
        label = max(self.labels, key=self._label_counts.__getitem__)
        return GuessedPlan(tokens, tuple(sorted(spans)), label)

    def _likely_label(self, words: tuple[str, ...]) -> str | None:
        """Return the most frequent label of a mention that is usually annotated, else None."""
        labels = self._mentions.get(words)
        return labels.most_common(1)[0][0] if labels and 2 * labels.total() >= self._seen[words] else None

    def _capitalised(self, tokens: tuple[str, ...]) -> list[tuple[int, int]]:
        """Return the runs of capitalised tokens, without tokens that are usually not part of an entity."""
        usual = [2 * self._in_entities[token] < self._words[token] for token in tokens]
        return capitalised_runs(["" if plain else token for token, plain in zip(tokens, usual)])

    def _label(self, tokens: tuple[str, ...], start: int, end: int) -> str:
        """Return the most likely label by naive Bayes over the words in and around a mention."""
        known = [feature for feature in _features(tokens, start, end) if self._known_features[feature]]

        def log_likelihood(label: str) -> float:
            count = self._label_counts[label]
            return math.log(count + 1) + sum(
                math.log((self._features[feature, label] + 0.1) / (count + 1)) for feature in known
            )

        return max(self.labels, key=log_likelihood)


def _features(tokens: Sequence[str], start: int, end: int) -> Iterator[str]:
    yield f"length {min(end - start, 4)}"
    yield f"before {tokens[start - 1].lower() if start else ''}"
    yield f"after {tokens[end].lower() if end < len(tokens) else ''}"
    yield f"first {tokens[start]}"
    yield f"last {tokens[end - 1]}"
    yield f"ending {tokens[end - 1][-3:]}"


def longest_matches(
    tokens: tuple[str, ...], longest: int, label_of: Callable[[tuple[str, ...]], str | None]
) -> list[Span]:
    """Return the spans of known mentions from left to right, the longest one at each token.

    Args:
        tokens: Tokens of a sentence.
        longest: Number of tokens of the longest mention.
        label_of: Returns the label of a mention's tokens, or None for other tokens.
    """
    spans: list[Span] = []
    start = 0
    while start < len(tokens):
        for end in range(min(len(tokens), start + longest), start, -1):
            label = label_of(tokens[start:end])
            if label is not None:
                spans.append(Span(start, end, label))
                start = end
                break
        else:
            start += 1
    return spans


def capitalised_runs(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest runs of capitalised tokens as (start, end), end exclusive.

    A run of only the first token of the sentence is left out: it is mostly an ordinary word.
    """
    runs: list[tuple[int, int]] = []
    start = None
    for position, token in enumerate((*tokens, "")):
        upper = _is_capitalised(token)
        if upper and start is None:
            start = position
        elif not upper and start is not None:
            if (start, position) != (0, 1):
                runs.append((start, position))
            start = None
    return runs


def _is_capitalised(token: str) -> bool:
    return token[:1].isupper()
