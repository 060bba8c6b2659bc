"""The examples of a student's training and the sentences of its evaluation, from converted data sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..labels import same_labels
from ..sentence import Sentence, without_nested
from ..training.dataset_info import DATASET_INFO, DatasetEntry, load_entry, read_annotated
from .subwords import ReadingNotes, ReadSentence, Subwords
from .viterbi import tag_numbers

NO_LABEL = -100
"""Label of a subword that is not learned from, as torch's cross entropy takes it."""
_AT_ONCE = 1000
"""Sentences that are tokenised together."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Sentences of data sets, without document separators and with the outer entities alone.

    Attributes:
        sentences: The sentences.
        separators: Number of document separators that are left out.
        inner: Number of entities inside others that are left out.
    """

    sentences: tuple[Sentence, ...]
    separators: int
    inner: int

    def lines(self, what: str) -> list[str]:
        """Return lines for people about what was left out."""
        found = []
        if self.separators:
            found.append(f"{what}: document separators, left out: {self.separators:,}")
        if self.inner:
            found.append(
                f"{what}: entities inside others, left out since a student learns the outer ones: {self.inner:,}"
            )
        return found


def entries_of(folder: Path, names: Sequence[str]) -> list[DatasetEntry]:
    """Return the entries of data sets that a student learns together.

    Raises:
        LmnError: A data set was not converted, or one has other labels than the first.
    """
    entries = [load_entry(folder, name) for name in names]
    for entry in entries[1:]:
        if not same_labels(entry.spec.labels, entries[0].spec.labels):
            raise LmnError(
                f"{entry.name} has the labels {', '.join(entry.label_names)}, and {entries[0].name} "
                f"{', '.join(entries[0].label_names)}",
                folder / DATASET_INFO, "convert them with the same labels",
            )  # fmt: skip
    return entries


def load_sentences(folder: Path, entries: Iterable[DatasetEntry]) -> Loaded:
    """Return the annotated sentences of data sets.

    Raises:
        LmnError: Their data are missing or damaged.
    """
    return learnable(sentence for entry in entries for sentence in read_annotated(folder, entry))


def learnable(given: Iterable[Sentence]) -> Loaded:
    """Return sentences as a student learns them: without document separators and with the outer entities alone."""
    sentences: list[Sentence] = []
    separators = inner = 0
    for sentence in given:
        if sentence.is_docstart:
            separators += 1
            continue
        outer = without_nested(sentence.spans)
        inner += len(sentence.spans) - len(outer)
        sentences.append(replace(sentence, spans=outer) if len(outer) < len(sentence.spans) else sentence)
    return Loaded(tuple(sentences), separators, inner)


def read_all(subwords: Subwords, sentences: Sequence[Sentence], notes: ReadingNotes) -> list[ReadSentence]:
    """Return sentences as the encoder reads them; `notes` takes what is not read as it stands.

    A sentence of raw text, which has no id, is named by its beginning.
    """
    found: list[ReadSentence] = []
    for start in range(0, len(sentences), _AT_ONCE):
        part = [
            (sentence.id or repr(sentence.text[:40]), sentence.tokens)
            for sentence in sentences[start : start + _AT_ONCE]
        ]
        found += subwords.read(part, notes)
    return found


def gold_tags(sentence: Sentence, read: ReadSentence, labels: Sequence[str]) -> list[int]:
    """Return the tag numbers of the tokens of a sentence that have subwords: an entity begins with its first such token."""
    places = {word: at for at, word in enumerate(read.words)}
    spans = []
    for span in sentence.spans:
        inside = [places[word] for word in range(span.start, span.end) if word in places]
        if inside:
            spans.append(replace(span, start=inside[0], end=inside[-1] + 1))
    return tag_numbers(spans, len(read.words), labels)


def lost_entities(sentence: Sentence, read: ReadSentence) -> int:
    """Return the number of entities of a sentence of which no token has a subword."""
    if len(read.words) == len(sentence.tokens):
        return 0
    words = set(read.words)
    return sum(words.isdisjoint(range(span.start, span.end)) for span in sentence.spans)


def examples_of(sentence: Sentence, read: ReadSentence, labels: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield one example for each window of a sentence: the first subword of a token that the window answers has the token's tag."""
    tags = iter(gold_tags(sentence, read, labels))
    for window in read.windows:
        marked = [NO_LABEL] * len(window.ids)
        for first in window.firsts:
            marked[first] = next(tags)
        yield {"input_ids": list(window.ids), "attention_mask": [1] * len(window.ids), "labels": marked}
