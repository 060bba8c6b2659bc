"""Read the splits of a corpus and count. Memory holds the mentions, a hash of each sentence, and the findings."""

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
    """Everything that was counted in a corpus.

    Attributes:
        card: Card of the corpus, with the labels that were counted.
        splits: Counts by split, in the order in which the splits were read.
        reference: Split that the others are compared with, as `reference_of` chooses it.
        mentions: Mentions of all splits.
        sentences: Sentences of all splits.
        ambiguity: Measures of how well words predict their label, over all splits.
        ambiguous: Mentions with several labels, ranked.
        shared: Sentences that occur in several splits, ranked.
        findings: Findings by kind, ranked.
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
        """Number of problems in the files that conversion refuses. What can be read of them is counted."""
        return sum(counts.log.fatal for counts in self.splits.values())

    @property
    def others(self) -> list[str]:
        """Splits that are compared with the reference."""
        return [split for split in self.splits if split != self.reference]


def reference_of(splits: Sequence[str]) -> str:
    """Return the split that the others are compared with: `train`, or the first split if none has that name."""
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

    Each file is read twice, because all entities must be known before their words can be found where they are not annotated.

    Args:
        card: Card of the corpus.
        splits: Splits to read, at least one and none twice; None for all.
        source: Folder that holds the corpus files; None for the card's own (`card.yaml`) or `data/<corpus>`.
        repair: Treatment of tags that their scheme does not allow; None for the card's own.
        progress: Whether to show progress bars if standard error is a terminal.

    Raises:
        LmnError: A file is missing or cannot be decoded.
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
