"""The command `lmn-convert check`."""

from __future__ import annotations

import click
import cloup

from ...cli.options import catch_errors
from ...errors import LmnError
from ...formats import DEFAULT_FORMAT
from ...labels import describe_origins
from ...launching.lengths import SplitLengths
from ...terminal import echo
from ...training.recipe import Recipe
from ..alpaca import prompt_spec_of
from ..cards import Card
from ..check import SplitCheck, check_split
from ..problems import ADVICE, NOTES, PROBLEM_KINDS, ProblemLog
from .corpus_options import ChosenCorpus, corpus_options
from .cutoff_options import cutoff_of, cutoff_options, print_cut


@cloup.command()
@corpus_options
@cutoff_options
@cloup.option_group(
    "Report",
    cloup.option("--format", "format_name", default=DEFAULT_FORMAT, show_default=True, help="Output format to try."),
    cloup.option("--variant", help="Wording of the instruction, for --recipe. [default: the card's]"),
    cloup.option(
        "--limit",
        type=click.IntRange(min=0),
        default=10,
        show_default=True,
        help="Places to list for each kind of problem; 0 lists all.",
    ),
)
@catch_errors
def check(corpus: ChosenCorpus, format_name: str, variant: str | None, limit: int, recipe: Recipe | None) -> None:
    """Report what is in the files of CARD, and every problem with file and line; write nothing.

    Every sentence is written in the output format and read back. Those that the format cannot hold are counted.

    The exit status is 1 if converting would stop at a problem.
    """
    card = corpus.card
    if card.labels.is_changed:
        echo(f"{card.name}: labels {describe_origins(dict(card.labels.origins))}\n")
    present, missing = corpus.present("not checked")
    if missing:
        echo()
    fatal = 0
    cutoff = cutoff_of(recipe, prompt_spec_of(card, format_name, variant)) if recipe else None
    counted = {name: SplitLengths(cutoff) for name in present} if cutoff else {}
    for name in present:
        result = check_split(
            card, name, corpus.source, format_name=format_name, repair=corpus.repair, progress=True, lengths=counted.get(name),
        )  # fmt: skip
        _print_check(card, result, format_name, limit or None)
        fatal += result.log.fatal + len(result.not_restored)
    if cutoff:
        print_cut(cutoff, counted.items())
    if fatal:
        raise LmnError(f"converting would stop at {fatal} of the problems above")


def _print_check(card: Card, result: SplitCheck, format_name: str, limit: int | None) -> None:
    counts = result.entities
    echo(f"{card.name} {result.split}")
    _line("sentences", result.sentences, f"{result.docstarts:,} of them -DOCSTART-" if result.docstarts else "")
    _line("tokens", result.tokens)
    _line("without entities", result.without_entities)
    _line("entities", counts.total(), ", ".join(f"{label} {counts[label]:,}" for label in card.labels.names))
    _found("inside others", result.nested)
    _found("ambiguous", len(result.ambiguous), "sentences whose rendering is also that of another annotation")
    _places([str(where) for where in result.ambiguous], len(result.ambiguous), limit)
    _found("moved", result.moved, "entities in these that come back on other tokens")
    for kind, meaning in PROBLEM_KINDS.items():
        count = result.log.counts[kind]
        sorts = f": {detail}" if (detail := result.log.detail_of(kind)) else ""
        advice = f"; {ADVICE[kind]}" if kind in ADVICE else ""
        _found(kind, count, f"{meaning}{sorts}{advice}")
        mended = "" if kind in NOTES else " (mended)"
        found = result.log.of(kind)
        _places([f"{at.where}: {at.message}{'' if at.fatal else mended}" for at in found], count, limit)
        if kind == "unknown-label" and count:
            _unknown_labels(card, result.log, limit)
    for where in result.not_restored:
        echo(f"  {where}: the rendered sentence does not parse back: please report this")
    echo()


def _unknown_labels(card: Card, log: ProblemLog, limit: int | None) -> None:
    """Print what to do about the unknown labels: in general, the rows that the card lacks."""
    echo("      " + log.unknown_remedy(card.labels.names, "rows for the card's labels follow"))
    rows = log.rows_to_add(card.labels.names)
    _places([f"  {row}" for row in rows], len(rows), limit)


def _found(name: str, count: int, note: str = "") -> None:
    """Print a line for what was found, nothing for what was not."""
    if count:
        _line(name, count, note)


def _line(name: str, count: int, note: str = "") -> None:
    echo(f"  {name:<20} {count:>9,}  {note}".rstrip())


def _places(lines: list[str], count: int, limit: int | None) -> None:
    listed = lines[:limit]
    for line in listed:
        echo(f"      {line}")
    if len(listed) < count:
        hint = "--limit 0 lists all" if len(lines) == count else f"--limit 0 lists the first {len(lines):,}"
        echo(f"      and {count - len(listed):,} more ({hint})")
