"""A scored run as text for the terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from ...data_converters.problems import OF_TAGS, PROBLEM_KINDS
from ...decoding.requests import CONSTRAINED
from ...labels import describe_origins
from ...reading import LENIENT, PUBLISHED
from ...rendering.tables import Table, fitted
from ...rendering.text import visible, wrapped
from ...tags import DEFAULT_REPAIR
from ...typed_json import to_json
from ..published.side_by_side import describe_compared, describe_others, reference_tables
from ..scored_run.analysis import ERRORS
from ..scored_run.failing import describe_failing
from ..scored_run.run import ScoredRun
from ..scored_run.scores import AlignmentSummary, Size
from ..scoring.predictions import NO_DECODING
from .tables import error_table, group_tables, interval_table, score_tables, trust_tables

WIDTH = 80
"""Columns of a terminal that the report takes; only a path or a name without spaces makes a line wider."""
_FACT = 13
"""Columns of the name of a fact."""


def run_facts(run: ScoredRun) -> list[tuple[str, str]]:
    """Return the facts that belong next to the scores, as pairs of name and value."""
    part = "" if run.limit is None else f", the first {run.limit:,} sentences only"
    alignment = run.scores.alignment
    facts = [
        ("corpus", f"{run.corpus} {run.split}{part}"),
        *([("adapter", str(run.adapter))] if run.adapter else []),
        ("predictions", f"{run.predictions} (decoding: {run.decoding}{f', {run.dtype}' if run.dtype else ''})"),
        *([("shots", str(run.shots))] if run.shots else []),
        ("sentences", _sized(run.scores.sentences)),
        ("tokens", _sized(run.scores.tokens)),
        *([("gold", gold)] if (gold := _gold_reading(run)) else []),
        ("alignment", ", ".join(f"{count:,} {status}" for status, count in alignment.statuses.items())),
    ]
    if changes := describe_origins(run.label_origins):
        facts.append(("labels", changes))
    if alignment.reasons:
        facts.append(("", ", ".join(f"{count:,} {reason}" for reason, count in alignment.reasons.items())))
    if run.in_pieces:
        what = "read in pieces, too long to be read at once: an entity across a cut is lost or torn"
        facts.append(
            ("pieces", f"{run.in_pieces:,} {'sentence was' if run.in_pieces == 1 else 'sentences were'} {what}")
        )
    if read := describe_reading(run):
        facts.append(("reading", read))
    if failing := describe_failing(run):
        facts.append(("failing", failing))
    facts.append(("entities", _lost_entities(alignment)))
    if run.min_confidence is not None:
        below = f"{run.below_min_confidence:,} entities with a confidence below {run.min_confidence}"
        facts.append(("dropped", f"{below}, before scoring"))
    if run.baselines:
        facts.append(("baselines", f"count in {run.baselines.split}"))
    if others := describe_others(run):
        facts.append(("published", others))
    return facts + _trust_facts(run)


def _gold_reading(run: ScoredRun) -> str:
    """Return how the gold was read, if something was repaired in it or the policy for its tags is not the usual one."""
    found = [f"{number:,} x {PROBLEM_KINDS.get(kind, kind)}" for kind, number in run.repairs.items()]
    if run.repair and (run.repair != DEFAULT_REPAIR or not OF_TAGS.isdisjoint(run.repairs)):
        return f"repair: {run.repair}; {', '.join(found) or 'nothing to repair'}"
    return ", ".join(found)


def describe_reading(run: ScoredRun) -> str:
    """Return the reading of free outputs, and both F1 if the other reading finds other entities; else an empty text."""
    if run.decoding in (CONSTRAINED, NO_DECODING):
        return ""
    if not run.other_reading:
        return f"{run.reading}; {PUBLISHED if run.reading == LENIENT else LENIENT} finds the same entities"
    other = run.other_reading
    found = f"finds other entities in {other.sentences:,} sentences: micro F1 {other.micro.f1:.4f}"
    return f"{run.reading}: micro F1 {run.scores.micro.f1:.4f}; {other.reading} {found}"


def _sized(size: Size) -> str:
    if not size.docstart:
        return f"{size.all:,}"
    return f"{size.all:,} ({size.without_docstart:,} without the {size.docstart:,} -DOCSTART- lines)"


def _lost_entities(alignment: AlignmentSummary) -> str:
    unknown = alignment.unknown_labels
    labels = f" ({', '.join(f'{label} {count:,}' for label, count in unknown.items())})" if unknown else ""
    return (
        f"{alignment.ungrounded:,} ungrounded, {sum(unknown.values()):,} with an unknown label{labels}, "
        f"{alignment.dropped:,} dropped"
    )


def _trust_facts(run: ScoredRun) -> list[tuple[str, str]]:
    facts = []
    if found := run.calibration:
        errors = (
            f"expected calibration error {found.expected_calibration_error:.4f}, "
            f"maximum {found.maximum_calibration_error:.4f}, Brier score {found.brier:.4f}"
        )
        facts.append(("confidence", f"{errors}, of {found.predicted:,} entities"))
    if found and (area := found.separation):
        interval = f"{area.level:.0%} interval {area.interval.low:.4f} to {area.interval.high:.4f}"
        facts.append(("AUROC", f"{area.auroc:.4f} ({interval}), of the confidences of right against wrong entities"))
    if unsure := run.uncertainty:
        entropies = f"mean {unsure.mean:.4f}, maximum {unsure.max:.4f} nats"
        facts.append(("uncertainty", f"{entropies}, averages of {unsure.sentences:,} sentences"))
    return facts


def as_table(run: ScoredRun, *, details: bool = False) -> str:
    """Return plain text: facts, strict scores and errors by kind; hidden characters as codes.

    Args:
        run: Scored run.
        details: Whether to add the other tables, without the large ones (confusion, single tags).
    """
    scores = list(score_tables(run, scenarios=details))
    first = min(max(len(name) for table in scores for name, *_ in table.rows) + 2, WIDTH // 3)
    tables = [_titled(table, first) for table in scores]
    if details:
        analysis = run.analysis
        tables += [
            interval_table(analysis),
            error_table(analysis),
            *group_tables(analysis),
            *trust_tables(run),
            *reference_tables(run),
        ]
    lines = [line for name, value in run_facts(run) for line in _fact_lines(name, visible(value))]
    for table in tables:
        lines += ["", *fitted(table, WIDTH, first)]
    if not details:
        lines += ["", describe_errors(run)]
        lines += [line for told in describe_compared(run) for line in wrapped(visible(told), WIDTH, "  ")]
    return "\n".join(lines)


def micro_line(run: ScoredRun) -> str:
    """Return the line that matters: micro F1 with its interval, precision, recall and support."""
    micro, interval = run.scores.micro, run.analysis.intervals.micro.f1
    f1 = f"micro F1 {micro.f1:.4f} ({interval.low:.4f}–{interval.high:.4f})"
    return f"{f1}, precision {micro.precision:.4f}, recall {micro.recall:.4f}, support {micro.gold:,}"


def describe_errors(run: ScoredRun) -> str:
    """Return the number of errors of each kind."""
    found = run.analysis.errors.all
    return f"errors: {', '.join(f'{found.of(kind):,} {kind}' for kind in ERRORS)}"


def _fact_lines(name: str, value: str) -> Iterator[str]:
    """Yield the lines of a fact, with its name in front."""
    for line in wrapped(value, WIDTH - _FACT):
        yield f"{name:<{_FACT}}{line}"
        name = ""


def _titled(table: Table, width: int) -> Table:
    """Return a table with its name above it, because the first column has no room for it."""
    name, *others = table.header
    return table if len(name) < width else replace(table, header=("", *others), title=name)


def as_json(run: ScoredRun) -> str:
    """Return the contents of `scores.json`, without the hash of the sentences."""
    return json.dumps(to_json(run), ensure_ascii=False, indent=2)
