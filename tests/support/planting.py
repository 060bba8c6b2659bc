"""Errors planted into gold, drawn from the errors of a real model: labels that it swaps, boundaries that it moves, entities that it misses."""

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
KINDS = ("type", "boundary", "both", "missed")
_TRIES = 50


@dataclass
class Confusions:
    """Counts of a model's errors: by kind of pair, predicted labels by gold label, moves of start and end."""

    kinds: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    moves: Counter[tuple[int, int]] = field(default_factory=Counter)


@dataclass(frozen=True)
class Planted:
    """An entity that an error was planted into: sentence id, kind, the entity before and after; None if it was taken out."""

    id: str
    kind: str
    before: Span
    after: Span | None


def confusions_of(gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]]) -> Confusions:
    found = Confusions()
    for one, other in zip(gold, predicted, strict=True):
        for pair in pair_up(one, other):
            if pair.kind in KINDS:
                found.kinds[pair.kind] += 1
            if pair.gold and pair.predicted and pair.gold.label != pair.predicted.label:
                found.labels.setdefault(pair.gold.label, Counter())[pair.predicted.label] += 1
            if pair.gold and pair.predicted and pair.kind in ("boundary", "both"):
                found.moves[pair.predicted.start - pair.gold.start, pair.predicted.end - pair.gold.end] += 1
    return found


def plant(
    sentences: Sequence[Sentence], errors: Confusions, share: float, seed: int
) -> tuple[list[Sentence], list[Planted]]:
    """Return sentences of which a share of the entities has an error, and the errors. No two are in touch."""
    rng = random.Random(seed)
    places = [(at, span) for at, sentence in enumerate(sentences) for span in sentence.spans]
    rng.shuffle(places)
    wanted = round(share * len(places))
    changed = list(sentences)
    planted: list[Planted] = []
    for at, span in places:
        if len(planted) == wanted:
            break
        if found := _wrong(changed[at], span, errors, rng):
            kind, after = found
            others = [one for one in changed[at].spans if one != span]
            changed[at] = replace(changed[at], spans=tuple(sorted([*others, *([after] if after else [])])))
            planted.append(Planted(changed[at].id, kind, span, after))
    return changed, planted


def _wrong(sentence: Sentence, span: Span, errors: Confusions, rng: random.Random) -> tuple[str, Span | None] | None:
    """Draw an error for an entity; None if none of those drawn is possible there."""
    others = [one for one in sentence.spans if one != span]
    for _ in range(_TRIES):
        kind = _drawn(errors.kinds, rng)
        if kind == "missed":
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
            and doubt.gold is None
            and seen
            and seen.start < one.before.end
            and one.before.start < seen.end
        ):
            return one
    return None
