"""Counts of one split: nesting and lengths."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from harbour import CARD, write

from llms_meet_ner.data_converters.cards import SplitFile
from llms_meet_ner.data_converters.stats import corpus_stats
from llms_meet_ner.data_converters.stats.counts import quantile


def test_nesting_is_counted_by_depth(workdir: Path) -> None:
    card = CARD.replace("tag: 1", "tag: 1, inner_tags: [2, 3]").replace(
        "docstart: sentence", "docstart: none\nnested: true"
    )
    loaded = write(workdir, {}, card)
    (workdir / "train.conll").write_text(
        "a\tB-SHIP\tB-PORT\tB-SHIP\nb\tI-SHIP\tI-PORT\tO\nc\tI-SHIP\tO\tO\n\nd\tB-PORT\tO\tO\n\na\tB-SHIP\tB-PORT\tO\nb\tI-SHIP\tB-PORT\tO\n"
    )
    counts = corpus_stats(replace(loaded, splits={"train": SplitFile("train.conll")}), source=workdir).splits["train"]
    assert counts.depths == {1: 3, 2: 3, 3: 1}
    assert (counts.nested, counts.covered) == (4, 6)
    assert counts.tags == {"B-SHIP": 2, "I-SHIP": 3, "B-PORT": 1}
    assert counts.entities == {"SHIP": {3: 1, 2: 1, 1: 1}, "PORT": {2: 1, 1: 3}}


def test_quantiles_are_lengths_that_occur() -> None:
    lengths = Counter([1, 1, 2, 9])
    assert [quantile(lengths, at) for at in (0, 0.25, 0.5, 0.51, 0.75, 0.76, 1)] == [1, 1, 1, 2, 2, 9, 9]
    assert quantile(Counter(), 0.5) == 0
