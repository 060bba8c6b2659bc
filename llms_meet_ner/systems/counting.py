"""Baselines that count in a training split and need no model: they show what a score is worth."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..alignment import EXACT, Alignment
from ..decoding.batches import Batch
from ..decoding.guesser import capitalised_runs, longest_matches
from ..errors import LmnError
from ..records import Answer, spans_to_json
from ..sentence import Sentence, Span, without_nested
from ..tags import decode, encode
from .finding import OUTPUTS
from .prompted import changed
from .system import Facts, Job, stamp_sha256

LONGEST = 40
"""Number of tokens of the longest mention that the gazetteer knows: it looks for all lengths at every token."""
_BATCH = 1000
"""Sentences between two steps of a progress bar."""
Marker = Callable[[tuple[str, ...]], tuple[Span, ...]]
"""Returns the spans that a baseline marks in the tokens of a sentence."""


def gazetteer(train: Sequence[Sentence]) -> Marker:
    """Mark every mention of the training data wherever it occurs, the longest first, with its most frequent label.

    Mentions of more than `LONGEST` tokens are left out.
    """
    seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for sentence in train:
        for span in sentence.spans:
            if span.end - span.start <= LONGEST:
                seen[sentence.tokens[span.start : span.end]][span.label] += 1
    longest = max(map(len, seen), default=0)
    label_of = {mention: labels.most_common(1)[0][0] for mention, labels in seen.items()}.get
    return lambda tokens: tuple(longest_matches(tokens, longest, label_of))


def capitalised(train: Sequence[Sentence]) -> Marker:
    """Mark every longest run of capitalised tokens, with the training data's most frequent label.

    A single capitalised token at the start of a sentence is left out: most are ordinary words.
    """
    labels = Counter(span.label for sentence in train for span in sentence.spans)
    if not labels:
        return lambda tokens: ()
    label = labels.most_common(1)[0][0]
    return lambda tokens: tuple(Span(start, end, label) for start, end in capitalised_runs(tokens))


def majority(train: Sequence[Sentence]) -> Marker:
    """Give each token the IOB2 tag that it has most often in the training data, and read the tags as conlleval does.

    Ties go to the tag that was seen first. A token that was not seen gets O. Only the outermost of nested entities count.
    """
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in train:
        tags = encode(without_nested(sentence.spans), len(sentence.tokens))
        for token, tag in zip(sentence.tokens, tags, strict=True):
            seen[token][tag] += 1
    usual = {token: tags.most_common(1)[0][0] for token, tags in seen.items()}
    return lambda tokens: tuple(decode([usual.get(token, "O") for token in tokens], "IOB2", "conlleval")[0])


BASELINES: dict[str, Callable[[Sequence[Sentence]], Marker]] = {
    "gazetteer": gazetteer,
    "capitalised": capitalised,
    "majority": majority,
}
"""Each counts in training sentences, by its name."""


class CountingBaseline:
    """A baseline as a system: a training split in, spans out.

    Args:
        name: One of `BASELINES`.
        train: Sentences to count in.
        split: Name of their split.

    Raises:
        LmnError: There is no such baseline.
    """

    facts = Facts()
    gives_confidences = False

    def __init__(self, name: str, train: Sequence[Sentence], split: str = "train") -> None:
        if name not in BASELINES:
            raise LmnError(f"no baseline is called {name!r}; there are: {', '.join(BASELINES)}")
        self.name = name
        self.results_folder = Path(OUTPUTS) / name
        self.run_name = f"counted-in-{split}"
        self._train = train
        self._split = split

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return the baseline's name, and the data that it counted in, for JSON."""
        return {"baseline": self.name, "train_split": self._split, "train_sha256": self._train_sha256}

    @property
    def sha256(self) -> str:
        """Hash of the stamp."""
        return stamp_sha256(self.stamp())

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this baseline."""
        return changed(self.stamp(), stamp)

    def answer(self, sentences: Sequence[Sentence]) -> list[Answer]:
        """Return the spans that the baseline marks in each sentence."""
        return [Answer(spans=self._mark(sentence.tokens)) for sentence in sentences]

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job that marks these sentences in their order."""
        items = range(len(sentences))
        batches = [Batch(tuple(items[start : start + _BATCH])) for start in items[::_BATCH]]
        description = f"{self.name}, counted in {len(self._train):,} sentences of {self._split}"
        return Job(
            batches, lambda batch: self.answer([sentences[item] for item in batch.items]), description=description
        )

    def read(self, answer: Answer, sentence: Sentence) -> Alignment:
        """Return the spans of an answer."""
        return Alignment(answer.spans or (), EXACT)

    def nothing(self, sentence: Sentence) -> Answer:
        """Return an answer without spans."""
        return Answer(spans=())

    @cached_property
    def _mark(self) -> Marker:
        return BASELINES[self.name](self._train)

    @cached_property
    def _train_sha256(self) -> str:
        digest = hashlib.sha256()
        for sentence in self._train:
            digest.update(json.dumps([sentence.tokens, spans_to_json(sentence.spans)]).encode())
        return digest.hexdigest()
