"""The data of a simulation: the pool, whose gold is bought sentence by sentence, dev, which is bought as a whole, and test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...data_converters.cards import Card
from ...errors import LmnError
from ...eval.evaluate import read_gold
from ...formats.normal import nfkc
from ...sentence import Sentence

SPLITS = ("train", "dev", "test")
"""Names of the splits that are the pool, dev and test unless others are asked for."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Sentences of a simulation, with their gold. No two of them have the same words.

    Attributes:
        card: Card of the corpus.
        train: Sentences whose gold may be bought.
        dev: Sentences by which weights and stops are chosen.
        test: Sentences that nothing is chosen by.
        left_out: Number of sentences that were left out, by kind, in words.
        other_dev: Sentences of dev that are not used.
    """

    card: Card
    train: tuple[Sentence, ...]
    dev: tuple[Sentence, ...]
    test: tuple[Sentence, ...]
    left_out: dict[str, int]
    other_dev: tuple[Sentence, ...] = ()

    @property
    def sha256(self) -> str:
        """Hash of the words and the entities of all sentences, and of their order."""
        digest = hashlib.sha256()
        for part in (self.train, self.dev, self.test):
            rows = [[one.tokens, [[span.start, span.end, span.label] for span in one.spans]] for one in part]
            digest.update(json.dumps(rows).encode())
        return digest.hexdigest()

    def lines(self) -> list[str]:
        """Return lines for people about the sizes and what was left out."""
        sizes = ", ".join(
            f"{name} {len(part):,}" for name, part in (("pool", self.train), ("dev", self.dev), ("test", self.test))
        )
        return [f"{self.card.name}: sentences: {sizes}"] + [
            f"left out, {kind}: {count:,}" for kind, count in self.left_out.items()
        ]


def parse_splits(text: str) -> tuple[str, str, str]:
    """Return the names of the splits that are the pool, dev and test, written as `train,dev,test`.

    Raises:
        LmnError: They are not three.
    """
    words = [word.strip() for word in text.split(",")]
    if len(words) != len(SPLITS):
        raise LmnError(
            "three names with commas between them are needed", f"--splits {text}", f"as in {','.join(SPLITS)}"
        )
    return words[0], words[1], words[2]


def read_pool(
    card: Card, source: Path | None = None, splits: tuple[str, str, str] = SPLITS, dev_sentences: int | None = None, seed: int = 42
) -> Pool:  # fmt: skip
    """Read the data of a simulation from the files of a corpus.

    Document separators are left out. A sentence of the pool is left out if its words stand in dev or test or earlier in the pool, and a
    sentence of dev if they stand in test or earlier in dev; so is a sentence of test whose words stand earlier in test.

    Args:
        card: Card of the corpus.
        source: Folder of the corpus files; None for the card's default.
        splits: Names of the splits that are the pool, dev and test.
        dev_sentences: Number of the sentences of dev that are used, drawn at random: the first ones would be a few documents. None for all.
        seed: Seed of that draw.

    Raises:
        LmnError: A split is missing or cannot be read, a part is empty, or dev has fewer sentences than are asked for.
    """
    if len(set(splits)) < len(splits):
        raise LmnError("the pool, dev and test have to be three splits", " ".join(splits), "name each split once")
    train, dev, test = (read_gold(card, split, source).sentences for split in splits)
    pool = separated(card, train, dev, test)
    for split, part in zip(splits, (pool.train, pool.dev, pool.test), strict=True):
        if not part:
            raise LmnError("no sentence is left", f"{card.name} {split}", "name another split")
    if dev_sentences is None:
        return pool
    if dev_sentences > len(pool.dev):
        raise LmnError(f"holds {len(pool.dev):,} sentences", f"{card.name} {splits[1]}", "ask for fewer dev sentences")
    used, other = _drawn(pool.dev, dev_sentences, seed)
    return replace(pool, dev=used, other_dev=other)


def _drawn(sentences: Sequence[Sentence], number: int, seed: int) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
    """Return a random part of sentences, and the rest, both in their order."""
    import numpy as np

    chosen = set(np.random.default_rng(seed).permutation(len(sentences))[:number].tolist())
    parts: tuple[list[Sentence], list[Sentence]] = ([], [])
    for at, sentence in enumerate(sentences):
        parts[at not in chosen].append(sentence)
    return tuple(parts[0]), tuple(parts[1])


def separated(card: Card, train: Iterable[Sentence], dev: Iterable[Sentence], test: Iterable[Sentence]) -> Pool:
    """Return the data of a simulation without document separators, and with each text in one place only."""
    left_out: dict[str, int] = {}
    seen: dict[str, str] = {}
    parts: dict[str, tuple[Sentence, ...]] = {}
    for name, sentences in (("test", test), ("dev", dev), ("pool", train)):
        kept: list[Sentence] = []
        for sentence in sentences:
            key = words_of(sentence)
            if sentence.is_docstart:
                kind = f"document separators of {name}"
            elif key in seen:
                kind = f"sentences of {name} that stand in {seen[key]}" + (" before" if seen[key] == name else "")
            else:
                seen[key] = name
                kept.append(sentence)
                continue
            left_out[kind] = left_out.get(kind, 0) + 1
        parts[name] = tuple(kept)
    return Pool(card, parts["pool"], parts["dev"], parts["test"], left_out)


def words_of(sentence: Sentence) -> str:
    """Return the words of a sentence as they are compared: whatever their case, and their Unicode form (NFKC)."""
    return nfkc(" ".join(sentence.tokens)).casefold()


def tokens_of(sentences: Iterable[Sentence]) -> int:
    """Return the number of tokens of sentences."""
    return sum(len(sentence.tokens) for sentence in sentences)
