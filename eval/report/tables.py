"""The tables of a scored run, as headers and rows of text."""

from __future__ import annotations

from collections.abc import Iterator

from ...counts import RATIOS, Counts
from ...rendering.tables import Table
from ..scored_run.analysis import KINDS, MICRO, Analysis, Confusion, RatioIntervals, TagAverages, TagRatios, TagTable
from ..scored_run.run import ScoredRun
from ..scored_run.scores import MICRO_ROW, UNGROUNDED_ROW
from ..scored_run.tables import ratio_cells, score_table
from ..scored_run.trust import Calibration


def strict_rows(run: ScoredRun) -> dict[str, Counts]:
    """Return the strict counts by the name of their row: labels, averages, baselines."""
    baselines = run.baselines.micro if run.baselines else {}
    return run.scores.rows() | {f"baseline: {name}": counts for name, counts in baselines.items()}


def llms4ner_rows(run: ScoredRun) -> dict[str, Counts]:
    """Return the counts of that evaluator by the name of their row; empty if they were not asked for."""
    return {**run.llms4ner.labels, MICRO_ROW: run.llms4ner.micro} if run.llms4ner else {}


def score_tables(run: ScoredRun, *, scenarios: bool) -> Iterator[Table]:
    """Yield the ratios with their support: strict, by llms4ner if that was asked for, and by nervaluate's scenarios if they are wanted."""
    yield score_table(run.scores.scorer_title, strict_rows(run))
    if run.llms4ner:
        name = f"llms4ner (no positions in {run.llms4ner.forgiven:,} sentences)"
        yield score_table(name, llms4ner_rows(run))
    if scenarios and run.scores.nervaluate:
        yield score_table("nervaluate", run.scores.nervaluate.overall.by_name)


def interval_rows(analysis: Analysis) -> dict[str, RatioIntervals]:
    """Return the bootstrap intervals by the name of their row; ungrounded entities have a row if there are any."""
    found = analysis.intervals
    names = {MICRO: MICRO_ROW, "micro_with_ungrounded": UNGROUNDED_ROW}
    return {
        names.get(name, name): row
        for name, row in found.scores.items()
        if name != "micro_with_ungrounded" or row != found.micro
    }


def interval_table(analysis: Analysis) -> Table:
    """Return the bootstrap intervals."""
    found = analysis.intervals
    rows = [
        (name, *(f"{one.low:.4f}-{one.high:.4f}" for one in (row.precision, row.recall, row.f1)))
        for name, row in interval_rows(analysis).items()
    ]
    return Table((f"{found.level:.0%} interval", *RATIOS), rows, (found.described,))


def error_table(analysis: Analysis) -> Table:
    """Return errors by label and kind: spurious entities by their predicted label, all others by the gold one."""
    counted = {**analysis.errors.labels, "all": analysis.errors.all}
    rows = [(label, *(f"{counts.of(kind):,}" for kind in KINDS)) for label, counts in counted.items()]
    note = f"not paired in {analysis.given_up:,} sentences, where too many entities lie inside each other"
    return Table(("entities", *KINDS), rows, (note,) if analysis.given_up else ())


def group_tables(analysis: Analysis) -> Iterator[Table]:
    """Yield strict scores by length and by what the training split knows."""
    for name, groups in analysis.groups.items():
        rows = [(group, *ratio_cells(counts), f"{counts.gold:,}") for group, counts in groups.items()]
        notes = (f"train: {analysis.train_split}",) if name.endswith("in train") else ()
        yield Table((name, *RATIOS, "support"), rows, notes)


def confusion_table(confusion: Confusion, name: str) -> Table:
    """Return a confusion matrix: a row for each gold class, a column for each predicted one."""
    rows = [(one, *(f"{count:,}" for count in row)) for one, row in zip(confusion.names, confusion.rows)]
    return Table((name, *confusion.names), rows)


def tag_tables(tags: TagTable) -> Iterator[Table]:
    """Yield the tables of single tags: pooled over tokens, then averaged over sentences both ways."""
    header = ("accuracy", *RATIOS)
    pooled = [
        (name, f"{tag.accuracy:.4f}", *ratio_cells(tag.counts), f"{tag.counts.gold:,}")
        for name, tag in tags.tags.items()
    ]
    note = f"accuracy over all tags {tags.accuracy:.4f}"
    yield Table(("tags, pooled", *header, "support"), pooled, (note,))
    averaged = [(name, *_tag_cells(row)) for name, row in tags.averaged_over_sentences.items()]
    note = "means over all sentences; a ratio with a zero denominator is 0, also where a sentence has no such tag"
    yield Table(("tags, averaged", *header, "support"), averaged, (note,))
    present = [(name, *_tag_cells(row)) for name, row in tags.averaged_over_sentences_with_the_tag.items()]
    note = "means over the sentences in which the tag is in the gold or predicted"
    yield Table(("tags, averaged where present", *header), present, (note,))


def _tag_cells(row: TagRatios) -> tuple[str, ...]:
    support = (f"{row.support:.4f}",) if isinstance(row, TagAverages) else ()
    return (f"{row.accuracy:.4f}", f"{row.precision:.4f}", f"{row.recall:.4f}", f"{row.f1:.4f}", *support)


def trust_tables(run: ScoredRun) -> Iterator[Table]:
    """Yield the reliability curve, without empty bins; what thresholds keep; errors by uncertainty."""
    if run.calibration:
        yield from _calibration_tables(run.calibration)
    if run.uncertainty and run.uncertainty.quarters:
        rows = [
            (
                f"{row.lowest:.4f}-{row.highest:.4f}",
                f"{row.sentences:,}",
                f"{row.with_errors:,}",
                f"{row.error_share:.4f}",
            )
            for row in run.uncertainty.quarters
        ]
        yield Table(("maximum entropy", "sentences", "with errors", "share"), rows)


def _calibration_tables(calibration: Calibration) -> Iterator[Table]:
    filled = [row for row in calibration.bins if row.predicted]
    bins = [
        (f"{row.low:.1f}-{row.high:.1f}", f"{row.predicted:,}", f"{row.confidence:.4f}", f"{row.accuracy:.4f}")
        for row in filled
    ]
    yield Table(("reliability", "entities", "confidence", "accuracy"), bins)
    kept = [
        (f"from {row.least:.2f}", f"{row.counts.predicted:,}", *ratio_cells(row.counts))
        for row in calibration.thresholds
    ]
    yield Table(("confidence", "entities", *RATIOS), kept)
