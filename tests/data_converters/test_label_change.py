"""Changes to a card's labels: each has a mark of its own in names of data sets."""

from __future__ import annotations

import json
from pathlib import Path

from converting import run

from llms_meet_ner.data_converters.label_change import LabelChange

ALPACA = Path("data/alpaca")
MINE = """\
name: mine
title: Mine
language: en
licence: CC0
citation: me
docstart: none
splits: {train: t.conll, test: t.conll}
reader: {type: columns, scheme: IOB2}
labels: [{name: PER}, {name: ORG}, {name: A-B, definition: Odd.}, {name: A.B}]
"""


def outputs(name: str) -> list[str]:
    return [row["output"] for row in json.loads((ALPACA / f"{name}.json").read_text(encoding="utf-8"))]


def test_no_two_changes_have_one_mark(workdir: Path) -> None:
    (workdir / "mine.yaml").write_text(MINE)
    (workdir / "t.conll").write_text("x A-B\n".replace("A-B", "B-A-B"))
    changes = [
        LabelChange(keep=("A-B",)), LabelChange(keep=("A", "B")), LabelChange(keep=("A.B",)), LabelChange(drop=("A", "B")),
        LabelChange(rename=(("A", "B"),)), LabelChange(merge=(("A", ("B",)),)), LabelChange(keep=("A/B",)), LabelChange(keep=("A,B",)),
        LabelChange(keep=tuple(f"LABEL{n}" for n in range(40))), LabelChange(keep=tuple(f"LABEL{n}" for n in range(41))),
    ]  # fmt: skip
    marks = [change.mark for change in changes]
    assert len(set(marks)) == len(marks)
    assert all(len(mark) <= 40 and not set(mark) & set("/,: ") for mark in marks)
    assert marks[1] == "keep-A-B"
    run("mine.yaml", "--source", ".", "--keep", "A-B", "--split", "train")
    assert outputs(f"mine.{marks[0]}_train") == ["[x | A-B]"]
