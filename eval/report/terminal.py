"""Scores as tables for the terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ...labels import describe_origins
from ...rendering.tables import Table, aligned
from ...rendering.text import visible
from ..analysis.tables import error_table, group_tables, interval_table
from ..published.comparison import comparisons, told_others
from ..scoring.counts import Counts, ScenarioCounts, Scores

Row = tuple[str, float, float, float, str]


def _rows(scores: Scores, document: dict[str, Any]) -> Iterator[tuple[str, list[Row]]]:
    """Yield sections of (name, precision, recall, F1, support); baselines stand below the scores of the same kind."""
    title = "sets of spans (entities nest: seqeval cannot hold them)" if scores.nested else "seqeval (strict, IOB2)"
    strict = [_row(label, counts) for label, counts in scores.labels.items()]
    strict.append(_row("micro avg", scores.micro))
    if scores.alignment.ungrounded:
        strict.append(_row("micro avg, ungrounded as false positives", scores.micro_with_ungrounded))
    if baselines := document["baselines"]:
        strict += [
            (f"baseline: {name}", row["precision"], row["recall"], row["f1"], str(row["gold"]))
            for name, row in baselines["micro"].items()
        ]
    yield title, strict
    if published := document["llms4ner"]:
        rows = [
            (name, row["precision"], row["recall"], row["f1"], str(row["gold"]))
            for name, row in {**published["labels"], "micro avg": published["micro"]}.items()
        ]
        yield f"llms4ner (no positions in {published['forgiven']:,} sentences)", rows
    if scores.nervaluate:
        gold = str(scores.micro.gold)
        yield "nervaluate", [(name, *_ratios(counts), gold) for name, counts in scores.nervaluate.items()]


def _ratios(counts: Counts | ScenarioCounts) -> tuple[float, float, float]:
    return counts.precision, counts.recall, counts.f1


def _row(name: str, counts: Counts) -> Row:
    return (name, *_ratios(counts), str(counts.gold))


def run_facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a reader needs beside the scores, as pairs of name and value."""
    alignment = document["alignment"]
    facts = [
        ("corpus", f"{document['corpus']} {document['split']}{_part(document)}"),
        *([("adapter", _adapter(document["adapter"]))] if document["adapter"] else []),
        ("predictions", f"{document['predictions']} (decoding: {document['decoding']})"),
        *([("shots", told_shots(document["shots"]))] if document["shots"] else []),
        ("sentences", _both(document["sentences"])),
        ("tokens", _both(document["tokens"])),
        ("alignment", ", ".join(f"{alignment[status]:,} {status}" for status in ("exact", "repaired", "failed"))),
    ]
    if changes := describe_origins(document["label_origins"]):
        facts.append(("labels", changes))
    if alignment["reasons"]:
        facts.append(("", ", ".join(f"{count:,} {reason}" for reason, count in alignment["reasons"].items())))
    unknown = alignment["unknown_labels"]
    labels = f" ({', '.join(f'{label} {count:,}' for label, count in unknown.items())})" if unknown else ""
    ungrounded, dropped = f"{alignment['ungrounded']:,} ungrounded", f"{alignment['dropped']:,} dropped"
    facts.append(("entities", f"{ungrounded}, {sum(unknown.values()):,} with an unknown label{labels}, {dropped}"))
    if document["min_confidence"] is not None:
        below, least = document["below_min_confidence"], document["min_confidence"]
        facts.append(("dropped", f"{below:,} entities with a confidence below {least}, before scoring"))
    if baselines := document["baselines"]:
        facts.append(("baselines", f"count in {baselines['split']}"))
    if others := told_others(document):
        facts.append(("published", others))
    return facts + _trust_facts(document)


def _part(document: dict[str, Any]) -> str:
    return "" if document["limit"] is None else f", the first {document['limit']:,} sentences only"


def _adapter(adapter: dict[str, Any]) -> str:
    """Return which adapter was used without its recipe."""
    return f"{adapter['name']} at {adapter['revision']}" if adapter["revision"] else str(adapter["name"])


def told_shots(shots: dict[str, Any]) -> str:
    """Return how many examples a model without training was shown, and which."""
    if not shots["number"]:
        return "0, without training"
    drawn = f", seed {shots['seed']}" if shots["seed"] is not None else ""
    ids = shots["ids"] or []
    more = f" and {len(ids) - 3:,} more" if len(ids) > 3 else ""
    shown = f": {', '.join(ids[:3])}{more}" if ids else ""
    return f"{shots['number']:,}, without training; {shots['rule']}{drawn}, of {shots['dataset']}{shown}"


def _trust_facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    facts = []
    if calibration := document["calibration"]:
        expected, maximum = calibration["expected_calibration_error"], calibration["maximum_calibration_error"]
        errors = (
            f"expected calibration error {expected:.4f}, maximum {maximum:.4f}, Brier score {calibration['brier']:.4f}"
        )
        facts.append(("confidence", f"{errors}, of {calibration['predicted']:,} entities"))
    if uncertainty := document["uncertainty"]:
        entropies = f"mean {uncertainty['mean']:.4f}, maximum {uncertainty['max']:.4f} nats"
        facts.append(("uncertainty", f"{entropies}, averages of {uncertainty['sentences']:,} sentences"))
    return facts


def _tables(document: dict[str, Any]) -> Iterator[Table]:
    """Yield the tables below the scores, without the large ones (confusion, single tags)."""
    analysis = document["analysis"]
    yield interval_table(analysis)
    yield error_table(analysis)
    yield from group_tables(analysis)
    yield from trust_tables(document)


def trust_tables(document: dict[str, Any]) -> Iterator[Table]:
    """Yield the reliability curve, without empty bins; what thresholds keep; errors by uncertainty."""
    if calibration := document["calibration"]:
        yield Table(
            ("reliability", "entities", "confidence", "accuracy"),
            [
                (f"{row['from']:.1f}-{row['to']:.1f}", *_cells(row, "predicted", "confidence", "accuracy"))
                for row in calibration["bins"]
                if row["predicted"]
            ],
        )
        yield Table(
            ("confidence", "entities", "precision", "recall", "f1"),
            [
                (f"from {row['from']:.2f}", *_cells(row, "predicted", "precision", "recall", "f1"))
                for row in calibration["thresholds"]
            ],
        )
    if (uncertainty := document["uncertainty"]) and uncertainty["quarters"]:
        yield Table(
            ("maximum entropy", "sentences", "with errors", "share"),
            [
                (f"{row['from']:.4f}-{row['to']:.4f}", *_cells(row, "sentences", "with_errors", "error_share"))
                for row in uncertainty["quarters"]
            ],
        )


def _cells(row: dict[str, Any], *keys: str) -> Iterator[str]:
    """Yield counts as they are and ratios with four digits."""
    for key in keys:
        yield f"{row[key]:,}" if isinstance(row[key], int) else f"{row[key]:.4f}"


def _both(numbers: dict[str, int]) -> str:
    if not numbers["docstart"]:
        return f"{numbers['all']:,}"
    return f"{numbers['all']:,} ({numbers['without_docstart']:,} without the {numbers['docstart']:,} -DOCSTART- lines)"


def as_table(scores: Scores, document: dict[str, Any]) -> str:
    """Return plain text, four digits; hidden characters, which a model's output may hold, as codes."""
    sections = list(_rows(scores, document))
    width = max(len(name) for _, rows in sections for name, *_ in rows) + 2
    lines = [f"{name:<12} {visible(value)}" for name, value in run_facts(document)]
    for title, rows in sections:
        lines += ["", f"{title:<{width}}  precision  recall      f1  support" if len(title) < width else title]
        if len(title) >= width:
            lines.append(f"{'':<{width}}  precision  recall      f1  support")
        lines += [f"{name:<{width}}     {p:.4f}  {r:.4f}  {f:.4f}  {support:>7}" for name, p, r, f, support in rows]
    for table in (*_tables(document), *comparisons(document)):
        lines += ["", *aligned(table, width)]
    return "\n".join(lines)


def as_json(document: dict[str, Any]) -> str:
    """Return the contents of `scores.json`."""
    return json.dumps(document, ensure_ascii=False, indent=2)
