"""A small corpus of made-up harbour messages, for the tests of `lmn-convert stats`."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from click.testing import CliRunner, Result

from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.cards import Card, SplitFile
from llms_meet_ner.data_converters.cli.convert import main
from llms_meet_ner.data_converters.stats import CorpusStats, corpus_stats

CARD = """\
name: harbour
title: Harbour <b>messages</b>
language: en
licence: CC0
citation: "&amp; who"
splits: {train: train.conll, test: test.conll}
reader: {type: columns, scheme: IOB2, separator: tab, token: 0, tag: 1}
docstart: sentence
labels: [{name: SHIP}, {name: PORT}]
"""

Annotated = list[tuple[str, str]]
"""A sentence: tokens with their IOB2 tags."""


def sentence(text: str) -> Annotated:
    """Read `the/O Hague/B-PORT`."""
    return [(token.rpartition("/")[0], token.rpartition("/")[2]) for token in text.split()]


def write(folder: Path, splits: dict[str, list[Annotated]], card: str = CARD) -> Card:
    """Write a corpus of files by split, and return its card."""
    for split, sentences in splits.items():
        blocks = ("\n".join(f"{token}\t{tag}" for token, tag in tokens) + "\n" for tokens in sentences)
        (folder / f"{split}.conll").write_text("\n".join(blocks), encoding="utf-8")
    (folder / "card.yaml").write_text(card, encoding="utf-8")
    return replace(card_of(card), splits={split: SplitFile(f"{split}.conll") for split in splits})


@cache
def card_of(text: str) -> Card:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.yaml"
        path.write_text(text, encoding="utf-8")
        return load_card(path)


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["stats", *map(str, arguments)])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def counted(corpus: dict[str, list[Annotated]]) -> CorpusStats:
    with tempfile.TemporaryDirectory() as folder:
        return corpus_stats(write(Path(folder), corpus), source=Path(folder))


SMALL = {
    "train": [sentence("Anna/B-SHIP left/O Vaasa/B-PORT"), sentence("no/O news/O"), sentence("Vaasa/O")],
    "test": [sentence("Vaasa/B-SHIP"), sentence("Vaasa/B-PORT"), sentence("no/O news/O")],
}
