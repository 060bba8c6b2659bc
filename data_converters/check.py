"""What `lmn-convert check` reports: counts of a corpus, and everything in it that a reader or a parser may stumble over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ..formats import DEFAULT_FORMAT, get_format
from ..sentence import Where
from ..tags import Repair
from .cards import Card
from .corpus import read_corpus
from .problems import ProblemLog


@dataclass(slots=True)
class SplitCheck:
    """The findings of one split.

    Attributes:
        split: its name.
        sentences: number of them, `-DOCSTART-` sentences included where the card counts them.
        tokens: number of them.
        docstarts: how many of the sentences are `-DOCSTART-` lines.
        without_entities: sentences with none.
        entities: by label.
        nested: entities inside others.
        ambiguous: sentences that two annotations render alike.
        moved: entities of theirs that parsing the rendering puts on other tokens: what the format cannot hold.
        not_restored: sentences that parsing their rendering does not give back though they are not ambiguous: always none.
        log: everything wrong in the file, and the tokens that hold brackets.
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
) -> SplitCheck:
    """Read a split to its end, whatever is wrong in it, and render and parse every sentence in a format.

    Raises:
        LmnError: there is no such format, or the file is missing or cannot be decoded.
    """
    result = SplitCheck(split)
    fmt = get_format(format_name, nested=card.nested)
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
        parsed = fmt.parse(fmt.render(sentence, card.labels), sentence.tokens, card.labels).spans
        if fmt.is_ambiguous(sentence, card.labels):
            result.ambiguous.append(where)
            result.moved += len(set(sentence.spans).difference(parsed))
        elif parsed != sentence.spans:
            result.not_restored.append(where)
    return result
