"""Read a corpus by its card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ..labels import LabelSet
from ..sentence import Sentence, outer_first
from ..tags import Repair
from .cards import Card, SplitFile, load_card
from .problems import LOSES_LINES, ProblemLog
from .readers import Reader, Rules


def read_corpus(
    card: Card | str | Path,
    split: str,
    source: str | Path | None = None,
    *,
    repair: Repair | None = None,
    log: ProblemLog | None = None,
    progress: bool = False,
) -> Iterator[Sentence]:
    """Yield the sentences of a split, one at a time.

    Args:
        card: a card, its name, or its path.
        split: as the card calls it.
        source: the folder of the corpus files; by default the card's own (`card.yaml`) or `data/<corpus>`.
        repair: what becomes of invalid tag sequences; by default as the card says.
        log: takes the findings; by default a fatal one raises.
        progress: show a progress bar if standard error is a terminal.

    Raises:
        LmnError: card, split or file is not there, or the file is not what the card says; with file, line and remedy.
    """
    if not isinstance(card, Card):
        card = load_card(card)
    place = card.split(split)
    folder = Path(source) if source else card.default_source
    card.origin_of(split, folder)  # is there
    rules = Rules(card.labels, card.docstart, repair or card.repair, card.nested)
    reader = card.reader.reader(folder, place.file, rules, log or ProblemLog())
    sentences = _part(reader, reader.read(f"{card.name}/{split}", progress), place)
    return (relabelled(sentence, card.labels) for sentence in sentences) if card.labels.is_changed else sentences


def relabelled(sentence: Sentence, labels: LabelSet) -> Sentence:
    """Return a sentence of the corpus with the labels of a set: what counts as O is left out, and so is one of two equal spans."""
    spans = {
        replace(span, label=target) for span in sentence.spans if (target := labels.target_of(span.label)) is not None
    }
    return replace(sentence, spans=tuple(sorted(spans, key=outer_first)))


def _part(reader: Reader, sentences: Iterator[Sentence], place: SplitFile) -> Iterator[Sentence]:
    """Yield the sentences of a split; what is wrong before it in its file is no finding of this split, unless it stops the count."""
    log, reader.log = reader.log, ProblemLog(keep_going=True)
    for _ in islice(sentences, place.start):
        pass
    log, reader.log = reader.log, log
    for problem in log.kept:
        if problem.fatal and problem.kind in LOSES_LINES:
            message = f"{problem.message}, before sentence {place.start}, where the split begins: its sentences cannot be counted"
            reader.log.report(
                problem.kind, problem.where, message, remedy="mend the line, or what the card's reader makes of it"
            )
    yield from sentences if place.stop is None else islice(sentences, place.stop - place.start)
