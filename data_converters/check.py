"""Counts for `lmn-convert check`: sizes of a corpus, its problems, and the sentences that a format cannot hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ..formats import DEFAULT_FORMAT, get_format
from ..launching.lengths import SplitLengths
from ..sentence import Where
from ..tags import Repair
from .cards import Card
from .corpus import read_corpus
from .problems import ProblemLog


@dataclass(slots=True)
class SplitCheck:
    """Results of checking a split.

    Attributes:
        split: Name of the split.
        sentences: Number of sentences, with `-DOCSTART-` sentences where the card counts them.
        tokens: Number of tokens.
        docstarts: Number of `-DOCSTART-` sentences.
        without_entities: Number of sentences without entities.
        entities: Number of entities by label.
        nested: Number of entities inside others.
        ambiguous: Sentences that another annotation would render the same way.
        moved: Number of entities in these that come back on other tokens when the rendering is parsed.
        not_restored: Sentences that are not ambiguous and still do not come back when their rendering is parsed; always empty.
        log: Problems in the file, and tokens that hold brackets.
    """

    split: str
    sentences: int = 0
    tokens: int = 0
    docstarts: int = 0
    without_entities: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    nested: int = 0
    ambiguous: list[Where] = field(default_factory=list)
    moved: int = 0
    not_restored: list[Where] = field(default_factory=list)
    log: ProblemLog = field(default_factory=lambda: ProblemLog(keep_going=True, notes=True))


def check_split(
    card: Card,
    split: str,
    source: Path | None = None,
    *,
    format_name: str = DEFAULT_FORMAT,
    repair: Repair | None = None,
    progress: bool = False,
    lengths: SplitLengths | None = None,
) -> SplitCheck:
    """Read a split to its end, whatever is wrong in it, and render and parse every sentence in a format.

    Args:
        card: Card of the corpus.
        split: Name of the split on the card.
        source: Folder of the corpus files; None for the card's default.
        format_name: Name of the output format.
        repair: Treatment of tags that their scheme does not allow; None for the card's own.
        progress: Whether to show a progress bar if standard error is a terminal.
        lengths: Takes the length of each sentence's training example; None if nobody asks.

    Raises:
        LmnError: There is no such format, or the file is missing or cannot be decoded.
    """
    result = SplitCheck(split)
    fmt = get_format(format_name, nested=card.nested, join=card.join)
    for sentence in read_corpus(card, split, source, repair=repair, log=result.log, progress=progress):
        where = sentence.where or Where("", 0)
        result.sentences += 1
        result.tokens += len(sentence.tokens)
        result.docstarts += sentence.is_docstart
        result.without_entities += not sentence.spans
        result.entities.update(span.label for span in sentence.spans)
        last_end = 0
        for span in sentence.spans:
            result.nested += span.end <= last_end
            last_end = max(last_end, span.end)
        output = fmt.render(sentence, card.labels)
        if lengths:
            lengths.add(sentence, output)
        parsed = fmt.parse(output, sentence.tokens, card.labels).spans
        if fmt.is_ambiguous(sentence, card.labels):
            result.ambiguous.append(where)
            result.moved += len(set(sentence.spans).difference(parsed))
        elif parsed != sentence.spans:
            result.not_restored.append(where)
    return result
