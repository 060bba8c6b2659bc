"""The sentences in doubt as a corpus that `lmn-annotate export` takes, so that people correct them in an annotation tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from ...data_converters.cards import Card
from ...eval.evaluate import Gold
from ...files import read_json
from ...sentence import Sentence, Span, outer_first
from ...typed_json import Count, from_json
from ..labelled_corpus import (
    SUMMARY_FILE,
    LabelledCorpus,
    card_body,
    check_folder,
    check_no_source,
    put_corpus,
    sentence_line,
)
from ..provenance import PROVENANCE_FILE, Provenance, handed_on, provenance_of
from .ranking import EVEN, Doubt

Suggest = Literal["gold", "judges"]
SUGGEST: tuple[Suggest, ...] = get_args(Suggest)

REVIEW_FOLDER = "review"
"""Folder of the corpus, in that of the doubts."""
FIRST_LINE = "# Written by lmn-annotate doubts. The labels are in doubt."
JUDGES = "the judges of lmn-annotate doubts"
"""Stands for the system in the provenance of a sentence with entities that the judges prefer."""
_WRITER = "lmn-annotate doubts"


@dataclass(frozen=True, slots=True)
class ReviewCorpus:
    """What a corpus of sentences in doubt holds.

    Attributes:
        texts: Corpus and split that are in doubt.
        suggested: What stands where there is a doubt: the gold, or what the judges prefer.
        sentences: Number of sentences.
        changed: Number of sentences with entities that the judges prefer.
        clashes: Number of such entities that are left out, since they overlap gold that stays.
        entities: Number of entities by label.
        sha256: Hashes of the other files, by name.
    """

    texts: str
    suggested: Suggest
    sentences: Count
    changed: Count
    clashes: Count
    entities: dict[str, int]
    sha256: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Row:
    """A sentence in doubt, as it is suggested.

    Attributes:
        gold: The sentence with its gold.
        spans: Entities that are suggested.
        clashes: Number of entities that the judges prefer, and that are left out.
    """

    gold: Sentence
    spans: tuple[Span, ...]
    clashes: int

    @property
    def is_changed(self) -> bool:
        """Whether other entities than the gold are suggested."""
        return self.spans != self.gold.spans


def read_review(folder: Path) -> ReviewCorpus:
    """Return what a corpus of sentences in doubt says that it holds.

    Raises:
        LmnError: The folder holds no such corpus, or a damaged one.
    """
    remedy = "name a folder that lmn-annotate doubts has written"
    path = folder / SUMMARY_FILE
    return from_json(ReviewCorpus, read_json(path, remedy), path, writer=_WRITER, remedy=remedy)


def check_review(out: Path, card: Card, split: str, source: Path | None) -> None:
    """Make sure that the corpus of sentences in doubt is written over nothing of somebody else.

    Args:
        out: Folder of the doubts.
        card: Card of the corpus in doubt.
        split: Its split.
        source: Folder of its files; None for the card's default.

    Raises:
        LmnError: It would be, or over an earlier one that was changed by hand, or over the corpus in doubt.
    """
    folder = out / REVIEW_FOLDER
    check_no_source(folder, card, source, "the sentences in doubt would take the place of the corpus that is in doubt")
    check_folder(folder, split, first_line=FIRST_LINE)


def in_doubt(doubts: Sequence[Doubt], number: int | None = None) -> dict[str, list[Doubt]]:
    """Return the sentences in doubt by their ids, the worst first, each with its doubts.

    Args:
        doubts: All doubts, most doubtful first.
        number: Number of sentences; None for those with a doubt in which the gold is the less probable side.
    """
    found: dict[str, list[Doubt]] = {}
    for one in doubts:
        found.setdefault(one.id, []).append(one)
    if number is None:
        return {name: there for name, there in found.items() if there[0].score > EVEN}
    return dict(islice(found.items(), number))


def preferred(sentence: Sentence, doubts: Sequence[Doubt], *, nested: bool) -> tuple[tuple[Span, ...], int]:
    """Return the entities that the judges prefer, and how many of these are left out since they overlap gold that stays.

    The gold stays where it is the more probable side, and where the judges have nothing definite to say instead (`agreed`).

    Args:
        sentence: The sentence with its gold.
        doubts: Its doubts.
        nested: Whether entities may lie inside entities.
    """
    wanted = [one for one in doubts if one.score > EVEN and one.kind != "agreed"]
    taken = wanted
    while True:
        kept = set(sentence.spans) - {one.gold for one in taken}
        free = [one for one in taken if not any(_clash(one.suggested, span, nested) for span in kept)]
        if len(free) == len(taken):
            break
        taken = free
    spans = kept | {one.suggested for one in taken if one.suggested}
    return tuple(sorted(spans, key=outer_first)), len(wanted) - len(taken)


def _clash(one: Span | None, other: Span, nested: bool) -> bool:
    """Return whether two entities cannot stand in one sentence."""
    if one is None or one.end <= other.start or other.end <= one.start:
        return False
    inside = (one.start <= other.start and other.end <= one.end) or (other.start <= one.start and one.end <= other.end)
    return not (nested and inside)


def write_review(
    gold: Gold, doubts: Sequence[Doubt], out: Path, *, number: int | None = None, suggest: Suggest = "gold"
) -> ReviewCorpus:
    """Write the sentences in doubt as a corpus into the folder of the doubts, in place of an earlier one; return what it holds.

    Args:
        gold: Gold of the split that is in doubt, with nested entities.
        doubts: All doubts, most doubtful first.
        out: Folder of the doubts.
        number: Number of sentences; None for those with a doubt in which the gold is the less probable side.
        suggest: What stands where there is a doubt: the gold, or what the judges prefer.

    Raises:
        LmnError: A file cannot be written, or the provenance of the corpus is damaged.
    """
    card, split = gold.card, gold.split
    name = f"{card.name}-doubts"
    sentences = {one.id: one for one in gold.sentences}
    rows = [_row(sentences[key], there, suggest, card) for key, there in in_doubt(doubts, number).items()]
    known = provenance_of(card)
    head = f"{FIRST_LINE}\n# {PROVENANCE_FILE} says for each sentence where it stands in the corpus, {SUMMARY_FILE} what is suggested.\n"
    corpus = LabelledCorpus(name, card.language, card.labels, card.nested, card.join, card)
    ids = [f"{name}/{split}/{at}" for at in range(len(rows))]
    return put_corpus(
        out / REVIEW_FOLDER, split, head + card_body(corpus, split, f"{card.title}, sentences in doubt"),
        [sentence_line(key, row.gold.tokens, row.spans, None) for key, row in zip(ids, rows)],
        [_provenance(key, row, known, card.name) for key, row in zip(ids, rows)],
        lambda sha256: _summary(gold, rows, suggest, sha256), read_review,
    )  # fmt: skip


def _row(sentence: Sentence, doubts: Sequence[Doubt], suggest: Suggest, card: Card) -> _Row:
    if suggest == "gold":
        return _Row(sentence, sentence.spans, 0)
    return _Row(sentence, *preferred(sentence, doubts, nested=card.nested))


def _provenance(new_id: str, row: _Row, known: Mapping[str, Provenance], corpus: str) -> Provenance:
    """Return where the suggested entities of a sentence come from."""
    found = handed_on(new_id, row.gold, known.get(row.gold.id), corpus)
    return replace(found, system=JUDGES, template=None, model=None) if row.is_changed else found


def _summary(gold: Gold, rows: Sequence[_Row], suggest: Suggest, sha256: dict[str, str]) -> ReviewCorpus:
    entities = Counter(span.label for row in rows for span in row.spans)
    return ReviewCorpus(
        f"{gold.card.name} {gold.split}", suggest, len(rows), sum(row.is_changed for row in rows), sum(row.clashes for row in rows),
        dict(sorted(entities.items())), sha256,
    )  # fmt: skip
