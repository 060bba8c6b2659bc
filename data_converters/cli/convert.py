"""The command `lmn-convert`, and its default subcommand, which writes data sets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import cloup

from ...cli.default_group import DefaultCommandGroup
from ...cli.options import catch_errors, typed_again
from ...formats import DEFAULT_FORMAT
from ...formats.instructions import VARIANTS
from ...generation import Generation
from ...labels import LabelSet, describe_origins
from ...launching.lengths import SplitLengths
from ...prompting.spec import PromptSpec
from ...rendering.tables import Table, print_table
from ...sentence import Sentence
from ...terminal import echo
from ...training.dataset_info import Augmented, read_dataset_info
from ...training.recipe import Recipe
from ..alpaca import WrittenSplit, merge_dataset_info, prompt_spec_of, write_split
from ..cards import DATA
from ..corpus import read_corpus
from ..mixing.augment import Augmentation, augmented
from ..problems import ProblemLog
from ..written_mix import unchanged_mix
from .cards import cards
from .check import check
from .corpus_options import ChosenCorpus, corpus_options, print_problems
from .cutoff_options import CUTOFF_PARAMETERS, cutoff_of, cutoff_options, print_cut
from .init import init
from .label_options import labels_mark
from .mix import mix
from .stats import stats


@click.group(cls=DefaultCommandGroup, default="convert", default_if_no_args=False)
@click.version_option(package_name="llms-meet-ner")
def main() -> None:
    """Turn a corpus into instruction data for LLaMA-Factory.

    CARD is the name of a card that comes with the package, or the path of a card of your own.

    \b
    lmn-convert conll2003 --source DIR        write data/alpaca/conll2003_{train,testa,testb}.json
    lmn-convert my_corpus.yaml                write the data sets of a corpus with a card of your own
    lmn-convert init export.jsonl --recipe    write a card, and a recipe, for files that have none
    lmn-convert check wikigold --source DIR   report what is in the files, and write nothing
    lmn-convert mix mix.yaml                  join corpora to one, with a test set
    lmn-convert stats wikigold --source DIR   describe the corpus and list annotations worth a look
    lmn-convert cards                         list the cards that come with the package
    """  # noqa: D301


for subcommand in (cards, check, init, mix, stats):
    main.add_command(subcommand)

_prompt_options = cloup.option_group(
    "Prompt",
    cloup.option("--format", "format_name", default=DEFAULT_FORMAT, show_default=True, help="Output format."),
    cloup.option("--variant", help=f"Wording of the instruction: {', '.join(VARIANTS)}. [default: the card's]"),
    cloup.option(
        "--instruction-as",
        type=click.Choice(["user", "system"]),
        default="user",
        show_default=True,
        help="Whether the instruction is in the user's turn or the system message.",
    ),
)
_augment_options = cloup.option_group(
    "Added sentences",
    cloup.option(
        "--augment", "share", type=float, metavar="SHARE", help="Add sentences with replaced mentions; 0.5: half as many."
    ),
    cloup.option("--seed", type=click.IntRange(min=0), help="Seed of --augment's draws. [default: 0]"),
    cloup.option(
        "--augment-split", metavar="SPLIT", help="Split to which --augment adds. [default: train, or the first split]"
    ),
)  # fmt: skip
_output_options = cloup.option_group(
    "Output",
    cloup.option(
        "--as",
        "as_name",
        metavar="NAME",
        help="Name for the changed labels in data set names. [default: made from the change]",
    ),
    cloup.option(
        "--out", type=click.Path(path_type=Path), default=DATA / "alpaca", show_default=True, help="Folder to write to."
    ),
)  # fmt: skip


@main.command()
@corpus_options
@_prompt_options
@_augment_options
@cutoff_options
@_output_options
@catch_errors
def convert(
    corpus: ChosenCorpus, format_name: str, variant: str | None, instruction_as: Any, share: float | None, seed: int | None,
    augment_split: str | None, as_name: str | None, out: Path, recipe: Recipe | None,
) -> None:  # fmt: skip
    """Write the data sets of CARD and their dataset_info.json (the default subcommand).

    \b
    lmn-convert multinerd --keep PER,ORG,LOC,DIS,ANIM --as b   multinerd.b_train, ...: five labels of fifteen
    lmn-convert conll2003 --variant letters                    the labels are called A, B, C and D
    lmn-convert wnut17 --augment 0.5                           wnut17.aug50_train, and the other splits as they are
    lmn-convert conll2003 --recipe recipes/qwen25_conll.yaml   also count the examples that its cutoff_len would cut
    """  # noqa: D301
    mark = labels_mark(as_name, corpus.change)
    spec = prompt_spec_of(corpus.card, format_name, variant, instruction_as)
    corpus = corpus.with_labels(spec.labels)
    augmentation = Augmentation.of(corpus.card, corpus.split_names, share, seed, augment_split)
    cutoff = cutoff_of(recipe, spec)
    counted = {name: SplitLengths(cutoff) for name in corpus.split_names} if cutoff else {}
    corpus.check_files()  # a missing file is an error before anything is written,
    read_dataset_info(out)  # and so is a damaged dataset_info.json
    with Generation() as files:
        with unchanged_mix(corpus.source or corpus.card.default_source):
            written = {
                name: _write(corpus, name, spec, out, mark, augmentation, files, counted.get(name))
                for name in corpus.split_names
            }
        info = merge_dataset_info(
            corpus.card, written, spec, out, files, source=corpus.source, repair=corpus.repair,
            command=typed_again("lmn-convert", without=CUTOFF_PARAMETERS),
        )  # fmt: skip
    _print_written(written)
    _print_changes(spec.labels, written)
    echo(f"{len(written)} data sets in {info}")
    if cutoff:
        print_cut(cutoff, counted.items())


def _write(
    corpus: ChosenCorpus, split: str, spec: PromptSpec, out: Path, mark: str, augmentation: Augmentation | None, files: Generation,
    lengths: SplitLengths | None,
) -> WrittenSplit:  # fmt: skip
    """Write a split, with added sentences if it is the one to augment, and print the problems in its file."""
    log = ProblemLog()
    sentences: Iterable[Sentence] = read_corpus(
        corpus.card, split, corpus.source, repair=corpus.repair, log=log, progress=True
    )
    added: Augmented | None = None
    if augmentation and augmentation.split == split:
        sentences, added = augmented(sentences, augmentation)
    written = write_split(
        corpus.card, split, sentences, spec, out, files, labels_mark=mark, augmented=added, lengths=lengths
    )
    print_problems(corpus.card, split, log)
    return written


def _print_changes(labels: LabelSet, written: dict[str, WrittenSplit]) -> None:
    """Print how the data sets differ from the corpus: changed labels, added sentences."""
    if labels.is_changed:
        echo(f"labels: {describe_origins(dict(labels.origins))}")
    for split, data in written.items():
        if added := data.augmented:
            echo(
                f"{split}: {added.sentences:,} of the {data.sentences:,} sentences are copies with replaced mentions "
                f"(share {added.share:g}, seed {added.seed})"
            )


def _print_written(written: dict[str, WrittenSplit]) -> None:
    rows = [
        (data.dataset, f"{data.sentences:,}", f"{data.tokens:,}", f"{data.entities.total():,}", str(data.file))
        for data in written.values()
    ]
    print_table(Table(("data set", "sentences", "tokens", "entities", "file"), rows, numbers=False))
