"""The page that `lmn-convert stats --page` writes: one HTML file, light or dark, that loads nothing and has no scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from math import ceil

from ...rendering.charts import Axis, BarSeries, Chart, bars, columns, stacked
from ...rendering.html import page
from ..problems import PROBLEM_KINDS as PROBLEMS
from .collect import CorpusStats
from .counts import quantile
from .document import share
from .findings import FINDING_KINDS
from .mentions import Clarity, Seen
from .tables import ambiguity_table, label_table, pair_table, percent, seen_table, sentence_table, size_table

LISTED = 50
"""Findings of a kind, and rows of a table of pairs, that the page lists. For the rest, it states their number."""

_BINS = 20
_ENTITY_LENGTHS = 5


@dataclass(frozen=True, slots=True)
class _ProblemRow:
    """A kind of problem in the file of a split: how often it was seen, what it is, and its first place."""

    split: str
    count: int
    meaning: str
    first: str


def stats_page(stats: CorpusStats, missing: Sequence[str] = ()) -> str:
    """Return the page.

    Args:
        stats: Counts to show.
        missing: Splits of the card that were not read because their files are missing.
    """
    pairs = pair_table(stats)
    parts = page(
        "data_converters.stats/page.html.jinja",
        title=f"{stats.card.title}: what is in it",
        card=stats.card,
        missing=missing,
        problems=list(_problems(stats)),
        most=LISTED,
        sizes=size_table(stats),
        sentence_lengths=_sentence_lengths(stats),
        label_shares=_label_shares(stats),
        labels=label_table(stats),
        entity_lengths=_entity_lengths(stats),
        tag_shares=_tag_shares(stats),
        sentences=sentence_table(stats),
        reference=stats.reference,
        known=_known(stats) if stats.others else None,
        seen=seen_table(stats),
        shared=stats.shared,
        ambiguity=ambiguity_table(stats),
        clarity=_clarity(stats),
        pairs=replace(pairs, rows=pairs.rows[:LISTED]),
        pair_count=len(pairs.rows),
        ambiguous=stats.ambiguous,
        findings=stats.findings,
        meanings=FINDING_KINDS,
    )
    return "".join(parts)


def _problems(stats: CorpusStats) -> Iterator[_ProblemRow]:
    for split, counts in stats.splits.items():
        for kind, count in sorted(counts.log.counts.items()):
            yield _ProblemRow(split, count, PROBLEMS[kind], str(counts.log.of(kind)[0].where))


def _sentence_lengths(stats: CorpusStats) -> Chart:
    """Draw about `_BINS` bins up to the length that 99 % of the sentences do not exceed, and one bin for the rest."""
    usual = max(quantile(counts.lengths, 0.99) for counts in stats.splits.values())
    width = ceil(max(usual, 1) / _BINS)
    last = ceil(max(usual, 1) / width)
    series = []
    for split, counts in stats.splits.items():
        binned = [0] * (last + 1)
        for length, count in counts.lengths.items():
            binned[min((length - 1) // width, last)] += count
        series.append(_shares(split, binned, [counts.sentences] * len(binned)))
    names = [f"{at * width + 1}-{(at + 1) * width}" if width > 1 else str(at + 1) for at in range(last)]
    title = "Sentences by length: share of their split"
    return columns(title, [*names, f"{last * width + 1}+"], series, "tokens", Axis("share of sentences", shape=".0%"))


def _shares(name: str, counts: Sequence[int], wholes: Sequence[int]) -> BarSeries:
    """Make a series of shares, noted with their counts."""
    pairs = list(zip(counts, wholes))
    return BarSeries(name, [share(*pair) for pair in pairs], [percent(*pair) for pair in pairs])


def _label_shares(stats: CorpusStats) -> Chart:
    names = stats.card.labels.names
    counted = {split: counts.labels for split, counts in stats.splits.items()}
    series = [_shares(split, [of[name] for name in names], [of.total()] * len(names)) for split, of in counted.items()]
    return bars("Entities by label: share of their split", names, series)


def _tag_shares(stats: CorpusStats) -> Chart:
    tags = sorted({tag for counts in stats.splits.values() for tag in counts.tags} - {"O"}, key=_tag_order)
    series = [
        _shares(split, [counts.tags[tag] for tag in tags], [counts.tokens] * len(tags))
        for split, counts in stats.splits.items()
    ]
    return bars("Tags as IOB2, outermost entities, without O: share of their split's tokens", tags, series)


def _tag_order(tag: str) -> tuple[str, str]:
    return tag[2:], tag


def _entity_lengths(stats: CorpusStats) -> Chart:
    names = stats.card.labels.names
    binned = []
    for name in names:
        lengths: Counter[int] = Counter()
        for counts in stats.splits.values():
            for length, count in counts.entities.get(name, Counter()).items():
                lengths[min(length, _ENTITY_LENGTHS)] += count
        binned.append(lengths)
    wholes = [lengths.total() for lengths in binned]
    series = [
        _shares(f"{at} token{'s' * (at > 1)}{' or more' * (at == _ENTITY_LENGTHS)}", [of[at] for of in binned], wholes)
        for at in range(1, _ENTITY_LENGTHS + 1)
    ]
    return stacked("Length of entities by label, all splits", names, series)


def _known(stats: CorpusStats) -> Chart:
    """Draw the share of the other splits' entities that the reference split knows."""
    rows, found = [], []
    for split in stats.others:
        entities, _ = stats.mentions.seen(stats.reference, split)
        rows += [f"{split} {label}" for label in stats.card.labels.names if label in entities]
        found += [entities[label] for label in stats.card.labels.names if label in entities]
    return stacked(f"Entities that {stats.reference} knows", rows, _parts(found, ("seen", "other label", "unseen")))


def _clarity(stats: CorpusStats) -> Chart:
    """Draw how well the words of entities predict their label."""
    labels = [label for label in stats.card.labels.names if label in stats.ambiguity.labels]
    found = [stats.ambiguity.labels[label] for label in labels]
    names = ("mention has this label only", "this one most often", "another one most often")
    return stacked("Entities by the labels of their mention, all splits", labels, _parts(found, names))


def _parts(found: Sequence[Seen] | Sequence[Clarity], names: Sequence[str]) -> list[BarSeries]:
    """Make one series for each of the three numbers in some counts."""
    numbers = [astuple(one) for one in found]
    wholes = [sum(row) for row in numbers]
    return [_shares(name, [row[at] for row in numbers], wholes) for at, name in enumerate(names)]
