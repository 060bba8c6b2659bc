"""First guesses at the entities of a sentence, for proposals: a wrong one costs time and changes no output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..sentence import Span, without_nested

_LONGEST = 8
"""Tokens of the longest mention that is remembered."""
_FEW = 20
"""Runs of capitalised tokens that must have been seen before their record counts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a proposal marks entities.

    Attributes:
        spans: flat, sorted.
        label: for entities that are closed where no span says how.
        tokens: of the sentence.
    """

    spans: tuple[Span, ...]
    label: str
    tokens: tuple[str, ...]
    _starts: frozenset[int] = field(init=False)
    _by_token: dict[int, Span] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", frozenset(span.start for span in self.spans))
        object.__setattr__(self, "_by_token", {at: span for span in self.spans for at in range(span.start, span.end)})

    def opens(self, token: int) -> bool:
        """Whether an entity begins at a token."""
        return token in self._starts

    def closes(self, token: int) -> bool:
        """Whether an entity that is open ends with a token: with its span, else before the next token without a capital."""
        span = self._by_token.get(token)
        if span is not None:
            return token == span.end - 1
        return (
            token + 1 >= len(self.tokens) or token + 1 in self._by_token or not _is_capitalised(self.tokens[token + 1])
        )

    def label_at(self, token: int) -> str:
        """Return the likeliest label of an entity that holds a token."""
        span = self._by_token.get(token)
        return span.label if span is not None else self.label


@dataclass(slots=True)
class Guesser:
    """Guesses from the mentions of sentences that it has seen, and from capital letters as far as they have been a sign."""

    labels: Counter[str]
    _mentions: dict[tuple[str, ...], Counter[str]] = field(default_factory=dict)
    _seen: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _runs: int = 0
    _right_runs: int = 0

    @classmethod
    def of(cls, labels: Iterable[str]) -> Guesser:
        """Make a guesser that knows label names only."""
        return cls(Counter(dict.fromkeys(labels, 0)))

    def learn(self, tokens: tuple[str, ...], spans: Sequence[Span]) -> None:
        """Take in the entities of a sentence, the outermost where they nest."""
        outer = without_nested(tuple(spans))
        for span in outer:
            self.labels[span.label] += 1
            if span.end - span.start <= _LONGEST:
                self._mentions.setdefault(tokens[span.start : span.end], Counter())[span.label] += 1
        for start in range(len(tokens)):
            for end in range(start + 1, min(len(tokens), start + _LONGEST) + 1):
                if tokens[start:end] in self._mentions:
                    self._seen[tokens[start:end]] += 1
        marked = {(span.start, span.end) for span in outer}
        runs = capitalised_runs(tokens)
        self._runs += len(runs)
        self._right_runs += sum(run in marked for run in runs)

    def guess(self, tokens: tuple[str, ...]) -> Plan:
        """Return a plan: known mentions that are marked more often than not, then runs of capitalised tokens."""
        label = self.labels.most_common(1)[0][0]
        spans = self._known(tokens)
        taken = {at for span in spans for at in range(span.start, span.end)}
        if self._runs < _FEW or 2 * self._right_runs >= self._runs:
            spans += [
                Span(start, end, label)
                for start, end in capitalised_runs(tokens)
                if taken.isdisjoint(range(start, end))
            ]
        return Plan(tuple(sorted(spans)), label, tokens)

    def _known(self, tokens: tuple[str, ...]) -> list[Span]:
        spans: list[Span] = []
        start = 0
        while start < len(tokens):
            for end in range(min(len(tokens), start + _LONGEST), start, -1):
                words = tokens[start:end]
                labels = self._mentions.get(words)
                if labels and 2 * labels.total() >= self._seen[words]:
                    spans.append(Span(start, end, labels.most_common(1)[0][0]))
                    start = end
                    break
            else:
                start += 1
        return spans


def capitalised_runs(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest runs of capitalised tokens as (start, end), end exclusive.

    A single one at the start of a sentence is left out: most are ordinary words.
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
