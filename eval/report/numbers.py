"""The tables of a report as numbers in full precision, and as CSV or TSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from ...counts import RATIOS, Counts
from ...errors import LmnError
from ..published.side_by_side import published_ratios
from ..scored_run.analysis import KINDS, Confusion, TagAverages, TagTable
from ..scored_run.run import ScoredRun
from ..scored_run.scores import ScenarioCounts, Scenarios
from .tables import interval_rows, llms4ner_rows, strict_rows

DELIMITERS = {"csv": ",", "tsv": "\t"}
"""Delimiters of fields, by the name of the form."""
Number = float | int | None
"""A count or a ratio; None where there is none."""
_COUNTS = ("correct", "predicted", "gold")


@dataclass(frozen=True, slots=True)
class NumberTable:
    """A table of numbers.

    Attributes:
        name: Name of the table.
        columns: Names of the columns, without the one of the rows' names.
        rows: Numbers by the name of the row, as many as there are columns.

    Raises:
        ValueError: A row has a different number of columns.
    """

    name: str
    columns: tuple[str, ...]
    rows: Mapping[str, Sequence[Number]]

    def __post_init__(self) -> None:
        for name, row in self.rows.items():
            if len(row) != len(self.columns):
                raise ValueError(f"{len(row)} numbers in {name} under {len(self.columns)} columns")


def as_delimited(run: ScoredRun, form: str, table: str | None = None) -> str:
    """Return numbers of a run as CSV or TSV, with a header.

    Without a table, a line holds one number: table, row, column and value, for all tables. With one, a line is a row of that table.

    Args:
        run: Scored run.
        form: `csv` or `tsv`.
        table: Name of a table; None for all.

    Raises:
        LmnError: The run has no such table.
    """
    found = {one.name: one for one in number_tables(run)}
    if table is not None and table not in found:
        raise LmnError("this run has no such table", f"--table {table}", f"it has {', '.join(found)}")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=DELIMITERS[form], lineterminator="\n")
    if table is None:
        writer.writerow(("table", "row", "column", "value"))
        for one in found.values():
            writer.writerows(
                (one.name, name, *pair) for name, row in one.rows.items() for pair in zip(one.columns, row)
            )
    else:
        writer.writerow(("row", *found[table].columns))
        writer.writerows((name, *row) for name, row in found[table].rows.items())
    return text.getvalue()


def number_tables(run: ScoredRun) -> Iterator[NumberTable]:
    """Yield the tables; those without data are left out."""
    analysis, scores = run.analysis, run.scores
    yield _counted("labels", strict_rows(run))
    yield NumberTable(
        "intervals",
        tuple(f"{ratio}_{end}" for ratio in RATIOS for end in ("low", "high")),
        {
            name: [end for ratio in RATIOS for end in (getattr(row, ratio).low, getattr(row, ratio).high)]
            for name, row in interval_rows(analysis).items()
        },
    )
    if run.llms4ner:
        yield _counted("llms4ner", llms4ner_rows(run))
    if scores.nervaluate:
        found: dict[str, Scenarios] = {"all": scores.nervaluate.overall, **scores.nervaluate.labels}
        yield _scenarios(
            {f"{label}: {name}": row for label, rows in found.items() for name, row in rows.by_name.items()}
        )
    errors = {**analysis.errors.labels, "all": analysis.errors.all}
    yield NumberTable("errors", KINDS, {name: [row.of(kind) for kind in KINDS] for name, row in errors.items()})
    alignment = dict[str, int](scores.alignment.statuses.items())
    alignment |= {f"reason: {name}": count for name, count in scores.alignment.reasons.items()}
    yield NumberTable("alignment", ("sentences",), {name: (count,) for name, count in alignment.items()})
    yield _confusion("confusion", analysis.confusion)
    for name, groups in analysis.groups.items():
        yield _counted(name, groups)
    if analysis.tags:
        yield from _tags(analysis.tags)
    yield from _trust(run)
    yield from _published(run)


def _counted(name: str, rows: Mapping[str, Counts]) -> NumberTable:
    return NumberTable(
        name, (*_COUNTS, *RATIOS), {key: _numbers(row, (*_COUNTS, *RATIOS)) for key, row in rows.items()}
    )


def _numbers(value: object, names: Sequence[str]) -> list[Number]:
    return [getattr(value, name) for name in names]


def _scenarios(rows: Mapping[str, ScenarioCounts]) -> NumberTable:
    columns = ("correct", "incorrect", "partial", "missed", "spurious", *RATIOS)
    return NumberTable("nervaluate", columns, {name: _numbers(row, columns) for name, row in rows.items()})


def _confusion(name: str, confusion: Confusion) -> NumberTable:
    return NumberTable(name, confusion.names, dict(zip(confusion.names, confusion.rows)))


def _tags(tags: TagTable) -> Iterator[NumberTable]:
    columns = ("accuracy", *_COUNTS, *RATIOS)
    pooled = {name: [tag.accuracy, *_numbers(tag.counts, columns[1:])] for name, tag in tags.tags.items()}
    yield NumberTable("tags", columns, pooled)
    averages = tuple(asdict(next(iter(tags.averaged_over_sentences.values()), TagAverages(0, 0, 0, 0, 0))))
    for name, rows, keys in (
        ("tags, averaged", tags.averaged_over_sentences, averages),
        ("tags, averaged where present", tags.averaged_over_sentences_with_the_tag, averages[:-1]),
    ):
        yield NumberTable(name, keys, {tag: _numbers(row, keys) for tag, row in rows.items()})
    yield _confusion("tags, confusion", tags.confusion)


def _trust(run: ScoredRun) -> Iterator[NumberTable]:
    if run.calibration:
        columns = ("predicted", "correct", "confidence", "accuracy")
        bins = {f"{row.low:.1f}-{row.high:.1f}": _numbers(row, columns) for row in run.calibration.bins}
        yield NumberTable("reliability", columns, bins)
        yield _counted("thresholds", {f"from {row.least:.2f}": row.counts for row in run.calibration.thresholds})
    if run.uncertainty and run.uncertainty.quarters:
        keys = ("lowest", "highest", "sentences", "with_errors", "error_share")
        rows = {f"quarter {at}": _numbers(row, keys) for at, row in enumerate(run.uncertainty.quarters, 1)}
        yield NumberTable("uncertainty", keys, rows)


def _published(run: ScoredRun) -> Iterator[NumberTable]:
    for compared in run.references.compared:
        ratios = published_ratios(compared)
        columns = tuple(f"{ratio}{end}" for ratio in ratios for end in ("", "_theirs", "_difference"))
        rows = {
            row.title: [
                number for ratio in ratios for number in _numbers(getattr(row, ratio), ("ours", "theirs", "difference"))
            ]
            for row in compared.rows
        }
        yield NumberTable(f"published: {compared.title}", columns, rows)
