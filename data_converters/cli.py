"""The command `lmn-convert`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click
from click_default_group import DefaultGroup
from rich.table import Table

from ..command_line import catch_errors, print_table
from ..dataset_info import read_dataset_info
from ..formats import DEFAULT_FORMAT
from .alpaca import Converted, merge_dataset_info, prompt_spec_of, write_split
from .cards import Card, card_names, load_card
from .check import SplitCheck, check_split
from .corpus import read_corpus
from .corpus_options import corpus_options
from .problems import KINDS, ProblemLog
from .stats_cli import stats


@click.group(cls=DefaultGroup, default="convert", default_if_no_args=False)
@click.version_option(package_name="llms-meet-ner")
def main() -> None:
    """Turn a corpus into instruction data for LLaMA-Factory.

    \b
    lmn-convert conll2003 --source DIR      writes data/alpaca/conll2003_{train,testa,testb}.json
    lmn-convert my_corpus.yaml              the same for a corpus with a card of your own
    lmn-convert check wikigold --source DIR reports what is in the files, and writes nothing
    lmn-convert stats wikigold --source DIR tells what the corpus is like, and what in it is worth a look
    lmn-convert cards                       lists the cards that come with the package
    """  # noqa: D301


main.add_command(stats)


@main.command()  # type: ignore[untyped-decorator]
@corpus_options
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("data/alpaca"), show_default=True, help="Folder to write to."
)
@click.option("--format", "format_name", default=DEFAULT_FORMAT, show_default=True, help="Output format.")
@click.option("--variant", help="Wording of the instruction: full or short. [default: as the card says]")
@click.option(
    "--instruction-as",
    type=click.Choice(["user", "system"]),
    default="user",
    show_default=True,
    help="Where the instruction stands.",
)
@catch_errors
def convert(
    card: str,
    source: Path | None,
    splits: tuple[str, ...],
    repair: Any,
    out: Path,
    format_name: str,
    variant: str | None,
    instruction_as: Any,
) -> None:
    """Write Alpaca records and dataset_info.json for CARD, a card's name or file (the default subcommand)."""
    corpus = load_card(card)
    spec = prompt_spec_of(corpus, format_name, variant, instruction_as)
    names = splits or tuple(corpus.splits)
    for name in names:
        corpus.file_of(name, source)  # a missing file is an error before anything is written,
    read_dataset_info(out)  # and so is a damaged dataset_info.json
    written: dict[str, Converted] = {}
    for name in names:
        log = ProblemLog()
        sentences = read_corpus(corpus, name, source, repair=repair, log=log, progress=True)
        written[name] = write_split(corpus, name, sentences, spec, out)
        for kind, count in sorted(log.counts.items()):
            click.echo(f"{corpus.name} {name}: {count} x {KINDS[kind]} (first at {log.of(kind)[0].where})", err=True)
    info = merge_dataset_info(corpus, written, spec, out)
    _print_converted(written)
    click.echo(f"{len(written)} data sets in {info}")


def _print_converted(written: dict[str, Converted]) -> None:
    table = Table("data set", "sentences", "tokens", "entities", "file", box=None, pad_edge=False)
    for converted in written.values():
        table.add_row(
            converted.dataset,
            f"{converted.sentences:,}",
            f"{converted.tokens:,}",
            f"{converted.entities.total():,}",
            str(converted.file),
        )
    print_table(table)


@main.command()  # type: ignore[untyped-decorator]
@corpus_options
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Places listed for each kind of finding; 0 lists all.",
)
@catch_errors
def check(card: str, source: Path | None, splits: tuple[str, ...], repair: Any, limit: int) -> None:
    """Report what is in the files of CARD, and what is wrong there with file and line; write nothing.

    Exits with 1 if anything is found that converting would refuse.
    """
    corpus = load_card(card)
    checked = fatal = 0
    for name in splits or tuple(corpus.splits):
        if not splits and not (source or corpus.default_source).joinpath(corpus.split(name).file).is_file():
            click.echo(f"{corpus.name} {name}: {corpus.split(name).file} is not there: not checked\n")
            continue
        result = check_split(corpus, name, source, repair=repair, progress=True)
        _print_check(corpus, result, limit or None)
        checked += 1
        fatal += result.log.fatal + len(result.not_restored)
    if not checked:
        corpus.file_of(next(iter(corpus.splits)), source)  # raises: says what is missing, and the remedy
    if fatal:
        click.echo(f"Error: {fatal} findings that lmn-convert refuses, see above", err=True)
        raise SystemExit(1)


def _print_check(card: Card, result: SplitCheck, limit: int | None) -> None:
    counts: Counter[str] = result.entities
    click.echo(f"{card.name} {result.split}")
    _line("sentences", result.sentences, f"{result.docstarts:,} of them -DOCSTART-" if result.docstarts else "")
    _line("tokens", result.tokens)
    _line("without entities", result.without_entities)
    _line("entities", counts.total(), ", ".join(f"{label} {counts[label]:,}" for label in card.labels.names))
    if card.nested:
        _line("inside others", result.nested)
    _line("ambiguous", len(result.ambiguous), "sentences that two annotations render alike")
    _places([str(where) for where in result.ambiguous], len(result.ambiguous), limit)
    for kind, meaning in KINDS.items():
        count = result.log.counts[kind]
        _line(kind, count, meaning if count else "")
        mended = "" if kind == "bracket-token" else " (mended)"
        found = result.log.of(kind)
        _places([f"{at.where}: {at.message}{'' if at.fatal else mended}" for at in found], count, limit)
    for where in result.not_restored:
        click.echo(f"  {where}: the rendered sentence does not parse back: please report this")
    click.echo()


def _line(name: str, count: int, note: str = "") -> None:
    click.echo(f"  {name:<20} {count:>9,}  {note}".rstrip())


def _places(lines: list[str], count: int, limit: int | None) -> None:
    listed = lines[:limit]
    for line in listed:
        click.echo(f"      {line}")
    if len(listed) < count:
        hint = "--limit 0 lists all" if len(lines) == count else f"--limit 0 lists the first {len(lines):,}"
        click.echo(f"      and {count - len(listed):,} more ({hint})")


@main.command()  # type: ignore[untyped-decorator]
def cards() -> None:
    """List the corpus cards that come with the package."""
    table = Table("card", "language", "splits", "labels", "title", box=None, pad_edge=False)
    for name in card_names():
        card = load_card(name)
        table.add_row(name, card.language, " ".join(card.splits), str(len(card.labels)), card.title)
    print_table(table)
