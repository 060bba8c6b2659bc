"""The sentences to label: the split of a card, whose gold nobody looks at, or raw texts in a file."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ..data_converters.cards import Card
from ..data_converters.readers.records import read_records
from ..errors import LmnError
from ..eval.evaluate import read_gold
from ..files import unreadable
from ..sentence import Sentence, Where
from ..tagging.splitting import Splitter

JSON_LINES = (".jsonl", ".ndjson")
"""Ends of the names of files that hold a JSON mapping a line; any other file holds a text a line."""
TEXT_KEY, TOKENS_KEY = "text", "tokens"
FILE_SPLIT = "train"
"""Split of a corpus that is made of a file."""


class Origin(NamedTuple):
    """Where a sentence comes from.

    Attributes:
        where: File and line; None if the corpus is not read from lines.
        start: Position of its first character in the text of that line, in code points from 0; None if the line holds tokens.
        end: Position after its last character.
    """

    where: Where | None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """Sentences to label.

    Attributes:
        name: Name for people: a corpus and its split, or a file.
        split: Split that the labelled corpus will have.
        sentences: The sentences, without entities. Document separators are left out.
        origins: Place of each sentence.
        left_out: Number of things that are left out, by kind.
        card: Card of the corpus; None for a file.
    """

    name: str
    split: str
    sentences: tuple[Sentence, ...]
    origins: tuple[Origin, ...]
    left_out: dict[str, int]
    card: Card | None = None

    def first(self, limit: int | None) -> Texts:
        """Return only the first `limit` sentences; None for all."""
        return replace(self, sentences=self.sentences[:limit], origins=self.origins[:limit])

    def sampled(self, number: int | None, seed: int) -> Texts:
        """Return a random sample in the order of the texts, which follows from the seed and the ids alone; None for all.

        Raises:
            LmnError: There are fewer sentences.
        """
        if number is None:
            return self
        if number > len(self.sentences):
            raise LmnError(f"holds {len(self.sentences):,} sentences", self.name, f"--sample {number} is too many")
        order = sorted(range(len(self.sentences)), key=lambda at: drawn(seed, self.sentences[at].id))
        chosen = sorted(order[:number])
        return replace(
            self, sentences=tuple(self.sentences[at] for at in chosen), origins=tuple(self.origins[at] for at in chosen)
        )


def drawn(seed: int, name: str) -> bytes:
    """Return bytes that look random, which follow from a seed and a name alone: their order is a random order of the names."""
    return hashlib.sha256(f"{seed} {name}".encode("utf-8", "surrogatepass")).digest()


def texts_of_split(card: Card, split: str, source: Path | None = None) -> Texts:
    """Read the sentences of a split, and forget their gold.

    Raises:
        LmnError: The split cannot be read, or holds no sentence.
    """
    return texts_of_gold(card, split, read_gold(card, split, source).sentences)


def texts_of_gold(card: Card, split: str, read: Sequence[Sentence]) -> Texts:
    """Return the sentences of a split that was read already, without their gold.

    Raises:
        LmnError: There is no sentence.
    """
    kept = [replace(sentence, spans=()) for sentence in read if not sentence.is_docstart]
    left_out = {"document separators": len(read) - len(kept)} if len(kept) < len(read) else {}
    if not kept:
        raise LmnError("holds no sentence", f"{card.name} {split}", "name another split with --split")
    origins = tuple(Origin(sentence.where) for sentence in kept)
    return Texts(f"{card.name} {split}", split, tuple(kept), origins, left_out, card)


def texts_of_file(path: Path, name: str, splitter: Splitter) -> Texts:
    """Read raw text, one text a line, or JSON Lines with a `text` or with `tokens`, and split the texts into sentences.

    Args:
        path: File in UTF-8. If its name ends in `.jsonl` or `.ndjson`, each line is a JSON mapping.
        name: Name of the corpus, with which the ids of its sentences begin.
        splitter: Splits a text into sentences and tokens.

    Raises:
        LmnError: The file cannot be read, a line is not UTF-8 or has neither text nor tokens, or there is no sentence in the file.
    """
    sentences: list[Sentence] = []
    origins: list[Origin] = []
    empty = 0
    rows = _json_rows(path) if path.suffix.lower() in JSON_LINES else _lines(path)
    for where, text in rows:
        found = list(_sentences(text, splitter))
        empty += not found
        for tokens, start, end in found:
            sentences.append(_sentence(f"{name}/{FILE_SPLIT}/{len(sentences)}", tokens, where))
            origins.append(Origin(where, start, end))
    if not sentences:
        raise LmnError("holds no sentence", path, "name a file with text")
    left_out = {"lines without text": empty} if empty else {}
    return Texts(str(path), FILE_SPLIT, tuple(sentences), tuple(origins), left_out)


def _sentences(text: str | list[str], splitter: Splitter) -> Iterator[tuple[tuple[str, ...], int | None, int | None]]:
    """Yield the tokens of each sentence of a text, with the positions of its first character and after its last."""
    if isinstance(text, list):
        if text:
            yield tuple(text), None, None
        return
    for offsets in splitter(text):
        yield tuple(text[start:end] for start, end in offsets), offsets[0][0], offsets[-1][1]


def _sentence(sentence_id: str, tokens: Sequence[str], where: Where) -> Sentence:
    try:
        return Sentence(sentence_id, tuple(tokens), (), where)
    except ValueError as error:
        raise LmnError(str(error), where, "mend the line") from error


def _lines(path: Path) -> Iterator[tuple[Where, str]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
                where = Where(str(path), number)
                try:
                    yield where, content.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    what = f"not UTF-8 ({error.reason} at byte {error.start + 1})"
                    raise LmnError(what, where, "convert it first: iconv -f LATIN1 -t UTF-8") from error
    except OSError as error:
        raise unreadable(error, path, "name a file with text, or a card") from error


def _json_rows(path: Path) -> Iterator[tuple[Where, str | list[str]]]:
    def malformed(number: int, message: str, remedy: str) -> None:
        raise LmnError(message, Where(str(path), number), remedy)

    for number, row in read_records(path, "utf-8", None, malformed):
        where = Where(str(path), number)
        yield where, _text_of(row, where)


def _text_of(row: Any, where: Where) -> str | list[str]:
    match row:
        case {"tokens": [*tokens]} if all(isinstance(token, str) and token for token in tokens):
            return tokens
        case {"text": str(text)}:
            return text.replace("\r", " ").replace("\n", " ")
    raise LmnError(
        f"neither a {TEXT_KEY} nor a list of {TOKENS_KEY}", where, f'write each line as {{"{TEXT_KEY}": "..."}}'
    )
