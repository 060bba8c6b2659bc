"""A small corpus of made-up harbour messages, for the tests of `lmn-convert stats`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from hypothesis import strategies as st

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

TOKENS = st.sampled_from(["a", "A", "b", "the", "The", ".", "("])


@st.composite
def annotated(draw: Any) -> Annotated:
    """Draw a sentence with entities."""
    tokens = draw(st.lists(TOKENS, min_size=1, max_size=7))
    tags: list[str] = []
    while len(tags) < len(tokens):
        length = draw(st.integers(1, len(tokens) - len(tags)))
        label = draw(st.sampled_from(["O", "SHIP", "PORT"]))
        tags += ["O"] * length if label == "O" else ["B-" + label] + ["I-" + label] * (length - 1)
    return list(zip(tokens, tags))


CORPORA = st.dictionaries(
    st.sampled_from(["train", "dev", "test"]), st.lists(annotated(), min_size=1, max_size=8), min_size=1
)
"""Corpora of a few sentences by split."""


def spans_of(tokens: Annotated) -> list[tuple[int, int, str]]:
    """Return the entities of a sentence: start, end, label."""
    starts = [number for number, (_, tag) in enumerate(tokens) if tag[0] == "B"]
    return [
        (
            start,
            next((n for n in range(start + 1, len(tokens)) if tokens[n][1][0] != "I"), len(tokens)),
            tokens[start][1][2:],
        )
        for start in starts
    ]


def entities_of(corpus: dict[str, list[Annotated]]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield the entities of a corpus: split, words, label."""
    for split, sentences in corpus.items():
        for tokens in sentences:
            for start, end, label in spans_of(tokens):
                yield split, tuple(token for token, _ in tokens[start:end]), label
