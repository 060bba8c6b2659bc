"""The command `lmn-convert stats`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import cloup

from ...cli.options import catch_errors
from ...errors import LmnError
from ...generation import Generation
from ...rendering.tables import Table, print_table
from ...rendering.text import visible
from ...terminal import echo
from ..stats import FINDING_KINDS, Annotation, CorpusStats, Finding, corpus_stats
from ..stats.document import stats_document
from ..stats.page import stats_page
from ..stats.tables import ambiguity_table, label_table, pair_table, seen_table, sentence_table, size_table
from .corpus_options import ChosenCorpus, corpus_options, print_problems


@cloup.command()
@corpus_options
@cloup.option_group(
    "Output",
    cloup.option(
        "--limit",
        type=click.IntRange(min=0),
        default=5,
        show_default=True,
        help="Findings to list of each kind; 0 lists all.",
    ),
    cloup.option(
        "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write everything as JSON, too."
    ),
    cloup.option(
        "--page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with plots (HTML), too."
    ),
)
@catch_errors
def stats(corpus: ChosenCorpus, limit: int, json_file: Path | None, page: Path | None) -> None:
    """Describe the corpus of CARD: sizes, labels, overlap of its splits, and annotations worth a look.

    The exit status is 1 if converting would stop at a problem. The counts go as far as the files can be read.

    \b
    lmn-convert stats wikigold --source DIR --page stats.html --json stats.json
    """  # noqa: D301
    present, missing = corpus.present("not counted")
    found = corpus_stats(corpus.card, present, corpus.source, repair=corpus.repair, progress=True)
    _print(found, limit or None)
    with Generation() as files:
        if json_file:
            files.write_json(json_file, stats_document(found), gone_first=True)
        if page:
            with files.write(page, gone_first=True) as file:
                file.write(stats_page(found, missing))
        files.put()
    for what, path in (("JSON", json_file), ("page", page)):
        if path:
            echo(f"{what}: {path}")
    for name, counts in found.splits.items():
        print_problems(corpus.card, name, counts.log)
    if found.fatal:
        remedy = f"lmn-convert check {corpus.card.reference} lists them"
        raise LmnError(f"converting would stop at {found.fatal} of these problems", remedy=remedy)


def _print(found: CorpusStats, limit: int | None) -> None:
    echo(f"{found.card.name}: {found.card.title}\n")
    tables = [size_table(found), label_table(found), sentence_table(found)]
    if found.others:
        tables.append(seen_table(found))
    for table in [*tables, ambiguity_table(found)]:
        _print_rows(table, None)
    if found.ambiguous:
        _print_rows(pair_table(found), limit)
        echo("ambiguous mentions")
        _print_findings(found.ambiguous, limit)
    if found.shared:
        echo("sentences in several splits")
        _print_findings(found.shared, limit)
    for kind, meaning in FINDING_KINDS.items():
        echo(f"{kind:<20} {len(found.findings[kind]):>7,}  {meaning}")
        _print_findings(found.findings[kind], limit)


def _print_rows(table: Table, limit: int | None) -> None:
    print_table(replace(table, rows=table.rows[:limit]))
    echo(_more(len(table.rows), limit))


def _print_findings(found: list[Finding], limit: int | None) -> None:
    for finding in found[:limit]:
        echo(f"    {_line(finding)}")
    echo(_more(len(found), limit))


def _more(count: int, limit: int | None) -> str:
    return f"    and {count - limit:,} more (--limit 0 lists all)\n" if limit is not None and count > limit else ""


def _line(finding: Finding) -> str:
    """Return one line: the first place to look at, its text, and the usual text with which it is compared."""
    odd = [annotation for annotation in finding.annotations if annotation.odd]
    usual = [annotation for annotation in finding.annotations if not annotation.odd]
    text = ", ".join([_counted(odd[0], ""), *(_counted(annotation, _place(annotation)) for annotation in odd[1:])])
    tail = "; elsewhere " + ", ".join(_counted(annotation, _place(annotation)) for annotation in usual) if usual else ""
    return visible(f"{_place(odd[0])}: {text}{tail}")


def _place(annotation: Annotation) -> str:
    return str(annotation.places[0]) if annotation.places else ""


def _counted(annotation: Annotation, place: str) -> str:
    notes = [f"{annotation.count:,} x"] if annotation.count > 1 else []
    return f"{annotation.text} ({', '.join(notes + [place] * bool(place))})" if notes or place else annotation.text
