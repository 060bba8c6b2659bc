"""The corpus that the options of a command choose, and the problems in its files as lines of text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...cli.options import catch_errors
from ...labels import LabelSet
from ...tags import REPAIRS, Repair
from ...terminal import echo
from ..cards import Card, load_card
from ..label_change import LabelChange
from ..problems import ProblemLog
from .label_options import label_options

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ChosenCorpus:
    """The corpus that the options of a command choose.

    Attributes:
        card: Card, with the labels that the options ask for.
        source: Folder of the corpus files; None for the card's default.
        splits: Splits that the options name, each once; () for all.
        repair: Treatment of tags that their scheme does not allow; None for the card's own.
        change: Change of the card's labels.
    """

    card: Card
    source: Path | None
    splits: tuple[str, ...]
    repair: Repair | None
    change: LabelChange

    @property
    def split_names(self) -> tuple[str, ...]:
        """The splits that the options name, or all of the card."""
        return self.splits or tuple(self.card.splits)

    def with_labels(self, labels: LabelSet) -> ChosenCorpus:
        """Return the same corpus with another label set."""
        return replace(self, card=self.card.with_labels(labels))

    def check_files(self) -> None:
        """Check that every split can be read.

        Raises:
            LmnError: The file of a split is missing.
        """
        for name in self.split_names:
            self.card.data_of(name, self.source)

    def present(self, note: str) -> tuple[list[str], list[str]]:
        """Return the splits whose files are there, and those whose files are missing.

        Args:
            note: Consequence for a split whose file is missing, for the line that names it: `not counted`.

        Raises:
            LmnError: All files are missing, or the file of a split that the options name.
        """
        missing = [] if self.splits else [name for name in self.card.splits if self.card.is_missing(name, self.source)]
        if self.splits or len(missing) == len(self.card.splits):
            self.check_files()
        for name in missing:
            echo(f"{self.card.name} {name}: {self.card.split(name).file} is missing: {note}")
        return [name for name in self.split_names if name not in missing], missing


def corpus_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add CARD and the options that choose a corpus and its labels, handed over as `corpus` (ChosenCorpus)."""

    @click.argument("card")
    @cloup.option_group(
        "Corpus",
        cloup.option(
            "--source",
            type=click.Path(path_type=Path),
            help="Folder of the corpus files. [default: the card's folder, or data/CORPUS]",
        ),
        cloup.option("--split", "splits", multiple=True, help="Split to read; may be repeated. [default: all]"),
        cloup.option(
            "--repair",
            type=click.Choice(REPAIRS),
            help="Treatment of tags that their scheme does not allow. [default: the card's; conlleval if it names none]",
        ),
    )
    @label_options
    @wraps(command)
    def wrapped(
        *args: Any,
        card: str,
        source: Path | None,
        splits: tuple[str, ...],
        repair: Repair | None,
        change: LabelChange,
        **kwargs: Any,
    ) -> R:
        corpus = ChosenCorpus(change.of(load_card(card)), source, tuple(dict.fromkeys(splits)), repair, change)
        return command(*args, corpus=corpus, **kwargs)

    return catch_errors(wrapped)


def print_problems(card: Card, split: str, log: ProblemLog) -> None:
    """Print, on standard error, the number of problems of each kind in a split, and the first places."""
    for line in log.warnings(f"{card.name} {split}"):
        echo(line, err=True)
