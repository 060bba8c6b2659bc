"""Parts of a corpus, each of which a student is trained without: documents stay whole, and equal sentences apart from what judges them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import LmnError
from ...sentence import Sentence
from ..simulation.pool import words_of
from ..texts import drawn


@dataclass(frozen=True, slots=True)
class Fold:
    """One part of a corpus.

    Attributes:
        number: Number of the part, from 0.
        held: Positions of the sentences of the part.
        train: Positions of the sentences that its student is trained on.
        left_out: Number of sentences that are in neither, since they are equal to one of the part.
    """

    number: int
    held: tuple[int, ...]
    train: tuple[int, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Folding:
    """All parts of a corpus.

    Attributes:
        folds: The parts; each sentence is in one of them.
        documents: Number of documents, which are kept whole; None if they are not known, or too few to be kept.
    """

    folds: tuple[Fold, ...]
    documents: int | None

    @property
    def line(self) -> str:
        """Description of the parts, for people."""
        kept = (
            f"of {self.documents:,} whole documents"
            if self.documents
            else "of single sentences: no documents are known"
        )
        left_out = sum(fold.left_out for fold in self.folds)
        equal = f"; left out of trainings, equal to a sentence that is judged: {left_out:,}" if left_out else ""
        return f"folds: {len(self.folds)}, {kept}{equal}"


def fold(sentences: Sequence[Sentence], number: int, seed: int, *, gaps: bool = False) -> Folding:
    """Cut a corpus into parts of nearly equal numbers of tokens.

    Documents are put into the parts in an order that follows from the seed, each into the part that is smallest then. Where fewer documents
    are known than there are parts, single sentences are.

    Args:
        sentences: Sentences of the corpus, in its order, with its document separators.
        number: Number of parts.
        seed: Seed of the order.
        gaps: Whether document separators were left out, and their numbers with them: see `documents_of`.

    Raises:
        LmnError: There are fewer sentences than parts.
    """
    places = [at for at, sentence in enumerate(sentences) if not sentence.is_docstart]
    if not 2 <= number <= len(places):
        raise LmnError(
            f"{number} folds for {len(places):,} sentences",
            "--folds",
            "name at least 2, and at most as many as sentences",
        )
    documents = documents_of(sentences, gaps=gaps)
    known = len(set(documents.values()))
    units = documents if known >= number else {at: at for at in places}
    owner = _spread(sentences, units, number, seed)
    texts = {at: words_of(sentences[at]) for at in places}
    return Folding(tuple(_fold(one, places, owner, texts) for one in range(number)), known if known >= number else None)


def documents_of(sentences: Sequence[Sentence], *, gaps: bool) -> dict[int, int]:
    """Return the number of the document of each sentence that is no separator.

    A document begins after a separator.

    Args:
        sentences: Sentences of a corpus, in its order.
        gaps: Whether its card leaves separators out (`docstart: boundary`). A gap in the numbers of the ids, which count them, then shows
            where one stood; in other corpora it shows a sentence that somebody left out.
    """
    found: dict[int, int] = {}
    document = 0
    last: int | None = None
    for at, sentence in enumerate(sentences):
        number = _number(sentence)
        is_gap = gaps and None not in (number, last) and number != (last or 0) + 1
        if sentence.is_docstart or is_gap:
            document += 1
        last = number
        if not sentence.is_docstart:
            found[at] = document
    return found


def _number(sentence: Sentence) -> int | None:
    """Return the number in the id of a sentence; None if it has none."""
    tail = sentence.id.rpartition("/")[2]
    return int(tail) if tail.isdecimal() else None


def _spread(sentences: Sequence[Sentence], units: dict[int, int], number: int, seed: int) -> dict[int, int]:
    """Return the part of each sentence."""
    members: dict[int, list[int]] = {}
    for at, unit in units.items():
        members.setdefault(unit, []).append(at)
    sizes = [0] * number
    owner: dict[int, int] = {}
    for unit in sorted(members, key=lambda unit: drawn(seed, sentences[members[unit][0]].id)):
        part = sizes.index(min(sizes))
        sizes[part] += sum(len(sentences[at].tokens) for at in members[unit])
        owner |= dict.fromkeys(members[unit], part)
    return owner


def _fold(number: int, places: Sequence[int], owner: dict[int, int], texts: dict[int, str]) -> Fold:
    held = tuple(at for at in places if owner[at] == number)
    inside = {texts[at] for at in held}
    others = [at for at in places if owner[at] != number]
    train = tuple(at for at in others if texts[at] not in inside)
    return Fold(number, held, train, len(others) - len(train))
