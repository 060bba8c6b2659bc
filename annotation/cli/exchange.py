"""The commands `lmn-annotate export` and `lmn-annotate import`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import cloup

from ...cli.options import catch_errors
from ...data_converters.cards import CARD_FILE, Card, load_card
from ...errors import LmnError, listed
from ...terminal import echo
from ..exchange.exporting import check_out, write_export
from ..exchange.importing import Imported, no_annotation, read_export
from ..exchange.registry import TOOLS, reader_keys
from ..exchange.reviewed_corpus import FIRST_LINE, ReviewSummary, check_corrections, check_kept, write_reviewed
from ..exchange.suggestions import Suggestions, read_suggestions
from ..labelled_corpus import check_folder
from .corpus_options import source_option
from .text_options import corpus_name

_tool_option = cloup.option("--tool", type=click.Choice(list(TOOLS)), required=True, help="Annotation tool.")
_split_option = cloup.option("--split", help="Split of the card. [default: the only one]")


@cloup.command("export")
@click.argument("corpus", metavar="CORPUS|CARD")
@_tool_option
@_split_option
@source_option
@cloup.option("--out", type=click.Path(path_type=Path), required=True, help="File for the tool.")
@catch_errors
def export_command(corpus: str, tool: str, split: str | None, source: Path | None, out: Path) -> None:
    """Write the sentences of a labelled corpus, or of any CARD, for an annotation tool, with their entities as suggestions.

    \b
    lmn-annotate export data/news --tool label-studio --out news.json
    lmn-annotate export data/news --tool prodigy --out news.jsonl

    lmn-annotate import brings the corrected sentences back.
    """  # noqa: D301
    card = load_card(corpus)
    found = _read(card, corpus, split, source)
    to = TOOLS[tool]
    check_out(out, to, found, source)
    done = write_export(found, to, out)
    if done.without:
        echo(f"{out}: left out, entities that {tool} cannot show: {done.without:,}", err=True)
    if done.secret:
        echo(
            f"{out}: left out, sentences that hold a key or password of this process: {done.secret:,}",
            err=True,
        )
    echo(f"{done.sentences:,} sentences with {done.entities:,} suggested entities")
    labels = ",".join(found.card.labels.names)
    beside = done.companion or ""
    echo("next: " + to.hint.format(file=shlex.quote(str(out)), companion=beside, labels=shlex.quote(labels)))
    for path in filter(None, (done.companion, out)):
        echo(path)


@cloup.command("import")
@click.argument("export", type=click.Path(path_type=Path))
@_tool_option
@cloup.option("--from", "corpus", metavar="CORPUS|CARD", required=True, help="Corpus that was exported.")
@_split_option
@source_option
@cloup.option(
    "--annotator",
    metavar="NAME",
    help="Whose annotations are read; for doccano, who annotated. [default: the only one]",
)
@cloup.option(
    "--reviewed",
    is_flag=True,
    help="Somebody looked at every record of a doccano export, which does not say so itself.",
)
@cloup.option(
    "--reader", "given", metavar="KEY=VALUE", multiple=True,
    help="Key of the tool's reader, as a card has it: cut=drop, crossing=longest, offsets=utf-16. May be repeated.",
)  # fmt: skip
@cloup.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of the corrected corpus, which is named after it.",
)
@catch_errors
def import_command(
    export: Path, tool: str, corpus: str, split: str | None, source: Path | None, annotator: str | None, reviewed: bool,
    given: tuple[str, ...], out: Path,
) -> None:  # fmt: skip
    """Read what people corrected in an annotation tool, and write a corpus with a card.

    \b
    lmn-annotate import corrected.json --tool label-studio --from data/news --out data/news-corrected

    A text whose annotation is empty becomes a sentence without entities; one that was skipped, refused or not annotated is left out and
    counted. provenance.jsonl says who corrected each sentence and when, and what became of the suggestions.
    """  # noqa: D301
    if reviewed and tool != "doccano":
        raise LmnError(f"{tool} says itself what was annotated", "--reviewed", "leave it out")
    card = load_card(corpus)
    found = _read(card, corpus, split, source)
    check_folder(out, found.split, export, FIRST_LINE)
    check_corrections(out, found, source)
    imported = read_export(
        export, TOOLS[tool], found, annotator, reviewed=reviewed, keys=reader_keys(TOOLS[tool], given)
    )
    if all(one.review.why for one in imported.sentences):
        raise no_annotation(imported, export)
    check_kept(out, imported)
    summary = write_reviewed(out, corpus_name(out), found, imported, tool, export)
    for line in _lines(summary, imported, export):
        echo(line)
    echo(f"\n{out / CARD_FILE}")


def _read(card: Card, corpus: str, split: str | None, source: Path | None) -> Suggestions:
    """Read the sentences of a corpus, and say what no tool can show."""
    if split is None and len(card.splits) > 1:
        raise LmnError(
            f"the card has {len(card.splits)} splits", corpus, f"name one with --split: {listed(list(card.splits))}"
        )
    found = read_suggestions(card, split or next(iter(card.splits)), source)
    for kind, count in found.left_out.items():
        echo(f"{card.name} {found.split}: left out, {kind}: {count:,}", err=True)
    return found


def _lines(summary: ReviewSummary, imported: Imported, export: Path) -> list[str]:
    """Return what a corrected corpus holds, in words."""
    entities = ", ".join(f"{count:,} {label}" for label, count in summary.entities.items()) or "none"
    verdicts = ", ".join(f"{count:,} {verdict}" for verdict, count in summary.verdicts.items())
    who = listed([f"{name or 'unknown'} ({count:,})" for name, count in summary.annotators.items()], 20)
    lines = [f"{summary.sentences:,} sentences; entities: {entities}", f"suggestions by sentence: {verdicts}"]
    lines.append(
        f"suggested entities: {summary.kept:,} kept, {summary.removed:,} removed; {summary.added:,} added; by {who}"
    )
    lines += [f"left out, {why}: {count:,}" for why, count in summary.left_out.items()]
    return lines + list(imported.log.warnings(str(export)))
