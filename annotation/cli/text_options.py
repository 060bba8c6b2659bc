"""The options that choose the sentences to label."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...data_converters.cards import CARD_FILE, Card, load_card
from ...data_converters.starting.language import language_of
from ...errors import LmnError, listed
from ...sentence import SPACE
from ...systems.choosing import AnswerKind
from ...tagging.splitting import AUTO_LANGUAGE, splitter_for
from ..labelled_corpus import LabelledCorpus, labels_of
from ..texts import FILE_SPLIT, Texts, texts_of_file, texts_of_split
from .corpus_options import source_option

R = TypeVar("R")
_FIRST = 1_000
"""Number of sentences that a language is guessed from."""
_UNFIT = re.compile(r"[^a-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class TextChoice:
    """What is to be labelled, as the command line names it.

    Attributes:
        what: Name or file of a card, or a text file.
        split: Split of the card; None for its only one.
        source: Folder of the corpus files; None for the card's default.
        language: Language of a text file; `auto` for English, or one token a character where the prompt joins tokens without spaces.
        tokens: Whether spaces separate the tokens of a text file, and each line is a sentence.
        labels: Card that says the labels for a text file; None for none.
    """

    what: str
    split: str | None
    source: Path | None
    language: str
    tokens: bool
    labels: str | None

    @property
    def is_file(self) -> bool:
        """Whether it is a text file, and no card."""
        return Path(self.what).is_file() and Path(self.what).suffix.lower() not in (".yaml", ".yml")

    def card(self) -> Card | None:
        """Return the card that says the labels; None for a text file without one.

        Raises:
            LmnError: There is no such card, or an option does not fit.
        """
        if not self.is_file:
            if self.labels:
                raise LmnError("a card says its own labels", f"--labels {self.labels}", "leave --labels out")
            card = load_card(self.what)
            if self.tokens or self.language != AUTO_LANGUAGE:
                given = "--tokens" if self.tokens else f"--language {self.language}"
                raise LmnError("is for a text file, and a card says how its files are read", given, "leave it out")
            return card
        if self.split or self.source:
            raise LmnError("--split and --source are for a card, and this is a file", self.what, "leave them out")
        return load_card(self.labels) if self.labels else None

    def read(self, card: Card | None, kind: AnswerKind | None, name: str, limit: int | None) -> Texts:
        """Read the sentences.

        Args:
            card: Card that says the labels.
            kind: Answers of the system; None if it does not say what they are like.
            name: Name of the labelled corpus.
            limit: Number of sentences, the first ones; None for all.

        Raises:
            LmnError: They cannot be read, or the card has several splits and none is named.
        """
        if self.is_file:
            join = kind.join if kind else SPACE
            splitter = splitter_for(None if self.tokens else self.language, join)
            return texts_of_file(Path(self.what), name, splitter).first(limit)
        assert card is not None  # only a file can be without one
        return texts_of_split(card, self.split_of(card), self.source).first(limit)

    def corpus(self, card: Card | None, kind: AnswerKind | None, name: str, texts: Texts) -> LabelledCorpus:
        """Return what the card of the labelled corpus says. The language of a text file is guessed if it is not named.

        Raises:
            LmnError: Nothing says the labels.
        """
        nested, join = (kind.nested, kind.join) if kind else (bool(card and card.nested), card.join if card else SPACE)
        origin = None if self.is_file else card
        language, why = (origin.language if origin else self.language), ""
        if language == AUTO_LANGUAGE:
            language, why = language_of(sentence.text for sentence in texts.sentences[:_FIRST])
        return LabelledCorpus(name, language, labels_of(kind, card), nested, join, origin, why)

    def split_of(self, card: Card) -> str:
        """Return the split of a card that is labelled.

        Raises:
            LmnError: The card has several, and none is named.
        """
        if self.split is None and len(card.splits) > 1:
            remedy = f"name one with --split: {listed(list(card.splits))}"
            raise LmnError(f"the card has {len(card.splits)} splits", self.what, remedy)
        return self.split or next(iter(card.splits))


def corpus_name(folder: Path) -> str:
    """Return a corpus name made of the name of a folder: small letters, digits, `_` and `-`.

    Raises:
        LmnError: Nothing is left of it.
    """
    name = _UNFIT.sub("-", folder.absolute().name.lower()).strip("-_")
    if not name:
        raise LmnError(
            "no corpus can have its name", folder, f"name a folder with letters, which holds the {CARD_FILE}"
        )
    return name[:100]


def text_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add CARD|FILE and its options, handed over as `chosen_texts` (TextChoice)."""

    @click.argument("what", metavar="CARD|FILE")
    @cloup.option_group(
        "What is labelled",
        cloup.option("--split", help="Split of the card. [default: the only one]"),
        source_option,
        cloup.option(
            "--language",
            default=AUTO_LANGUAGE,
            show_default=True,
            help="Language of a text file, a code of spaCy's: en, de, tr, ...; xx for any.",
        ),
        cloup.option(
            "--tokens", is_flag=True, help="A line of a text file is one sentence; spaces separate its tokens."
        ),
        cloup.option(
            "--labels",
            metavar="CARD",
            help=f"Card that says the labels for a text file, which becomes the split {FILE_SPLIT}.",
        ),
    )
    @wraps(command)
    def wrapped(
        *args: Any, what: str, split: str | None, source: Path | None, language: str, tokens: bool, labels: str | None, **kwargs: Any
    ) -> R:  # fmt: skip
        return command(*args, chosen_texts=TextChoice(what, split, source, language, tokens, labels), **kwargs)

    return wrapped
