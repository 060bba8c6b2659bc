"""The mapping that `lmn-convert stats --json` writes. data_converters/README.md says what each key means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from .collect import CorpusStats
from .counts import SplitCounts, mean, quantile
from .findings import FINDING_KINDS, Finding
from .mentions import MAX_PLACES, Seen

SCHEMA = 1

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def stats_document(stats: CorpusStats) -> dict[str, Any]:
    """Return everything that was counted, for JSON. All ratios follow from the counts next to them."""
    return {
        "schema": SCHEMA,
        "corpus": stats.card.name,
        "card": stats.card.reference,
        "labels": list(stats.card.labels.names),
        "nested": stats.card.nested,
        "splits": {name: _split(counts, stats.card.labels.names) for name, counts in stats.splits.items()},
        "ambiguity": _ambiguity(stats),
        "overlap": _overlap(stats),
        "max_places": MAX_PLACES,
        "findings": {
            kind: {"meaning": FINDING_KINDS[kind], "count": len(found), "odd": odd_of(found), "ranked": _listed(found)}
            for kind, found in stats.findings.items()
        },
    }


def odd_of(found: Iterable[Finding]) -> int:
    """Return the number of places to look at."""
    return sum(finding.odd for finding in found)


def share(part: int, whole: int) -> float:
    """Return a part as a share of a whole, or 0 if the whole is 0."""
    return part / whole if whole else 0.0


def _split(counts: SplitCounts, labels: Iterable[str]) -> dict[str, Any]:
    entities = counts.labels.total()
    return {
        "sentences": _both(counts.sentences, counts.docstarts),
        "tokens": _both(counts.tokens, counts.docstarts),
        "sentence_lengths": _lengths(counts.lengths),
        "without_entities": counts.without_entities,
        "entities": entities,
        "nested": counts.nested,
        "depths": _by_number(counts.depths),
        "covered_tokens": counts.covered,
        "entities_per_100_tokens": 100 * share(entities, counts.tokens),
        "covered_share": share(counts.covered, counts.tokens),
        "labels": {label: _label(counts.entities.get(label, Counter()), entities) for label in labels},
        "tags": dict(sorted(counts.tags.items())),
        "problems": dict(sorted(counts.log.counts.items())),
        "problems_fatal": counts.log.fatal,
    }


def _both(number: int, docstarts: int) -> dict[str, int]:
    return {"all": number + docstarts, "docstart": docstarts, "without_docstart": number}


def _label(lengths: Counter[int], entities: int) -> dict[str, Any]:
    return {"count": lengths.total(), "share": share(lengths.total(), entities), "lengths": _lengths(lengths)}


def _lengths(lengths: Counter[int]) -> dict[str, Any]:
    return {
        "mean": mean(lengths),
        "quantiles": {str(at): quantile(lengths, at) for at in QUANTILES},
        "histogram": _by_number(lengths),
    }


def _by_number(counter: Counter[int]) -> dict[str, int]:
    return {str(number): counter[number] for number in sorted(counter)}


def _ambiguity(stats: CorpusStats) -> dict[str, Any]:
    found = stats.ambiguity
    return {
        "mentions": found.mentions,
        "ambiguous_mentions": len(found.ambiguous),
        "ambiguous_mentions_share": share(len(found.ambiguous), found.mentions),
        "entities": found.entities,
        "ambiguous_entities": found.ambiguous_entities,
        "ambiguous_entities_share": share(found.ambiguous_entities, found.entities),
        "majority_entities": found.majority,
        "majority_share": share(found.majority, found.entities),
        "conditional_entropy_bits": found.entropy,
        "pairs": [
            {"labels": list(pair), "mentions": count}
            for pair, count in sorted(found.pairs.items(), key=lambda item: (-item[1], item[0]))
        ],
        "labels": {label: asdict(found.labels[label]) for label in stats.card.labels.names if label in found.labels},
        "ranked": [{"entropy_bits": finding.entropy, **_finding(finding)} for finding in stats.ambiguous],
    }


def _overlap(stats: CorpusStats) -> dict[str, Any]:
    table = stats.sentences
    return {
        "reference": stats.reference,
        "sentences": {
            split: {
                "repeats": table.repeats(split),
                "found_in": {other: table.found_in(split, other) for other in stats.splits if other != split},
            }
            for split in stats.splits
        },
        "mentions": {split: _seen(stats, split) for split in stats.others},
        "shared_sentences": {"count": len(stats.shared), "ranked": _listed(stats.shared)},
    }


def _seen(stats: CorpusStats, split: str) -> dict[str, Any]:
    entities, mentions = stats.mentions.seen(stats.reference, split)
    empty = Seen()
    return {
        label: {"entities": asdict(entities.get(label, empty)), "mentions": asdict(mentions.get(label, empty))}
        for label in stats.card.labels.names
    }


def _listed(found: Iterable[Finding]) -> list[dict[str, Any]]:
    return [_finding(finding) for finding in found]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "variants": [
            {"text": at.text, "count": at.count, "odd": at.odd, "places": [str(where) for where in at.places]}
            for at in finding.annotations
        ]
    }
