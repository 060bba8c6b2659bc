"""The command `lmn-convert stats`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ...cli.options import catch_errors
from ...files import atomic_write, write_json
from ...rendering.tables import Table, print_table
from ...rendering.text import visible
from ..cards import Card, load_card
from ..label_change import LabelChange
from ..problems import PROBLEM_KINDS as PROBLEMS
from ..stats import FINDING_KINDS, CorpusStats, Finding, Variant, corpus_stats
from ..stats.document import stats_document
from ..stats.page import stats_page
from ..stats.tables import ambiguity_table, label_table, pair_table, seen_table, sentence_table, size_table
from .corpus_options import corpus_options
from .label_options import label_options


@click.command()
@corpus_options
@label_options
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="Findings listed of each kind; 0 lists all.",
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write everything as JSON, too."
)
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with plots (HTML), too.")
@catch_errors
def stats(
    card: str,
    source: Path | None,
    splits: tuple[str, ...],
    repair: Any,
    change: LabelChange,
    limit: int,
    json_file: Path | None,
    page: Path | None,
) -> None:
    """Tell what the corpus of CARD is like: sizes, labels, overlap of its splits, annotations worth a look.

    Exits with 1 if anything is found that converting would refuse; it counts as far as it can be read.

    \b
    lmn-convert stats wikigold --source DIR --page stats.html --json stats.json
    """  # noqa: D301
    corpus = change.of(load_card(card))
    names, missing = _present(corpus, splits, source)
    found = corpus_stats(corpus, names, source, repair=repair, progress=True)
    _print(found, limit or None)
    if json_file:
        write_json(json_file, stats_document(found))
        click.echo(f"JSON: {json_file}")
    if page:
        with atomic_write(page) as file:
            file.write(stats_page(found, missing))
        click.echo(f"page: {page}")
    _report_problems(found)


def _present(card: Card, splits: tuple[str, ...], source: Path | None) -> tuple[list[str], list[str]]:
    """Return the splits to read, and those to leave out because their files are not there; a split that is asked for must be."""
    if splits:
        for name in splits:
            card.data_of(name, source)
        return list(dict.fromkeys(splits)), []
    names = [name for name in card.splits if not card.is_missing(name, source)]
    if not names:
        card.data_of(next(iter(card.splits)), source)  # raises: says what is missing, and the remedy
    missing = [name for name in card.splits if name not in names]
    for name in missing:
        click.echo(f"{card.name} {name}: {card.split(name).file} is not there: not counted")
    return names, missing


def _print(found: CorpusStats, limit: int | None) -> None:
    click.echo(f"{found.card.name}: {found.card.title}\n")
    tables = [size_table(found), label_table(found), sentence_table(found)]
    if found.others:
        tables.append(seen_table(found))
    for table in [*tables, ambiguity_table(found)]:
        _print_rows(table, None)
    if found.ambiguous:
        _print_rows(pair_table(found), limit)
        click.echo("ambiguous mentions")
        _print_findings(found.ambiguous, limit)
    if found.shared:
        click.echo("sentences in several splits")
        _print_findings(found.shared, limit)
    for kind, meaning in FINDING_KINDS.items():
        click.echo(f"{kind:<20} {len(found.findings[kind]):>7,}  {meaning}")
        _print_findings(found.findings[kind], limit)


def _print_rows(table: Table, limit: int | None) -> None:
    print_table(replace(table, rows=table.rows[:limit]))
    click.echo(_more(len(table.rows), limit))


def _print_findings(found: list[Finding], limit: int | None) -> None:
    for finding in found[:limit]:
        click.echo(f"    {_line(finding)}")
    click.echo(_more(len(found), limit))


def _more(count: int, limit: int | None) -> str:
    return f"    and {count - limit:,} more (--limit 0 lists all)\n" if limit is not None and count > limit else ""


def _line(finding: Finding) -> str:
    """Return one line: the first place to look at, what stands there, and what it is compared with."""
    odd = [variant for variant in finding.variants if variant.odd]
    usual = [variant for variant in finding.variants if not variant.odd]
    text = ", ".join([_counted(odd[0], ""), *(_counted(variant, _place(variant)) for variant in odd[1:])])
    tail = "; elsewhere " + ", ".join(_counted(variant, _place(variant)) for variant in usual) if usual else ""
    return visible(f"{_place(odd[0])}: {text}{tail}")


def _place(variant: Variant) -> str:
    return str(variant.places[0]) if variant.places else ""


def _counted(variant: Variant, place: str) -> str:
    notes = [f"{variant.count:,} x"] if variant.count > 1 else []
    return f"{variant.text} ({', '.join(notes + [place] * bool(place))})" if notes or place else variant.text


def _report_problems(found: CorpusStats) -> None:
    """Name what is wrong in the files.

    Raises:
        SystemExit: converting would refuse something.
    """
    for name, counts in found.splits.items():
        for kind, count in sorted(counts.log.counts.items()):
            first = counts.log.of(kind)[0].where
            click.echo(f"{found.card.name} {name}: {count:,} x {PROBLEMS[kind]} (first at {first})", err=True)
    if found.fatal:
        message = f"{found.fatal} findings that lmn-convert refuses, counted here as far as they can be read"
        click.echo(f"Error: {message}; lmn-convert check {found.card.reference} lists them", err=True)
        raise SystemExit(1)
