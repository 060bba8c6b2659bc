"""The command `lmn-convert`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click_default_group import DefaultGroup
from rich.table import Table

from ...cli.options import catch_errors, print_table
from ...formats import DEFAULT_FORMAT
from ...formats.instructions import VARIANTS
from ...labels import LabelSet, describe_origins
from ...sentence import Sentence
from ...training.dataset_info import Augmented, read_dataset_info
from ..alpaca import WrittenSplit, merge_dataset_info, prompt_spec_of, write_split
from ..card_table import card_rows, markdown_table, terminal_table
from ..cards import Card, load_card
from ..check import SplitCheck, check_split
from ..corpus import read_corpus
from ..label_change import LabelChange
from ..mixing.augment import Augmentation, augmented
from ..mixing.join import WrittenMix, write_mix
from ..mixing.mix import load_mix
from ..problems import NOTES, PROBLEM_KINDS, ProblemLog
from .corpus_options import corpus_options
from .label_options import label_options, labels_mark
from .stats import stats

_format_option = click.option(
    "--format", "format_name", default=DEFAULT_FORMAT, show_default=True, help="Output format."
)


@click.group(cls=DefaultGroup, default="convert", default_if_no_args=False)
@click.version_option(package_name="llms-meet-ner")
def main() -> None:
    """Turn a corpus into instruction data for LLaMA-Factory.

    \b
    lmn-convert conll2003 --source DIR      writes data/alpaca/conll2003_{train,testa,testb}.json
    lmn-convert my_corpus.yaml              the same for a corpus with a card of your own
    lmn-convert check wikigold --source DIR reports what is in the files, and writes nothing
    lmn-convert mix mix.yaml                joins corpora to one, with a test set
    lmn-convert stats wikigold --source DIR tells what the corpus is like, and what in it is worth a look
    lmn-convert cards                       lists the cards that come with the package
    """  # noqa: D301


main.add_command(stats)


@main.command()  # type: ignore[untyped-decorator]
@corpus_options
@label_options
@click.option(
    "--as",
    "as_name",
    metavar="NAME",
    help="Stands for the changed labels in data set names. [default: says the change]",
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("data/alpaca"), show_default=True, help="Folder to write to."
)
@_format_option
@click.option("--variant", help=f"Wording of the instruction: {', '.join(VARIANTS)}. [default: as the card says]")
@click.option(
    "--instruction-as",
    type=click.Choice(["user", "system"]),
    default="user",
    show_default=True,
    help="Where the instruction stands.",
)
@click.option(
    "--augment", "share", type=float, metavar="SHARE", help="Add sentences with replaced mentions; 0.5: half as many."
)
@click.option("--seed", type=click.IntRange(min=0), help="Of --augment's draws. [default: 0]")
@click.option(
    "--augment-split", metavar="SPLIT", help="Where --augment adds them. [default: train, or the first split]"
)
@catch_errors
def convert(
    card: str, source: Path | None, splits: tuple[str, ...], repair: Any, change: LabelChange, as_name: str | None, out: Path,
    format_name: str, variant: str | None, instruction_as: Any, share: float | None, seed: int | None, augment_split: str | None,
) -> None:  # fmt: skip
    """Write Alpaca records and dataset_info.json for CARD, a card's name or file (the default subcommand).

    \b
    lmn-convert multinerd --keep PER,ORG,LOC,DIS,ANIM --as b   multinerd.b_train, ...: five labels of fifteen
    lmn-convert conll2003 --variant letters                    the labels are called A, B, C and D
    lmn-convert wnut17 --augment 0.5                           wnut17.aug50_train, and the other splits as they are
    """  # noqa: D301
    corpus = change.of(load_card(card))
    mark = labels_mark(as_name, change)
    spec = prompt_spec_of(corpus, format_name, variant, instruction_as)
    corpus = corpus.with_labels(spec.labels)
    names = splits or tuple(corpus.splits)
    augmentation = Augmentation.of(corpus, names, share, seed, augment_split)
    for name in names:
        corpus.data_of(name, source)  # a missing file is an error before anything is written,
    read_dataset_info(out)  # and so is a damaged dataset_info.json
    written: dict[str, WrittenSplit] = {}
    for name in names:
        log = ProblemLog()
        sentences: Iterable[Sentence] = read_corpus(corpus, name, source, repair=repair, log=log, progress=True)
        added: Augmented | None = None
        if augmentation and augmentation.split == name:
            sentences, added = augmented(sentences, augmentation)
        written[name] = write_split(corpus, name, sentences, spec, out, labels_mark=mark, augmented=added)
        for kind, count in sorted(log.counts.items()):
            click.echo(
                f"{corpus.name} {name}: {count} x {PROBLEM_KINDS[kind]} (first at {log.of(kind)[0].where})", err=True
            )
    info = merge_dataset_info(corpus, written, spec, out, source)
    _print_converted(written)
    _print_changes(spec.labels, written)
    click.echo(f"{len(written)} data sets in {info}")


def _print_changes(labels: LabelSet, written: dict[str, WrittenSplit]) -> None:
    """Print what makes the data sets another thing than the corpus: labels, added sentences."""
    if labels.is_changed:
        click.echo(f"labels: {describe_origins(dict(labels.origins))}")
    for split, converted in written.items():
        if added := converted.augmented:
            click.echo(
                f"{split}: {added.sentences:,} of the {converted.sentences:,} sentences are added ones with replaced mentions "
                f"(share {added.share:g}, seed {added.seed})"
            )


def _print_converted(written: dict[str, WrittenSplit]) -> None:
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
@click.argument("mix_file", metavar="MIX")
@click.option(
    "--sources",
    type=click.Path(path_type=Path),
    help="Folder that holds a folder for each corpus, named as its card. [default: data]",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write to. [default: data/mixes/NAME]")
@click.option("--skip-missing", is_flag=True, help="Go without splits whose files are not there, and name them.")
@catch_errors
def mix(mix_file: str, sources: Path | None, out: Path | None, skip_missing: bool) -> None:
    """Join corpora as MIX says, a mix's name or file, and write a corpus with a card, a held-out test set and mix.json.

    \b
    lmn-convert mix turkish          writes data/mixes/turkish from the corpora under data
    lmn-convert data/mixes/turkish   turns that into data sets, as any corpus
    """  # noqa: D301
    described = load_mix(mix_file)
    mixed = write_mix(described, out or Path("data/mixes") / described.name, below=sources, skip_missing=skip_missing)
    for message in mixed.missing:
        click.echo(f"left out: {message}", err=True)
    print_table(_mix_table(mixed))
    for source in mixed.sources:
        for note in source.notes():
            click.echo(f"{source.corpus}: {note}")
    click.echo(
        f"{' / '.join(f'{size:,} {name}' for name, size in mixed.splits.items())} sentences in {mixed.folder}, none in two splits"
    )


def _mix_table(mixed: WrittenMix) -> Table:
    table = Table(
        "corpus", "read", "repeated", "in earlier", "over limit", *mixed.splits, "entities", box=None, pad_edge=False
    )
    for source in mixed.sources:
        numbers = [source.read, source.repeated, source.in_earlier, source.over_limit, *source.splits.values()]
        table.add_row(source.corpus, *(f"{number:,}" for number in (*numbers, sum(source.entities.values()))))
    return table


@main.command()  # type: ignore[untyped-decorator]
@corpus_options
@_format_option
@label_options
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Places listed for each kind of finding; 0 lists all.",
)
@catch_errors
def check(
    card: str,
    source: Path | None,
    splits: tuple[str, ...],
    repair: Any,
    format_name: str,
    change: LabelChange,
    limit: int,
) -> None:
    """Report what is in the files of CARD, and what is wrong there with file and line; write nothing.

    Every sentence is written in the output format and read back: what the format cannot hold is counted.

    Exits with 1 if anything is found that converting would refuse.
    """
    corpus = change.of(load_card(card))
    if corpus.labels.is_changed:
        click.echo(f"{corpus.name}: labels {describe_origins(dict(corpus.labels.origins))}\n")
    checked = fatal = 0
    for name in splits or tuple(corpus.splits):
        if not splits and corpus.is_missing(name, source):
            click.echo(f"{corpus.name} {name}: {corpus.split(name).file} is not there: not checked\n")
            continue
        result = check_split(corpus, name, source, format_name=format_name, repair=repair, progress=True)
        _print_check(corpus, result, format_name, limit or None)
        checked += 1
        fatal += result.log.fatal + len(result.not_restored)
    if not checked:
        corpus.data_of(next(iter(corpus.splits)), source)  # raises: says what is missing, and the remedy
    if fatal:
        click.echo(f"Error: {fatal} findings that lmn-convert refuses, see above", err=True)
        raise SystemExit(1)


def _print_check(card: Card, result: SplitCheck, format_name: str, limit: int | None) -> None:
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
    _line("moved", result.moved, "entities of theirs that come back at another place")
    for kind, meaning in PROBLEM_KINDS.items():
        if kind == "bracket-token" and format_name != DEFAULT_FORMAT:
            continue  # no markup in the others
        count = result.log.counts[kind]
        _line(kind, count, meaning if count else "")
        mended = "" if kind in NOTES else " (mended)"
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
@click.option("--markdown", is_flag=True, help="The longer table of the README, in Markdown.")
@catch_errors
def cards(markdown: bool) -> None:
    """List the corpus cards that come with the package."""
    rows = card_rows()
    if markdown:
        click.echo(markdown_table(rows))
    else:
        print_table(terminal_table(rows))
