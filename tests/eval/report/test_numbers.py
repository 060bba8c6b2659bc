"""The tables of a report in full precision: against the text of the same tables, and as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from scored_runs import flat_scores, scored_run

from llms_meet_ner import LmnError
from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.report.content import sections
from llms_meet_ner.eval.report.numbers import Number, NumberTable, as_delimited, number_tables
from llms_meet_ner.eval.scored_run.files import load_run


def shown(number: Number) -> str:
    return "" if number is None else f"{number:.4f}" if isinstance(number, float) else f"{number:,}"


def test_every_cell_of_the_report_is_there_in_full(demo: Path) -> None:
    """Each row of each table of the page is a row of a table of numbers, in order, once these are rounded."""
    run = load_run(demo)
    rows = [[shown(number) for number in row] for table in number_tables(run) for row in table.rows.values()]
    tables = [linked.table for section in sections(run) for linked in section.tables]
    assert len(tables) >= 14
    for table in tables:
        for _, *cells in table.rows:
            wanted = [end for cell in cells for end in (cell.split("-") if "." in cell else [cell])]
            found = any(wanted == [cell for cell in row if cell in wanted] or set(wanted) <= set(row) for row in rows)
            assert found, (table.header, wanted)


def test_csv_holds_one_number_on_a_line_and_a_table_its_columns(demo: Path) -> None:
    run = load_run(demo)
    lines = list(csv.DictReader(io.StringIO(as_delimited(run, "csv"))))
    assert list(lines[0]) == ["table", "row", "column", "value"]
    keys = [(line["table"], line["row"], line["column"]) for line in lines]
    assert len(set(keys)) == len(keys)
    values = {key: line["value"] for key, line in zip(keys, lines)}
    assert float(values["labels", "micro avg", "f1"]) == run.scores.micro.f1
    assert {"errors", "confusion", "tags, averaged", "reliability", "thresholds", "nervaluate"} <= {
        key[0] for key in keys
    }
    wide = list(csv.DictReader(io.StringIO(as_delimited(run, "tsv", "labels")), delimiter="\t"))
    assert [row["row"] for row in wide] == [*run.scores.rows(), *(f"baseline: {name}" for name in run.baselines.micro)]  # type: ignore[union-attr]
    for row in wide:
        for column in ("correct", "predicted", "gold", "precision", "recall", "f1"):
            assert row[column] == values["labels", row["row"], column]


def test_names_are_quoted_and_an_unknown_table_is_named() -> None:
    run = scored_run(scores=flat_scores({'A,"B': Counts(1, 3, 3)}))
    (row, *_) = csv.DictReader(io.StringIO(as_delimited(run, "csv", "labels")))
    assert (row["row"], float(row["precision"])) == ('A,"B', 1 / 3)
    with pytest.raises(
        LmnError, match="--table lables: this run has no such table; it has labels, intervals, nervaluate"
    ):
        as_delimited(run, "csv", "lables")
    with pytest.raises(ValueError, match="1 numbers in a under 2 columns"):
        NumberTable("t", ("x", "y"), {"a": (1,)})
