"""More sentences for a small corpus: training sentences again, with mentions replaced by others of the same label."""

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
    """What is to be added to which split.

    Attributes:
        split: the training split; its sentences are used and no others.
        share: of sentences to add, relative to the split's own without `-DOCSTART-` lines: 0.5 adds half as many.
        seed: of all draws.

    Raises:
        LmnError: the split is a held-out one by its name, or the share is not above 0.
    """

    split: str
    share: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share < math.inf:
            raise LmnError(f"--augment {self.share:g}: a share above 0, 0.5 for half as many sentences again")
        if _HELD_OUT.match(self.split):
            raise LmnError(
                f"split {self.split} is one to score on, and is not augmented; --augment-split names the training split"
            )

    @classmethod
    def of(
        cls, card: Card, splits: Sequence[str], share: float | None, seed: int | None, split: str | None
    ) -> Augmentation | None:
        """Take what the command line says.

        Args:
            card: of the corpus.
            splits: that are to be converted.
            share: None for no augmentation.
            seed: None for 0.
            split: None for the split `train`, or else the card's first one.

        Raises:
            LmnError: as above; or the split is not one of those, or there is no share that seed or split could belong to.
        """
        if share is None:
            if seed is not None or split is not None:
                raise LmnError("--seed and --augment-split belong to --augment SHARE, which is not given")
            return None
        chosen = split or ("train" if "train" in card.splits else next(iter(card.splits)))
        card.split(chosen)
        if chosen not in splits:
            raise LmnError(f"--augment adds to split {chosen}, which is not converted now; name it with --split too")
        return cls(chosen, share, seed or 0)


def augmented(sentences: Iterable[Sentence], augmentation: Augmentation) -> tuple[Iterable[Sentence], Augmented]:
    """Return the sentences of a split with those of `added_sentences` behind them, and what is to be known of them."""
    own = list(sentences)
    added = added_sentences(own, augmentation)
    return chain(own, added), Augmented(augmentation.share, augmentation.seed, len(added))


def added_sentences(sentences: Iterable[Sentence], augmentation: Augmentation) -> list[Sentence]:
    """Return sentences that a split is to have beside its own.

    Each is one of its own in which every mention was, with a probability of one half and at least one of them, replaced by another
    mention that occurs with the same label in the split, all distinct ones alike. Tokens outside of mentions stay as they are, and so
    do the labels and their order. Sentences with an entity inside another are left as they are, and lend no mention. Every sentence is
    used once before one is used again; the K-th one made of sentence N is called `N#augK`. None is equal to a sentence of the split or
    to another one that is added.

    Args:
        sentences: all of the split.
        augmentation: what to add.

    Returns:
        As many as the share asks for, or fewer where the mentions do not give them.

    Raises:
        LmnError: there is nothing to add.
    """
    own = [sentence for sentence in sentences if not sentence.is_docstart]
    wanted = round(augmentation.share * len(own))
    if not wanted:
        raise LmnError(
            f"--augment {augmentation.share:g}: of the {len(own)} sentences of split {augmentation.split} that is none"
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
            f"split {augmentation.split} has no mention that another one of its label could stand for; leave --augment out"
        )
    return added


def _mentions(sentences: Iterable[Sentence]) -> dict[str, list[tuple[str, ...]]]:
    """Return the distinct mentions of each label, in the order in which they occur."""
    found: dict[str, dict[tuple[str, ...], None]] = {}
    for sentence in sentences:
        for span in sentence.spans:
            found.setdefault(span.label, {})[sentence.tokens[span.start : span.end]] = None
    return {label: list(mentions) for label, mentions in found.items()}


def _new_variant(
    sentence: Sentence, mentions: dict[str, list[tuple[str, ...]]], random: Random, seen: set[tuple[str, ...]]
) -> Sentence | None:
    """Return the sentence with mentions replaced and tokens that were not seen yet; None if some attempts gave none."""
    for _ in range(_ATTEMPTS):
        new = _replaced(sentence, mentions, random)
        if new.tokens not in seen:
            return new
    return None


def _replaced(sentence: Sentence, mentions: dict[str, list[tuple[str, ...]]], random: Random) -> Sentence:
    """Replace mentions of a flat sentence of which at least one can be."""
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
    """Draw one of the mentions, of which there are at least two, that is another one than a given one of them."""
    while (drawn := random.choice(mentions)) == than:
        pass
    return drawn
