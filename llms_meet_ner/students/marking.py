"""Entities by a student: the distributions over tags that an encoder gives, and the best entities under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..records import Uncertainty
from ..sentence import Span
from .onnx_model import OnnxModel
from .subwords import ReadSentence, ReadWindow
from .viterbi import Floats, Lattice, Whole


class Marks(NamedTuple):
    """Entities of a sentence.

    Attributes:
        spans: The entities of the best sequence of tags that BIO allows.
        confidences: For each, the probability that exactly this entity stands there, over all such sequences.
        uncertainty: Entropy of the tags of its tokens over all such sequences, and the probability of the best one.
    """

    spans: tuple[Span, ...]
    confidences: tuple[float, ...]
    uncertainty: Uncertainty


def tag_scores(model: Any, reads: Sequence[ReadSentence], padding: int, batch_size: int) -> list[Floats]:
    """Return the logarithms of the probabilities of the tags of the tokens that have subwords, for each sentence (tokens, tags).

    Windows of like length are read together, each answers its own tokens.

    Args:
        model: Encoder with its head, in evaluation mode; or an exported one.
        reads: Sentences as the encoder reads them.
        padding: Token id that fills a row.
        batch_size: Number of windows that are read together.
    """
    windows = [(number, window) for number, read in enumerate(reads) for window in read.windows]
    order = sorted(range(len(windows)), key=lambda item: (-len(windows[item][1].ids), item))
    found: dict[int, Floats] = {}
    for start in range(0, len(order), batch_size):
        items = order[start : start + batch_size]
        found |= zip(items, _window_scores(model, [windows[item][1] for item in items], padding), strict=True)
    parts: list[list[Floats]] = [[] for _ in reads]
    for item, (number, _) in enumerate(windows):
        parts[number].append(found[item])
    return [np.concatenate(rows) if rows else np.zeros((0, model.config.num_labels)) for rows in parts]


def _window_scores(model: Any, windows: Sequence[ReadWindow], padding: int) -> list[Floats]:
    """Read windows together, and return the scores of the tokens that each answers."""
    longest = max(len(window.ids) for window in windows)
    ids = np.full((len(windows), longest), padding, dtype=np.int64)
    mask = np.zeros((len(windows), longest), dtype=np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = window.ids
        mask[row, : len(window.ids)] = 1
    rows = [row for row, window in enumerate(windows) for _ in window.firsts]
    firsts = [first for window in windows for first in window.firsts]
    cuts = np.cumsum([len(window.firsts) for window in windows])[:-1]
    return np.split(_scores(model, ids, mask, rows, firsts), cuts)


def _scores(model: Any, ids: Whole, mask: Whole, rows: list[int], firsts: list[int]) -> Floats:
    """Return the scores of subwords (subwords, tags), given the rows and the places in them where they stand."""
    if isinstance(model, OnnxModel):
        logits = model.logits(ids, mask)[rows, firsts].astype(np.float64)
        scores: Floats = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
        return scores
    import torch

    with torch.inference_mode():
        given = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        found = model(**{name: tensor.to(model.device) for name, tensor in given.items()}).logits
        scores = found[rows, firsts].float().log_softmax(-1).cpu().numpy().astype(np.float64)
    return scores


class Best(NamedTuple):
    """The best sequence of tags of a sentence.

    Attributes:
        tags: Tag numbers of the tokens that have subwords.
        spans: Its entities, by positions of the sentence's tokens.
    """

    tags: list[int]
    spans: tuple[Span, ...]


def best_of(reads: Sequence[ReadSentence], scores: Sequence[Floats], labels: Sequence[str]) -> list[Best]:
    """Return the best sequence of tags of each sentence, as `marks_of` takes it, without confidences."""
    found = [Best([], ())] * len(reads)
    for read in alike([len(row) for row in scores]):
        best = Lattice.of([scores[number] for number in read]).best()
        for at, number in enumerate(read):
            tags: list[int] = best.tags[at, : len(scores[number])].tolist()
            found[number] = Best(tags, _placed(best.spans(at, labels), reads[number]))
    return found


def alike(lengths: Sequence[int]) -> list[list[int]]:
    """Put sentences of like length together, so that at least half of the cells of a group's lattice hold a token.

    Args:
        lengths: Number of tokens of each sentence.

    Returns:
        For each group, the positions of its sentences; one without a token is in no group.
    """
    order = sorted((number for number, length in enumerate(lengths) if length), key=lambda number: -lengths[number])
    groups: list[list[int]] = []
    tokens = 0
    for number in order:
        if groups and 2 * (tokens + lengths[number]) >= (len(groups[-1]) + 1) * lengths[groups[-1][0]]:
            groups[-1].append(number)
            tokens += lengths[number]
        else:
            groups.append([number])
            tokens = lengths[number]
    return groups


def _placed(spans: Sequence[Span], read: ReadSentence) -> tuple[Span, ...]:
    """Return spans on the tokens of a sentence, given those on its tokens that have subwords."""
    words = read.words
    return tuple(Span(words[span.start], words[span.end - 1] + 1, span.label) for span in spans)


def marks_of(reads: Sequence[ReadSentence], scores: Sequence[Floats], labels: Sequence[str]) -> list[Marks]:
    """Return the entities of sentences.

    Args:
        reads: Sentences as the encoder reads them.
        scores: What `tag_scores` returns for them.
        labels: Labels in the order of the tags.
    """
    marks = [Marks((), (), Uncertainty(0.0, 0.0, 0.0, 0))] * len(reads)
    numbers = {label: number for number, label in enumerate(labels)}
    for read in alike([len(row) for row in scores]):
        lattice = Lattice.of([scores[number] for number in read])
        best, entropies = lattice.best(), lattice.entropies()
        logs = lattice.log_probabilities(best)
        for at, number in enumerate(read):
            spans = best.spans(at, labels)
            confidences = tuple(lattice.probability(at, span, numbers[span.label]) for span in spans)
            unsure = entropies[at, : len(scores[number])]
            uncertainty = Uncertainty(float(unsure.mean()), float(unsure.max()), float(logs[at]), len(unsure))
            marks[number] = Marks(_placed(spans, reads[number]), confidences, uncertainty)
    return marks


def mark(
    model: Any, reads: Sequence[ReadSentence], padding: int, labels: Sequence[str], batch_size: int
) -> list[Marks]:  # fmt: skip
    """Return the entities of sentences; arguments are those of `tag_scores` and `marks_of`."""
    return marks_of(reads, tag_scores(model, reads, padding, batch_size), labels)
