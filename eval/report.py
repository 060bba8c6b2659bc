"""Scores as a table for the terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .scores import Counts, ScenarioCounts, Scores

Row = tuple[str, float, float, float, str]


def _rows(scores: Scores) -> Iterator[tuple[str, list[Row]]]:
    """Yield sections of (name, precision, recall, F1, support)."""
    title = "sets of spans (entities nest: seqeval cannot hold them)" if scores.nested else "seqeval (strict, IOB2)"
    strict = [_row(label, counts) for label, counts in scores.labels.items()]
    strict.append(_row("micro avg", scores.micro))
    if scores.alignment.ungrounded:
        strict.append(_row("micro avg, ungrounded as false positives", scores.micro_with_ungrounded))
    yield title, strict
    if scores.nervaluate:
        gold = str(scores.micro.gold)
        yield "nervaluate", [(name, *_ratios(counts), gold) for name, counts in scores.nervaluate.items()]


def _ratios(counts: Counts | ScenarioCounts) -> tuple[float, float, float]:
    return counts.precision, counts.recall, counts.f1


def _row(name: str, counts: Counts) -> Row:
    return (name, *_ratios(counts), str(counts.gold))


def _facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a reader needs beside the scores, as pairs of name and value."""
    alignment = document["alignment"]
    facts = [
        ("corpus", f"{document['corpus']} {document['split']}"),
        ("predictions", f"{document['predictions']} (decoding: {document['decoding']})"),
        ("sentences", _both(document["sentences"])),
        ("tokens", _both(document["tokens"])),
        ("alignment", ", ".join(f"{alignment[status]:,} {status}" for status in ("exact", "repaired", "failed"))),
    ]
    if alignment["reasons"]:
        facts.append(("", ", ".join(f"{count:,} {reason}" for reason, count in alignment["reasons"].items())))
    unknown = alignment["unknown_labels"]
    labels = f" ({', '.join(f'{label} {count:,}' for label, count in unknown.items())})" if unknown else ""
    ungrounded, dropped = f"{alignment['ungrounded']:,} ungrounded", f"{alignment['dropped']:,} dropped"
    facts.append(("entities", f"{ungrounded}, {sum(unknown.values()):,} with an unknown label{labels}, {dropped}"))
    return facts


def _both(numbers: dict[str, int]) -> str:
    if not numbers["docstart"]:
        return f"{numbers['all']:,}"
    return f"{numbers['all']:,} ({numbers['without_docstart']:,} without the {numbers['docstart']:,} -DOCSTART- lines)"


def as_table(scores: Scores, document: dict[str, Any]) -> str:
    """Return plain text, four digits."""
    sections = list(_rows(scores))
    width = max(len(name) for _, rows in sections for name, *_ in rows) + 2
    lines = [f"{name:<12} {value}" for name, value in _facts(document)]
    for title, rows in sections:
        lines += ["", f"{title:<{width}}  precision  recall      f1  support" if len(title) < width else title]
        if len(title) >= width:
            lines.append(f"{'':<{width}}  precision  recall      f1  support")
        lines += [f"{name:<{width}}     {p:.4f}  {r:.4f}  {f:.4f}  {support:>7}" for name, p, r, f, support in rows]
    return "\n".join(lines)


def as_markdown(scores: Scores, document: dict[str, Any]) -> str:
    """Return Markdown tables, four digits."""
    lines = [f"- {name or 'reasons'}: {value}" for name, value in _facts(document)]
    for title, rows in _rows(scores):
        lines += ["", f"| {title} | precision | recall | F1 | support |", "|---|---|---|---|---|"]
        lines += [f"| {name} | {p:.4f} | {r:.4f} | {f:.4f} | {support} |" for name, p, r, f, support in rows]
    return "\n".join(lines)


def as_json(scores: Scores, document: dict[str, Any]) -> str:
    """Return the contents of `scores.json`."""
    return json.dumps(document, ensure_ascii=False, indent=2)


REPORTS = {"table": as_table, "json": as_json, "markdown": as_markdown}
