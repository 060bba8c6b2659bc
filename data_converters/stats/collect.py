"""Read the splits of a corpus and count; memory holds the mentions, a hash of each sentence, and what is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...tags import Repair
from ..cards import Card
from ..corpus import read_corpus
from ..problems import ProblemLog
from .counts import SplitCounts
from .findings import Finding, ambiguous_mentions, find_all, shared_sentences
from .mentions import Ambiguity, MentionTable
from .occurrences import Occurrences
from .sentences import SentenceTable


@dataclass(frozen=True, slots=True)
class CorpusStats:
    """What is known about a corpus.

    Attributes:
        card: its card, with the labels that were counted.
        splits: counts by split, in the order in which they were read.
        reference: the split that others are compared with, see `reference_of`.
        mentions: of all splits.
        sentences: of all splits.
        ambiguity: of all splits.
        ambiguous: the mentions with several labels, ranked.
        shared: the sentences that stand in several splits, ranked.
        findings: by kind, ranked.
    """

    card: Card
    splits: dict[str, SplitCounts]
    reference: str
    mentions: MentionTable
    sentences: SentenceTable
    ambiguity: Ambiguity
    ambiguous: list[Finding]
    shared: list[Finding]
    findings: dict[str, list[Finding]]

    @property
    def fatal(self) -> int:
        """Number of findings in the files that converting refuses; what can be read of them is counted."""
        return sum(counts.log.fatal for counts in self.splits.values())

    @property
    def others(self) -> list[str]:
        """The splits that are compared with the reference."""
        return [split for split in self.splits if split != self.reference]


def reference_of(splits: Sequence[str]) -> str:
    """Return the split that the others are compared with: `train` if it is there, else the first."""
    return "train" if "train" in splits else splits[0]


def corpus_stats(
    card: Card,
    splits: Sequence[str] | None = None,
    source: Path | None = None,
    *,
    repair: Repair | None = None,
    progress: bool = False,
) -> CorpusStats:
    """Read splits to their end, whatever is wrong in them, and count.

    Each file is read twice: whether the words of an entity stand unmarked elsewhere is known only once all entities are.

    Args:
        card: of the corpus.
        splits: at least one, none twice; by default all.
        source: the folder of the corpus files; by default the card's own (`card.yaml`) or `data/<corpus>`.
        repair: what becomes of invalid tag sequences; by default as the card says.
        progress: show progress bars if standard error is a terminal.

    Raises:
        LmnError: a file is missing or cannot be decoded.
    """
    names = list(card.splits if splits is None else splits)
    counted = {name: SplitCounts(name) for name in names}
    mentions, sentences = MentionTable(), SentenceTable(names)
    for name, counts in counted.items():
        for sentence in read_corpus(card, name, source, repair=repair, log=counts.log, progress=progress):
            counts.add(sentence)
            mentions.add(sentence, name)
            sentences.add(sentence, name)
    occurrences = Occurrences(mentions)
    for name in counted:
        again = ProblemLog(keep_going=True)
        for sentence in read_corpus(card, name, source, repair=repair, log=again, progress=progress):
            occurrences.add(sentence)
            sentences.look_again(sentence, name)
    ambiguity = mentions.ambiguity()
    return CorpusStats(
        card=card,
        splits=counted,
        reference=reference_of(names),
        mentions=mentions,
        sentences=sentences,
        ambiguity=ambiguity,
        ambiguous=ambiguous_mentions(ambiguity.ambiguous),
        shared=shared_sentences(sentences),
        findings=find_all(counted.values(), mentions, sentences, occurrences),
    )
