"""Counts arranged in tables, for the terminal and the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ...rendering.tables import Table
from .collect import CorpusStats
from .counts import SplitCounts, mean, quantile
from .document import share
from .mentions import Seen


def percent(part: int, whole: int) -> str:
    """Return a count with its share: `1,234 (5.6%)`; without a share if the whole is 0."""
    return f"{part:,} ({share(part, whole):.1%})" if whole else f"{part:,}"


_SIZES: list[tuple[str, Callable[[SplitCounts], str]]] = [
    ("sentences", lambda counts: f"{counts.sentences:,}"),
    ("tokens", lambda counts: f"{counts.tokens:,}"),
    ("tokens a sentence, mean", lambda counts: f"{mean(counts.lengths):.1f}"),
    ("  5%, 25%", lambda counts: _quantiles(counts, 0.05, 0.25)),
    ("  median", lambda counts: _quantiles(counts, 0.5)),
    ("  75%, 95%", lambda counts: _quantiles(counts, 0.75, 0.95)),
    ("  longest", lambda counts: _quantiles(counts, 1)),
    ("sentences without entities", lambda counts: percent(counts.without_entities, counts.sentences)),
    ("entities", lambda counts: f"{counts.labels.total():,}"),
    ("entities per 100 tokens", lambda counts: f"{100 * share(counts.labels.total(), counts.tokens):.1f}"),
    ("tokens in entities", lambda counts: percent(counts.covered, counts.tokens)),
]


def size_table(stats: CorpusStats) -> Table:
    """Return sizes and lengths, with one column per split. `-DOCSTART-` and nesting appear only if the corpus has them."""
    measures = list(_SIZES)
    if any(counts.docstarts for counts in stats.splits.values()):
        measures.insert(2, ("-DOCSTART- lines, not counted here", lambda counts: f"{counts.docstarts:,}"))
    if stats.card.nested:
        measures.append(("entities inside others", lambda counts: percent(counts.nested, counts.labels.total())))
        measures.append(("deepest nesting", lambda counts: str(max(counts.depths, default=0))))
    return Table(
        ("", *stats.splits), [(name, *(show(counts) for counts in stats.splits.values())) for name, show in measures]
    )


def _quantiles(counts: SplitCounts, *shares: float) -> str:
    return ", ".join(str(quantile(counts.lengths, at)) for at in shares)


def label_table(stats: CorpusStats) -> Table:
    """Return the number of entities by label and split, and their lengths in tokens over all splits."""
    rows = []
    for label in stats.card.labels.names:
        lengths: Counter[int] = Counter()
        cells = []
        for counts in stats.splits.values():
            found = counts.entities.get(label, Counter())
            cells.append(percent(found.total(), counts.labels.total()))
            lengths.update(found)
        rows.append((label, *cells, f"{mean(lengths):.2f}", str(max(lengths, default=0))))
    return Table(("label", *stats.splits, "mean length", "longest"), rows)


def sentence_table(stats: CorpusStats) -> Table:
    """Return how many sentences repeat an earlier one of their split, and how many occur in another split."""
    table = stats.sentences
    rows = []
    for split, counts in stats.splits.items():
        found = (
            "" if other == split else percent(table.found_in(split, other), counts.sentences) for other in stats.splits
        )
        rows.append((split, percent(table.repeats(split), counts.sentences), *found))
    return Table(("sentences of", "repeated there", *(f"also in {split}" for split in stats.splits)), rows)


def seen_table(stats: CorpusStats) -> Table:
    """Return how many entities and mentions of the other splits the reference split knows, by label and over all labels."""
    rows = []
    for split in stats.others:
        entities, mentions = stats.mentions.seen(stats.reference, split)
        for label in stats.card.labels.names:
            if label in entities:
                rows.append((f"{split} {label}", *_seen(entities[label]), *_seen(mentions[label])))
        rows.append((f"{split}, all labels", *_seen(_sum(entities)), *_seen(_sum(mentions))))
    header = ("entities", "seen", "other label", "unseen", "mentions", "seen", "other label", "unseen")
    return Table((f"known from {stats.reference}", *header), rows)


def _seen(seen: Seen) -> tuple[str, ...]:
    parts = (seen.same, seen.other, seen.unseen)
    return (f"{seen.total:,}", *(percent(part, seen.total) for part in parts))


def _sum(seen: dict[str, Seen]) -> Seen:
    return Seen(*(sum(getattr(one, part) for one in seen.values()) for part in ("same", "other", "unseen")))


def ambiguity_table(stats: CorpusStats) -> Table:
    """Return measures of how well the words of a mention predict its label."""
    found = stats.ambiguity
    rows: list[tuple[str, ...]] = [
        ("mentions", f"{found.mentions:,}"),
        ("with several labels", percent(len(found.ambiguous), found.mentions)),
        ("entities of such a mention", percent(found.ambiguous_entities, found.entities)),
        ("entities with the main label of their mention", percent(found.majority, found.entities)),
        ("entropy of the label given the mention", f"{found.entropy:.4f} bits"),
    ]
    return Table(("ambiguity of labels", "all splits"), rows)


def pair_table(stats: CorpusStats) -> Table:
    """Return pairs of labels that share mentions, those with the most mentions first."""
    pairs = sorted(stats.ambiguity.pairs.items(), key=lambda item: (-item[1], item[0]))
    rows: list[tuple[str, ...]] = [(" and ".join(pair), f"{count:,}") for pair, count in pairs]
    return Table(("labels", "mentions with both"), rows)
