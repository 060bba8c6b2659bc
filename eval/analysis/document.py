"""The analysis of one set of predictions: what `scores.json` says of it, and the sentences behind every count."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...alignment import Alignment
from ...files import atomic_write
from ...sentence import Sentence, Span, outer_first
from ...tags import encode
from ..scoring.counts import Counts, scenario_counts
from .confusion import OUTSIDE, Confusion, TagTable, count_entities
from .groups import Groups, Known, score_groups
from .pairs import KINDS, Pair, pair_up
from .resampling import Intervals, intervals

SENTENCES_FILE = "sentences.jsonl"


@dataclass(frozen=True, slots=True)
class Analysis:
    """Where predictions differ from the gold.

    Attributes:
        labels: in the order of the tables.
        pairs: of each sentence.
        entities: confusion of labels; `O` stands for the entity that is not there.
        tags: single BIO tags; None where entities nest, which tags cannot hold.
        tag_confusion: of those, token by token; likewise.
        groups: strict counts by division and group.
        known: mentions of the training split, which two divisions of the groups come from; None where it was not read.
        intervals: of every micro score.
    """

    labels: tuple[str, ...]
    pairs: list[list[Pair]]
    entities: Confusion
    tags: TagTable | None
    tag_confusion: Confusion | None
    groups: dict[str, Groups]
    known: Known | None
    intervals: Intervals

    @property
    def errors(self) -> dict[str, Counter[str]]:
        """Pairs by label, then kind: spurious ones by their predicted label, all others by the gold one."""
        found: dict[str, Counter[str]] = {label: Counter() for label in self.labels}
        for pairs in self.pairs:
            for pair in pairs:
                found[pair.label][pair.kind] += 1
        return {label: counted for label, counted in found.items() if counted}

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for `scores.json`; eval/README.md describes it."""
        by_label = self.errors
        everything = sum(by_label.values(), Counter())
        return {
            "errors": {
                "all": {kind: everything[kind] for kind in KINDS},
                "labels": {label: {kind: counted[kind] for kind in KINDS} for label, counted in by_label.items()},
            },
            "confusion": self.entities.to_dict(),
            "tags": self.tags
            and {**self.tags.to_dict(), "confusion": self.tag_confusion and self.tag_confusion.to_dict()},
            "groups": {
                name: {group: counts.to_dict() for group, counts in groups.items()}
                for name, groups in self.groups.items()
            },
            "train_split": self.known and self.known.split,
            "intervals": self.intervals.to_dict(),
        }


def analyse(
    sentences: Sequence[Sentence], alignments: Sequence[Alignment], labels: Sequence[str], *,
    nested: bool = False, known: Known | None = None, others: Mapping[str, Sequence[Counts]] | None = None,
) -> Analysis:  # fmt: skip
    """Put predictions beside the gold.

    Args:
        sentences: the gold, at least one.
        alignments: one a sentence, in the same order.
        labels: in the order of the tables.
        nested: entities may lie inside entities: there are no tags and no scenarios of nervaluate then.
        known: mentions of the training split; None where there is none.
        others: counts of each sentence by the name of what counted them, which are to have intervals too.
    """
    predicted = [alignment.spans for alignment in alignments]
    pairs = [pair_up(sentence.spans, spans) for sentence, spans in zip(sentences, predicted, strict=True)]
    counts = [sentence_counts(row) for row in pairs]
    scenarios = (
        [] if nested else [scenario_counts(sentence.spans, spans) for sentence, spans in zip(sentences, predicted)]
    )
    tags: TagTable | None = None
    tag_confusion: Confusion | None = None
    if not nested:
        order = [OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in "BI")]
        tagged = [_tags(sentence, spans) for sentence, spans in zip(sentences, predicted)]
        tags = TagTable.of(tagged, order)
        tag_confusion = Confusion.of(Counter(pair for one, other in tagged for pair in zip(one, other)), order)
    return Analysis(
        labels=tuple(labels),
        pairs=pairs,
        entities=Confusion.of(count_entities(pair for row in pairs for pair in row), labels),
        tags=tags,
        tag_confusion=tag_confusion,
        groups=score_groups(sentences, predicted, known),
        known=known,
        intervals=intervals(counts, [len(alignment.ungrounded) for alignment in alignments], scenarios, others),
    )


def sentence_counts(pairs: Sequence[Pair]) -> Counts:
    """Return the strict counts of a sentence."""
    kinds = Counter(pair.kind for pair in pairs)
    paired = len(pairs) - kinds["missed"] - kinds["spurious"]
    return Counts(kinds["correct"], paired + kinds["spurious"], paired + kinds["missed"])


def _tags(sentence: Sentence, spans: tuple[Span, ...]) -> tuple[list[str], list[str]]:
    return encode(sentence.spans, len(sentence.tokens)), encode(spans, len(sentence.tokens))


@dataclass(frozen=True, slots=True)
class Examined:
    """One line of `sentences.jsonl`.

    Attributes:
        id: of the sentence.
        where: its place in the corpus.
        tokens: its tokens.
        pairs: of its entities.
        ungrounded: text and label of predicted entities that touch no token.
        status: of the alignment.
        reasons: likewise.
        output: as it was generated.
        confidences: of the predicted entities, in the order of their pairs; None where the run has none.
        known: labels that the words of each gold entity have in the training split, in the order of their pairs, sorted; empty for words
            that are no entity there. None where that split was not read.
    """

    id: str
    where: str
    tokens: tuple[str, ...]
    pairs: tuple[Pair, ...]
    ungrounded: tuple[tuple[str, str], ...]
    status: str
    reasons: tuple[str, ...]
    output: str
    confidences: tuple[float, ...] | None = None
    known: tuple[tuple[str, ...], ...] | None = None

    @property
    def predicted(self) -> tuple[Span, ...]:
        """The predicted spans, sorted by `outer_first`."""
        return tuple(sorted((pair.predicted for pair in self.pairs if pair.predicted), key=outer_first))

    def to_json(self) -> str:
        """Return the line."""
        row = {
            "id": self.id, "where": self.where, "tokens": self.tokens, "pairs": [pair.to_list() for pair in self.pairs],
            "ungrounded": self.ungrounded, "status": self.status, "reasons": self.reasons, "output": self.output,
            "confidences": self.confidences, "known": self.known,
        }  # fmt: skip
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Examined:
        """Read what `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is not that.
        """
        pairs, confidences, known = tuple(map(Pair.from_list, row["pairs"])), row["confidences"], row["known"]
        if confidences is not None and len(confidences) != sum(pair.predicted is not None for pair in pairs):
            raise ValueError(f"{len(confidences)} confidences")
        if known is not None and len(known) != sum(pair.gold is not None for pair in pairs):
            raise ValueError(f"labels in train of {len(known)} entities")
        return cls(
            row["id"], row["where"], tuple(row["tokens"]), pairs,
            tuple((text, label) for text, label in row["ungrounded"]), row["status"], tuple(row["reasons"]), row["output"],
            None if confidences is None else tuple(map(float, confidences)),
            None if known is None else tuple(tuple(map(str, labels)) for labels in known),
        )  # fmt: skip


def examined(
    sentences: Sequence[Sentence], outputs: Sequence[str], alignments: Sequence[Alignment], analysis: Analysis,
    confidences: Sequence[Mapping[Span, float]] | None = None,
) -> Iterator[Examined]:  # fmt: skip
    """Yield what is to be kept of each sentence.

    Args:
        sentences: the gold.
        outputs: as they were generated.
        alignments: of them.
        analysis: of all of them.
        confidences: of each sentence's aligned spans at least; None where the run has none.
    """
    sure: Sequence[Mapping[Span, float] | None] = confidences or [None] * len(sentences)
    known = analysis.known
    for sentence, output, alignment, pairs, values in zip(
        sentences, outputs, alignments, analysis.pairs, sure, strict=True
    ):
        loose = tuple((mention.text, mention.label) for mention in alignment.ungrounded)
        yield Examined(
            sentence.id, str(sentence.where or ""), sentence.tokens, tuple(pairs), loose, alignment.status, alignment.reasons,
            output, None if values is None else tuple(values[pair.predicted] for pair in pairs if pair.predicted),
            tuple(known.labels_of(sentence, pair.gold) for pair in pairs if pair.gold) if known else None,
        )  # fmt: skip


def write_examined(rows: Iterable[Examined], path: Path) -> None:
    """Write `sentences.jsonl`, atomically."""
    with atomic_write(path) as file:
        file.writelines(row.to_json() + "\n" for row in rows)
