"""The tables of an analysis, as a header and rows of text; made from what `scores.json` holds of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...rendering.tables import Table
from .pairs import KINDS
from .resampling import RATIOS


def interval_table(analysis: dict[str, Any]) -> Table:
    """Return the bootstrap intervals."""
    found = analysis["intervals"]
    names = {"micro": "micro avg", "micro_with_ungrounded": "micro avg, ungrounded as false positives"}
    rows = [
        (names.get(name, name), *(f"{row[key][0]:.4f}-{row[key][1]:.4f}" for key in RATIOS))
        for name, row in found["scores"].items()
        if name != "micro_with_ungrounded" or row != found["scores"]["micro"]
    ]
    note = f"percentile bootstrap over sentences, {found['resamples']:,} resamples, seed {found['seed']}"
    return Table((f"{found['level']:.0%} interval", "precision", "recall", "f1"), rows, (note,))


def error_table(analysis: dict[str, Any]) -> Table:
    """Return errors by label and kind; spurious ones stand with their predicted label, all others with the gold one."""
    counted = {**analysis["errors"]["labels"], "all": analysis["errors"]["all"]}
    rows = [(label, *(f"{row[kind]:,}" for kind in KINDS)) for label, row in counted.items()]
    return Table(("entities", *KINDS), rows)


def group_tables(analysis: dict[str, Any]) -> Iterator[Table]:
    """Yield strict scores by length and by what the training split knows."""
    for name, groups in analysis["groups"].items():
        rows = [
            (group, f"{row['precision']:.4f}", f"{row['recall']:.4f}", f"{row['f1']:.4f}", f"{row['gold']:,}")
            for group, row in groups.items()
        ]
        notes = (f"train: {analysis['train_split']}",) if name.endswith("in train") else ()
        yield Table((name, "precision", "recall", "f1", "support"), rows, notes)


def confusion_table(confusion: dict[str, Any], name: str) -> Table:
    """Return a confusion matrix: a row a gold class, a column a predicted one."""
    rows = [(one, *(f"{count:,}" for count in row)) for one, row in zip(confusion["names"], confusion["rows"])]
    return Table((name, *confusion["names"]), rows, ("gold in rows, predicted in columns",))


def tag_tables(tags: dict[str, Any]) -> Iterator[Table]:
    """Yield the tables of single tags: pooled over tokens, then averaged over sentences both ways."""
    ratios = ("accuracy", *RATIOS)
    pooled = [(tag, *(f"{row[key]:.4f}" for key in ratios), f"{row['gold']:,}") for tag, row in tags["pooled"].items()]
    yield Table(("tags, pooled", *ratios, "support"), pooled, (f"accuracy over all tags {tags['accuracy']:.4f}",))
    averaged = [
        (tag, *(f"{row[key]:.4f}" for key in (*ratios, "support")))
        for tag, row in tags["averaged_over_sentences"].items()
    ]
    note = "means over all sentences; a ratio of nothing is 0, also where a sentence has no such tag"
    yield Table(("tags, averaged", *ratios, "support"), averaged, (note,))
    present = [
        (tag, *(f"{row[key]:.4f}" for key in ratios))
        for tag, row in tags["averaged_over_sentences_with_the_tag"].items()
    ]
    note = "means over the sentences in which the tag is in the gold or predicted"
    yield Table(("tags, averaged where present", *ratios), present, (note,))
