"""Read a corpus by its card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ..errors import LmnError
from ..labels import LabelSet
from ..sentence import Sentence, Where, outer_first
from ..tags import Repair
from .cards import Card, SplitFile, load_card
from .problems import LONG, LOSES_LINES, ProblemLog
from .readers import CorpusRules, Reader
from .written_mix import check_mix


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
        card: Card, or its name or path.
        split: Name of the split on the card.
        source: Folder of the corpus files; by default the card's own (`card.yaml`) or `data/<corpus>`.
        repair: Treatment of tags that their scheme does not allow; None for the card's own.
        log: Log that takes the problems; by default a fatal problem raises.
        progress: Whether to show a progress bar if standard error is a terminal.

    Raises:
        LmnError: Card, split or file is missing, or the file is not what the card says, with file, line and remedy; or it is a mix whose
            files do not belong together.
    """
    if not isinstance(card, Card):
        card = load_card(card)
    part = card.split(split)
    folder = Path(source) if source else card.default_source
    card.data_of(split, folder)  # raises if the data is missing
    check_mix(folder, part.file)
    rules = CorpusRules(card.labels, card.docstart, repair or card.repair, card.nested, card.language)

    def read(log: ProblemLog) -> Iterator[Sentence]:
        reader = card.reader.reader(folder, part.file, rules, log)
        return _part(reader, reader.read(f"{card.name}/{split}", progress), part)

    sentences = _watched(read, log or ProblemLog(), card.labels, lambda: check_mix(folder, part.file))
    return (relabelled(sentence, card.labels) for sentence in sentences) if card.labels.is_changed else sentences


def _watched(
    read: Callable[[ProblemLog], Iterator[Sentence]], log: ProblemLog, labels: LabelSet, check_end: Callable[[], None]
) -> Iterator[Sentence]:
    """Yield sentences, and report in the end what shows only then.

    If one has an unknown label, read to the end, so that the error names every unknown label.

    Args:
        read: Function that reads the sentences with a log.
        log: Log that takes the problems.
        labels: Labels of the card.
        check_end: Function that checks, in the end, that the file of a mix was not replaced while it was read.
    """
    short = [0] * (LONG + 1)  # sentences by length: a list is several times as fast as a tally
    try:
        for sentence in read(log):
            try:
                short[len(sentence.tokens)] += 1
            except IndexError:
                place = sentence.where or Where("", 0)
                log.lengths.add(len(sentence.tokens), place.file, place.line, sentence.id)
            yield sentence
    except LmnError as error:
        if not log.unknown:
            raise
        full = ProblemLog(keep_going=True)
        with suppress(LmnError):
            for _ in read(full):
                pass
        raise (full if full.unknown else log).unknown_labels(labels.names) from error
    check_end()
    log.lengths.counts.update({length: count for length, count in enumerate(short) if count})
    log.conclude()


def relabelled(sentence: Sentence, labels: LabelSet) -> Sentence:
    """Return a sentence of the corpus with the labels of a set. Spans that count as O, and doubles of others, are left out."""
    spans = {
        replace(span, label=target) for span in sentence.spans if (target := labels.target_of(span.label)) is not None
    }
    return replace(sentence, spans=tuple(sorted(spans, key=outer_first)))


def _part(reader: Reader, sentences: Iterator[Sentence], part: SplitFile) -> Iterator[Sentence]:
    """Yield the sentences of a split. Problems in sentences of others are not reported, unless the count of sentences depends on them."""
    at = 0
    for start, stop in part.ranges:
        _skip(reader, sentences, start - at, start)
        if stop is None:
            yield from sentences
            return
        yield from islice(sentences, stop - start)
        at = stop


def _skip(reader: Reader, sentences: Iterator[Sentence], count: int, start: int) -> None:
    """Read sentences of other splits, up to the sentence `start`, where a range of the split begins."""
    if not count:
        return
    log, reader.log = reader.log, ProblemLog(keep_going=True)
    for _ in islice(sentences, count):
        pass
    log, reader.log = reader.log, log
    for problem in log.kept:
        if problem.fatal and problem.kind in LOSES_LINES:
            message = (
                f"{problem.message}, before sentence {start}, where the split begins: its sentences cannot be counted"
            )
            remedy = "mend the line, or change how the card's reader reads it"
            reader.log.report(problem.kind, problem.where, message, remedy=remedy)
