"""The command `lmn-convert mix`."""

from __future__ import annotations

from pathlib import Path

import click
import cloup

from ...cli.options import catch_errors, typed_again
from ...rendering.tables import Table, print_table
from ...terminal import echo
from ..mixing.join import MIXES, WrittenMix, write_mix
from ..mixing.mix import load_mix


@cloup.command()
@click.argument("mix_file", metavar="MIX")
@click.option(
    "--sources",
    type=click.Path(path_type=Path),
    help="Folder that holds a folder for each corpus, named like its card. [default: data]",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write to. [default: data/mixes/NAME]")
@click.option("--skip-missing", is_flag=True, help="Leave out splits whose files are missing, and name them.")
@catch_errors
def mix(mix_file: str, sources: Path | None, out: Path | None, skip_missing: bool) -> None:
    """Join the corpora of MIX to one, with a card, a held-out test set and mix.json.

    MIX is the name of a mix that comes with the package, or the path of a mix of your own.

    \b
    lmn-convert mix turkish          write data/mixes/turkish from the corpora under data
    lmn-convert data/mixes/turkish   write its data sets, as of any corpus
    """  # noqa: D301
    described = load_mix(mix_file)
    written = write_mix(
        described, out or MIXES / described.name, below=sources, skip_missing=skip_missing, command=typed_again("lmn-convert mix"),
    )  # fmt: skip
    for error in written.missing:
        echo(f"left out: {error}", err=True)
    print_table(_table(written))
    for source in written.sources:
        for note in source.notes():
            echo(f"{source.corpus}: {note}")
    for card in {source.card.name: source.card for source in described.sources}.values():
        if unsaid := [key for key in ("licence", "citation") if key in card.unsaid]:
            echo(
                f"{card.name}: its card gives no {' and no '.join(unsaid)}, so that of the mix gives none either",
                err=True,
            )
    sizes = " / ".join(f"{size:,} {name}" for name, size in written.splits.items())
    echo(f"{sizes} sentences in {written.folder}, none in two splits")


def _table(written: WrittenMix) -> Table:
    rows: list[tuple[str, ...]] = []
    for source in written.sources:
        numbers = [source.read, source.repeated, source.in_earlier, source.over_limit, *source.splits.values()]
        rows.append((source.corpus, *(f"{number:,}" for number in (*numbers, sum(source.entities.values())))))
    header = ("corpus", "read", "repeated", "in earlier", "over limit", *written.splits, "entities")
    return Table(header, rows, numbers=False)
