"""Errors planted into gold, drawn from the errors of a real model.

Labels that it swaps, boundaries that it moves, entities that it misses, and entities that it marks where there is none: these with the label
of one of its false positives, on other words of the same shape.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from llms_meet_ner.annotation.doubts.ranking import Doubt
from llms_meet_ner.eval.analysis.pairs import pair_up
from llms_meet_ner.sentence import Sentence, Span

T = TypeVar("T")
KINDS = ("type", "boundary", "both", "missed", "spurious")
_TRIES = 50
Shape = tuple[str, ...]
"""Kinds of some words, in their order: see `shape_of`."""


@dataclass
class Confusions:
    """Counts of a model's errors: by kind of pair, predicted labels by gold label, moves of start and end, false positives."""

    kinds: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    moves: Counter[tuple[int, int]] = field(default_factory=Counter)
    surplus: Counter[tuple[str, Shape]] = field(default_factory=Counter)

    def only(self, kinds: Sequence[str]) -> Confusions:
        """Return the errors of some kinds."""
        return replace(self, kinds=Counter({kind: self.kinds[kind] for kind in kinds if self.kinds[kind]}))


@dataclass(frozen=True)
class Planted:
    """A planted error: sentence id, kind, the entity before, None if there was none, and after, None if it was taken out."""

    id: str
    kind: str
    before: Span | None
    after: Span | None


def confusions_of(gold: Sequence[Sentence], predicted: Sequence[Sequence[Span]]) -> Confusions:
    found = Confusions()
    for one, other in zip(gold, predicted, strict=True):
        for pair in pair_up(one.spans, other):
            if pair.kind in KINDS:
                found.kinds[pair.kind] += 1
            if pair.kind == "spurious" and pair.predicted:
                found.surplus[pair.predicted.label, shape_of(one.tokens, pair.predicted.start, pair.predicted.end)] += 1
            if pair.gold and pair.predicted and pair.gold.label != pair.predicted.label:
                found.labels.setdefault(pair.gold.label, Counter())[pair.predicted.label] += 1
            if pair.gold and pair.predicted and pair.kind in ("boundary", "both"):
                found.moves[pair.predicted.start - pair.gold.start, pair.predicted.end - pair.gold.end] += 1
    return found


def shape_of(tokens: Sequence[str], start: int, end: int) -> Shape:
    """Return for each of some tokens whether it begins with a capital, has other letters, a digit, or none of these."""
    return tuple(
        "X"
        if token[0].isupper()
        else "x"
        if any(map(str.isalpha, token))
        else "9"
        if any(map(str.isdigit, token))
        else "."
        for token in tokens[start:end]
    )


def plant(
    sentences: Sequence[Sentence], errors: Confusions, share: float, seed: int
) -> tuple[list[Sentence], list[Planted]]:
    """Return sentences with as many errors as a share of the entities, and the errors. No two are in touch."""
    rng = random.Random(seed)
    places = [(at, span) for at, sentence in enumerate(sentences) for span in sentence.spans]
    rng.shuffle(places)
    wanted = round(share * len(places))
    changed = list(sentences)
    planted: list[Planted] = []
    for at, span in places:
        if len(planted) == wanted:
            break
        kind, after = _wrong(changed[at], span, errors, rng) or ("", None)
        if kind == "spurious":
            place = _place(sentences, changed, errors, rng)
            if place:
                _put(changed, planted, place[0], Planted(changed[place[0]].id, kind, None, place[1]))
        elif kind:
            _put(changed, planted, at, Planted(changed[at].id, kind, span, after))
    return changed, planted


def _put(changed: list[Sentence], planted: list[Planted], at: int, one: Planted) -> None:
    spans = {*changed[at].spans} - {one.before} | ({one.after} if one.after else set())
    changed[at] = replace(changed[at], spans=tuple(sorted(spans)))
    planted.append(one)


def _place(
    sentences: Sequence[Sentence], changed: Sequence[Sentence], errors: Confusions, rng: random.Random
) -> tuple[int, Span] | None:
    """Draw a false positive, and words of its shape that are in no entity, before and after; None if there are none for those drawn."""
    for _ in range(_TRIES):
        label, shape = _drawn(errors.surplus, rng)
        found = [
            (at, Span(start, start + len(shape), label))
            for at, sentence in enumerate(sentences)
            if not sentence.is_docstart
            for start in range(len(sentence.tokens) - len(shape) + 1)
            if shape_of(sentence.tokens, start, start + len(shape)) == shape
        ]
        free = [
            (at, span)
            for at, span in found
            if not any(
                one.start < span.end and span.start < one.end for one in (*sentences[at].spans, *changed[at].spans)
            )
        ]
        if free:
            return rng.choice(free)
    return None


def _wrong(sentence: Sentence, span: Span, errors: Confusions, rng: random.Random) -> tuple[str, Span | None] | None:
    """Draw an error for an entity; None if none of those drawn is possible there. A spurious one is put elsewhere."""
    others = [one for one in sentence.spans if one != span]
    for _ in range(_TRIES):
        kind = _drawn(errors.kinds, rng)
        if kind in ("missed", "spurious"):
            return kind, None
        label, (start, end) = span.label, (0, 0)
        if kind in ("type", "both"):
            if not (labels := errors.labels.get(span.label)):
                continue
            label = _drawn(labels, rng)
        if kind in ("boundary", "both"):
            start, end = _drawn(errors.moves, rng)
        begin, stop = span.start + start, span.end + end
        if not 0 <= begin < stop <= len(sentence.tokens):
            continue
        if begin >= span.end or stop <= span.start or any(one.start < stop and begin < one.end for one in others):
            continue
        return kind, Span(begin, stop, label)
    return None


def _drawn(counts: Counter[T], rng: random.Random) -> T:
    names = sorted(counts, key=repr)
    return rng.choices(names, [counts[name] for name in names])[0]


def hit_by(doubt: Doubt, planted: Sequence[Planted]) -> Planted | None:
    """Return the planted error that a doubt is about; None if it is about none."""
    for one in planted:
        if one.id != doubt.id:
            continue
        if one.after is not None and doubt.gold == one.after:
            return one
        seen = doubt.suggested
        if (
            one.after is None
            and one.before
            and doubt.gold is None
            and seen
            and seen.start < one.before.end
            and one.before.start < seen.end
        ):
            return one
    return None
