"""What the report says besides its sentences: sections of tables, with links from counts to sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conll_predictions import constrained_rows, score_rows
from scored_runs import flat_scores, scored_run

from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.report.content import (
    LinkedTable,
    facts,
    headline,
    interval_note,
    provenance,
    sections,
    title_of,
    without_zeros,
)
from llms_meet_ner.eval.scored_run.analysis import Interval
from llms_meet_ner.eval.scored_run.files import load_evaluation, load_run
from llms_meet_ner.eval.scored_run.run import Hashes, Provenance
from llms_meet_ner.rendering.tables import Table


def test_confidences_lead_to_entities_unless_some_were_dropped(workdir: Path) -> None:
    score_rows(constrained_rows())
    score_rows(constrained_rows(), "--min-confidence", "0.95")
    for name, linked in (("scores.json", True), ("scores.min0.95.json", False)):
        tables = next(part.tables for part in sections(load_run(Path(name))) if part.name == "confidence")
        assert bool(tables[0].links) == bool(tables[1].links) == linked


def test_sections_without_content_are_left_out(demo: Path) -> None:
    run = load_run(demo)
    assert [part.name for part in sections(run)] == ["labels", "errors", "confusion", "groups", "tags", "confidence"]
    assert [part.name for part in sections(scored_run())] == ["labels", "errors", "confusion", "groups"]
    plain = replace(run, calibration=None, uncertainty=None, analysis=replace(run.analysis, tags=None))
    assert [part.name for part in sections(plain)] == ["labels", "errors", "confusion", "groups"]


def cells(linked: LinkedTable) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each cell that has a link, with its filter."""
    for row, column in linked.links:
        yield linked.table.rows[row][column], linked.links[row, column]


def test_strict_counts_lead_to_as_many_pairs(demo: Path) -> None:
    """A filter of a table of labels or errors selects as many pairs as the cell that it belongs to counts."""
    found = load_evaluation(demo)
    pairs = [pair for sentence in found.sentences for pair in sentence.pairs]
    parts = {part.name: part for part in sections(found.run)}
    checked = 0
    for linked in (parts["labels"].tables[0], parts["errors"].tables[0]):
        for cell, wanted in cells(linked):
            kind = wanted["kind"]
            selected = [
                pair
                for pair in pairs
                if (getattr(pair, kind) is not None if kind in ("gold", "predicted") else pair.kind == kind)
                and wanted.get("label", pair.label) == pair.label
                and all(
                    (span := getattr(pair, side)) is not None and span.label == wanted[side]
                    for side in ("gold", "predicted")
                    if side in wanted
                )
            ]
            assert cell == f"{len(selected):,}", wanted
            checked += 1
    assert checked == (4 + 1) * 3 + (4 + 1) * 6


def test_cells_that_count_nothing_are_not_links() -> None:
    linked = LinkedTable(Table(("a", "b"), [("x", "0"), ("y", "10")]), {(0, 1): {"q": "x"}, (1, 1): {"q": "y"}})
    assert list(without_zeros(linked)) == [(1, 1)]


def test_the_head_of_the_report() -> None:
    run = scored_run(
        f1=Interval(0.4, 0.75), model="base", recipe="r.yaml", scores=flat_scores({"LOC": Counts(3, 4, 6)}),
        provenance=Provenance({"python": "3.11", "torch": None}, None, None, Hashes("c0", "11", None)),
    )  # fmt: skip
    assert title_of(run) == "demo testb: gold and predictions"
    assert [(one.name, one.low, one.high) for one in headline(run)] == [
        (name, 0.4, 0.75) for name in ("precision", "recall", "F1")
    ]
    assert [one.value for one in headline(run)] == pytest.approx([0.75, 0.5, 0.6])
    assert interval_note(run).startswith("micro average over entities, seqeval (strict, IOB2); 95% intervals: ")
    told = facts(run)
    assert [told[at] for at in (0, 2, 3, 4)] == [
        ("corpus", "demo testb"), ("format", "bracketed"), ("recipe", "r.yaml"), ("model", "base"),
    ]  # fmt: skip
    assert provenance(run) == [
        ("versions", "python 3.11, torch not there"), ("commit", "not known"), ("seed", "not known"), ("SHA-256 of the corpus", "c0"),
        ("SHA-256 of the predictions", "11"), ("SHA-256 of the adapter", "not known"),
    ]  # fmt: skip
