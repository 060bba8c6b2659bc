"""A selection: which sentences of a text were chosen, by what, and the files that say so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...data_converters.cards import load_card
from ...data_converters.corpus import read_corpus
from ...generation import Generation
from ...sentence import Sentence
from ...typed_json import Count, to_json
from ..texts import Texts
from .batch import Budget, Near, take
from .duplicates import Normalised, first_ones, near_duplicates, normalised
from .strategies import RANDOM, Aids, Candidate, Strategy, random

SELECTION_FILE = "selection.json"
"""Says how the sentences of a labelled corpus were chosen; written last."""
CHOSEN_FILE = "selection.jsonl"
"""A line for each sentence that was chosen: id, id among the texts, score, rank, tokens, and what chose it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be chosen.

    Attributes:
        strategy: Strategy that scores the sentences.
        budget: How much it may choose.
        seed: Seed of what is drawn.
        overhead: Cost of a sentence besides its tokens, in tokens.
        near: Cosine from which two chosen sentences would be almost the same; None to allow them.
        at_random: Number of sentences that are drawn at random besides, to score and calibrate on.
    """

    strategy: Strategy
    budget: Budget
    seed: int
    overhead: float
    near: float | None
    at_random: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """A sentence that was chosen.

    Attributes:
        id: Id in the labelled corpus.
        asked: Id among the texts.
        rank: Place among the chosen ones, from 1; those drawn at random come last.
        score: Score by the strategy, the higher the sooner.
        tokens: Number of tokens.
        by: The strategy, or `random`.
    """

    id: str
    asked: str
    rank: int
    score: float
    tokens: int
    by: str


@dataclass(frozen=True, slots=True)
class Selection:
    """How sentences were chosen.

    Attributes:
        strategy: Name of the strategy.
        seed: Seed.
        overhead: Cost of a sentence besides its tokens, in tokens.
        near: Cosine from which two sentences are almost the same; None if they are allowed.
        budget: How much could be chosen, in words.
        system: Name of the system whose answers were scored; None if chance alone chose.
        system_sha256: Hash of its stamp.
        pool: Number of sentences to choose from.
        pool_sha256: Hash of their ids and tokens.
        left_out: Number of things that were not in the pool, by kind.
        near_left_out: Number of sentences that were passed over as almost the same as a chosen one.
        chosen: Number of sentences that the strategy chose.
        tokens: Number of their tokens.
        at_random: Number of sentences that were drawn at random besides.
        random_tokens: Number of their tokens.
    """

    strategy: str
    seed: int
    overhead: float
    near: float | None
    budget: str
    system: str | None
    system_sha256: str | None
    pool: Count
    pool_sha256: str
    left_out: dict[str, int]
    near_left_out: Count
    chosen: Count
    tokens: Count
    at_random: Count
    random_tokens: Count


def known_sentences(cards: Sequence[str]) -> set[Normalised]:
    """Return the normalised sentences of all splits of corpora, given the names or files of their cards.

    Raises:
        LmnError: One of them cannot be read.
    """
    found: set[Normalised] = set()
    for name in cards:
        card = load_card(name)
        for split in card.splits:
            found.update(normalised(sentence.tokens) for sentence in read_corpus(card, split))
    return found


def without_duplicates(texts: Texts, known: set[Normalised] | None = None) -> Texts:
    """Return the texts with each sentence once, and without those that have labels; what is left out is counted."""
    kept, repeated, known_ones = first_ones(texts.sentences, known or ())
    counts = {"repeated sentences": repeated, "sentences that have labels": known_ones}
    left_out = {**texts.left_out, **{kind: count for kind, count in counts.items() if count}}
    return replace(part_of(texts, kept), left_out=left_out)


def part_of(texts: Texts, positions: Sequence[int]) -> Texts:
    """Return some of the sentences, in the order of their positions as given."""
    return replace(
        texts, sentences=tuple(texts.sentences[at] for at in positions), origins=tuple(texts.origins[at] for at in positions)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picked:
    """Positions of the sentences that were chosen.

    Attributes:
        by_strategy: Those that the strategy chose, the best first.
        at_random: Those that were drawn at random besides.
        scores: Score of each candidate.
        near: Number of sentences that were passed over as almost the same as a chosen one.
    """

    by_strategy: tuple[int, ...]
    at_random: tuple[int, ...]
    scores: tuple[float, ...]
    near: int

    @property
    def order(self) -> tuple[int, ...]:
        """All of them, those drawn at random last."""
        return (*self.by_strategy, *self.at_random)


def pick(wish: Wish, sentences: Sequence[Sentence], pool: Sequence[Candidate], aids: Aids) -> Picked:
    """Choose sentences.

    The random ones are drawn first, from all candidates, so that they are a random sample of the pool. The strategy chooses from the rest,
    without what is almost the same as a drawn one.

    Args:
        wish: What is to be chosen.
        sentences: The candidates' sentences.
        pool: The candidates.
        aids: What the strategy needs besides.
    """
    drawn: tuple[int, ...] = ()
    if wish.at_random:
        drawn = take(pool, random(pool, replace(aids, seed=wish.seed)), Budget(sentences=wish.at_random)).chosen
    taken = set(drawn)
    rest = [at for at in range(len(pool)) if at not in taken]
    scores = tuple(wish.strategy.scores(pool, aids))
    near, known = _near(wish, sentences, drawn, rest)
    batch = take([pool[at] for at in rest], [scores[at] for at in rest], wish.budget, near, known)
    return Picked(tuple(rest[at] for at in batch.chosen), drawn, scores, batch.near)


def _near(
    wish: Wish, sentences: Sequence[Sentence], drawn: Sequence[int], rest: Sequence[int]
) -> tuple[Near | None, set[int]]:
    """Return what finds almost equal ones of the rest, and which of the rest are almost the same as a drawn one; by place in the rest."""
    if wish.near is None:
        return None, set()
    near = near_duplicates(sentences, wish.near)
    places = {at: place for place, at in enumerate(rest)}
    known = {places[at] for one in drawn for at in near(one) if at in places}
    return lambda place: [places[at] for at in near(rest[place]) if at in places], known


def pool_sha256(sentences: Sequence[Sentence]) -> str:
    """Return the hash of the ids and tokens of sentences."""
    digest = hashlib.sha256()
    for sentence in sentences:
        digest.update(json.dumps([sentence.id, *sentence.tokens]).encode() + b"\n")
    return digest.hexdigest()


def chosen_rows(picked: Picked, wish: Wish, pool: Sequence[Candidate], corpus: str, split: str) -> list[Chosen]:
    """Return a row for each chosen sentence, in the order of the labelled corpus."""
    rows = []
    for place, at in enumerate(picked.order):
        by = wish.strategy.name if place < len(picked.by_strategy) else RANDOM
        one = pool[at]
        rows.append(Chosen(f"{corpus}/{split}/{place}", one.id, place + 1, picked.scores[at], one.tokens, by))
    return rows


def save_selection(folder: Path, selection: Selection, rows: Sequence[Chosen]) -> None:
    """Write what was chosen into the folder of a labelled corpus.

    Raises:
        LmnError: A file cannot be written.
    """
    with Generation() as files:
        with files.write(folder / CHOSEN_FILE) as file:
            file.writelines(json.dumps(to_json(row), ensure_ascii=False) + "\n" for row in rows)
        files.write_json(folder / SELECTION_FILE, to_json(selection), gone_first=True)
        files.put()
