"""Whole corpora: counts of real files against another way of counting, and changed labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from harbour import SMALL, write

from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.stats import corpus_stats

BC5CDR = """name: bc5cdr
title: BC5CDR
language: en
licence: public
citation: none
splits: {dev: devel.tsv}
reader: {type: columns, scheme: IOB2, separator: tab, token: 0, tag: 1}
docstart: none
labels: [{name: Chemical}, {name: Disease}]
"""


# card, split, file under LMN_CORPORA, token column, tag columns, separator
REAL = [
    ("wikigold", None, "wikigold/wikigold.conll.txt", 0, [1], " "),
    ("wnut17", "train", "wnut17/wnut17train.conll", 0, [1], "\t"),
    ("germeval2014_nested", "dev", "germeval2014/official_tsv/NER-de-dev.tsv", 1, [2, 3], "\t"),
    ("turkish_wiki_ner", "dev", "turkish_wiki_ner/dev.conll", 0, [1], "\t"),
    ("bc5cdr", "dev", "bc5cdr/devel.tsv", 0, [1], "\t"),
]


@pytest.mark.parametrize(("name", "split", "file", "token", "tags", "separator"), REAL, ids=[row[0] for row in REAL])
def test_counts_of_real_corpora(
    corpora: Path, tmp_path: Path, name: str, split: str | None, file: str, token: int, tags: list[int], separator: str
) -> None:
    (tmp_path / "bc5cdr.yaml").write_text(BC5CDR)
    card = load_card(tmp_path / "bc5cdr.yaml" if name == "bc5cdr" else name)
    stats = corpus_stats(card, [split] if split else None, (corpora / file).parent)
    rows: list[list[str]] = []
    lengths: Counter[int] = Counter()
    entities: Counter[tuple[str, int]] = Counter()
    words: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    inside = 0
    for line in [*(corpora / file).read_text(encoding="utf-8").split("\n"), ""]:
        if token == 1 and line.startswith("#\t"):
            continue
        if line.strip() and not line.startswith("-DOCSTART-"):
            rows.append(line.split(separator))
            continue
        if rows:
            lengths[len(rows)] += 1
            inside += sum(row[tags[0]] != "O" for row in rows)
        for column in tags:
            start = 0
            for number in range(1, len(rows) + 1):
                before = rows[number - 1][column]
                after = rows[number][column] if number < len(rows) else "O"
                if before != "O" and (after[0] in "BO" or after[2:] != before[2:]):
                    entities[before[2:], number - start] += 1
                    words[tuple(row[token] for row in rows[start:number])][before[2:]] += 1
                if after[0] in "BO" or after[2:] != before[2:]:
                    start = number
        rows = []
    splits = stats.splits.values()
    assert sum((counts.lengths for counts in splits), Counter()) == lengths
    assert (
        sum(
            (
                Counter({(label, n): count for label, by in counts.entities.items() for n, count in by.items()})
                for counts in splits
            ),
            Counter(),
        )
        == entities
    )
    assert sum(counts.covered for counts in splits) == inside
    assert {
        mention.words: {label: places.count for label, places in mention.labels.items()} for mention in stats.mentions
    } == words
    assert stats.ambiguity.mentions == len(words)
    assert len(stats.ambiguous) == sum(len(found) > 1 for found in words.values())


def test_changed_labels_are_what_is_counted(workdir: Path) -> None:
    card = write(workdir, SMALL)
    stats = corpus_stats(card.with_labels(card.labels.changed(merge={"THING": ["SHIP", "PORT"]})), source=workdir)
    assert stats.splits["train"].labels == {"THING": 2}
    assert not stats.ambiguous
