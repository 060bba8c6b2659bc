"""More sentences for a small corpus: copies of training sentences with mentions replaced by others of the same label."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from random import Random

from ...errors import LmnError
from ...sentence import Sentence, Span
from ...training.dataset_info import Augmented
from ..cards import Card

_HELD_OUT = re.compile(r"(dev|test|val|eval)", re.IGNORECASE)
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Augmentation:
    """The sentences to add to a split.

    Attributes:
        split: Training split; only its sentences are used.
        share: Number of sentences to add for each sentence of the split, `-DOCSTART-` lines aside: 0.5 adds half as many.
        seed: Seed of all draws.

    Raises:
        LmnError: The split's name says that it is held out, or the share is not above 0.
    """

    split: str
    share: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share < math.inf:
            raise LmnError(
                "the share of sentences to add is a number above 0",
                f"--augment {self.share:g}",
                "0.5 adds half as many",
            )
        if _HELD_OUT.match(self.split):
            raise LmnError(
                f"split {self.split} is for scoring, and is not augmented",
                remedy="--augment-split names the training split",
            )

    @classmethod
    def of(
        cls, card: Card, splits: Sequence[str], share: float | None, seed: int | None, split: str | None
    ) -> Augmentation | None:
        """Return what the options of a command ask for; None if they ask for no augmentation.

        Args:
            card: Card of the corpus.
            splits: Splits to convert.
            share: Share of sentences to add; None for no augmentation.
            seed: Seed of all draws; None for 0.
            split: Split to add to; None for `train`, or else the card's first split.

        Raises:
            LmnError: The split is held out, missing or not converted, or seed or split are given without a share.
        """
        if share is None:
            if seed is not None or split is not None:
                raise LmnError("--seed and --augment-split belong to --augment SHARE, which is not given")
            return None
        chosen = split or ("train" if "train" in card.splits else next(iter(card.splits)))
        card.split(chosen)
        if chosen not in splits:
            raise LmnError(
                f"--augment adds to split {chosen}, which is not converted now", remedy="name it with --split too"
            )
        return cls(chosen, share, seed or 0)


def augmented(sentences: Iterable[Sentence], augmentation: Augmentation) -> tuple[Iterable[Sentence], Augmented]:
    """Return the sentences of a split followed by `added_sentences`, and the record of what was added."""
    own = list(sentences)
    added = added_sentences(own, augmentation)
    return chain(own, added), Augmented(augmentation.share, augmentation.seed, len(added))


def added_sentences(sentences: Iterable[Sentence], augmentation: Augmentation) -> list[Sentence]:
    """Return sentences to add to a split.

    Each is a copy of a sentence of the split. Every mention is replaced with a probability of one half, and at least one is, by another
    mention with the same label in the split; all distinct mentions are equally likely. Tokens outside of mentions, labels and their
    order stay. Sentences with an entity inside another are neither copied nor used for mentions. Every sentence is used once before
    one is used again; the K-th copy of sentence N is called `N#augK`. No copy equals a sentence of the split or another copy.

    Args:
        sentences: All sentences of the split.
        augmentation: Share of sentences to add, and the seed.

    Returns:
        The number of sentences that the share asks for, or fewer if there are not enough mentions.

    Raises:
        LmnError: There is nothing to add.
    """
    own = [sentence for sentence in sentences if not sentence.is_docstart]
    wanted = round(augmentation.share * len(own))
    if not wanted:
        raise LmnError(
            f"this share of the {len(own)} sentences of split {augmentation.split} is less than one sentence",
            f"--augment {augmentation.share:g}",
        )
    flat = [sentence for sentence in own if sentence.spans and not sentence.is_nested]
    mentions = _mentions(flat)
    usable = [sentence for sentence in flat if any(len(mentions[span.label]) > 1 for span in sentence.spans)]
    random = Random(augmentation.seed)
    random.shuffle(usable)
    seen = {sentence.tokens for sentence in own}
    added: list[Sentence] = []
    for turn in count(1):
        fertile = []
        for sentence in usable:
            if len(added) == wanted:
                return added
            if new := _new_variant(sentence, mentions, random, seen):
                seen.add(new.tokens)
                added.append(replace(new, id=f"{sentence.id}#aug{turn}"))
                fertile.append(sentence)
        usable = fertile
        if not usable:
            break
    if not added:
        raise LmnError(
            f"split {augmentation.split} has no mention that another one with its label could replace",
            remedy="leave --augment out",
        )
    return added


def _mentions(sentences: Iterable[Sentence]) -> dict[str, list[tuple[str, ...]]]:
    """Return the distinct mentions with each label, in the order in which they occur."""
    found: dict[str, dict[tuple[str, ...], None]] = {}
    for sentence in sentences:
        for span in sentence.spans:
            found.setdefault(span.label, {})[sentence.tokens[span.start : span.end]] = None
    return {label: list(mentions) for label, mentions in found.items()}


def _new_variant(
    sentence: Sentence, mentions: dict[str, list[tuple[str, ...]]], random: Random, seen: set[tuple[str, ...]]
) -> Sentence | None:
    """Return a copy of the sentence with tokens that were not seen yet; None if all attempts fail."""
    for _ in range(_ATTEMPTS):
        new = _replaced(sentence, mentions, random)
        if new.tokens not in seen:
            return new
    return None


def _replaced(sentence: Sentence, mentions: dict[str, list[tuple[str, ...]]], random: Random) -> Sentence:
    """Replace mentions of a flat sentence that has at least one replaceable mention."""
    can = [number for number, span in enumerate(sentence.spans) if len(mentions[span.label]) > 1]
    chosen = {number for number in can if random.random() < 0.5} or {random.choice(can)}
    tokens: list[str] = []
    spans: list[Span] = []
    last = 0
    for number, span in enumerate(sentence.spans):
        tokens += sentence.tokens[last : span.start]
        mention = sentence.tokens[span.start : span.end]
        if number in chosen:
            mention = _another(mentions[span.label], mention, random)
        spans.append(Span(len(tokens), len(tokens) + len(mention), span.label))
        tokens += mention
        last = span.end
    tokens += sentence.tokens[last:]
    return replace(sentence, tokens=tuple(tokens), spans=tuple(spans))


def _another(mentions: list[tuple[str, ...]], than: tuple[str, ...], random: Random) -> tuple[str, ...]:
    """Draw a mention that differs from a given one; there are at least two."""
    while (drawn := random.choice(mentions)) == than:
        pass
    return drawn
