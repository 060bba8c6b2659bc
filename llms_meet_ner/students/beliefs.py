"""The probabilities that a student gives to annotations of a sentence that it did not choose, such as the gold's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from ..records import Answer
from ..sentence import Sentence, Span
from .encoder import LoadedStudent
from .examples import read_all
from .marking import Marks, marks_of, tag_scores
from .subwords import ReadingNotes, ReadSentence
from .viterbi import Floats, Lattice, tag_names


class Beliefs:
    """All tag sequences of a sentence that BIO allows, with their weights.

    Args:
        read: Sentence as the encoder reads it.
        scores: Logarithms of the probabilities of the tags of its tokens that have subwords (tokens, tags).
        labels: Labels in the order of the tags.
        marks: Entities of the best sequence.
    """

    def __init__(self, read: ReadSentence, scores: Floats, labels: Sequence[str], marks: Marks) -> None:
        self.answer = Answer(spans=marks.spans, confidences=marks.confidences, uncertainty=marks.uncertainty)
        self._scores = scores
        self._places = {word: at for at, word in enumerate(read.words)}
        self._numbers = {label: number for number, label in enumerate(labels)}

    @cached_property
    def _lattice(self) -> Lattice:
        return Lattice.of([self._scores])

    def tags(self, length: int) -> list[list[float]]:
        """Return the probability of each tag of each token, (length, tags); a token without a subword is O.

        Args:
            length: Number of tokens of the sentence.
        """
        outside = [1.0] + [0.0] * (len(tag_names(list(self._numbers))) - 1)
        found = [outside] * length
        if self._places:
            rows = self._lattice.tag_probabilities()[0].tolist()
            for word, at in self._places.items():
                found[word] = rows[at]
        return found

    def of_entity(self, span: Span) -> float:
        """Return the probability that exactly this entity stands there; 0 for a label that the student does not know."""
        inside = self._inside(span.start, span.end)
        if not inside or span.label not in self._numbers:
            return 0.0
        placed = Span(inside[0], inside[-1] + 1, span.label)
        return self._lattice.probability(0, placed, self._numbers[span.label])

    def of_none(self, start: int, end: int) -> float:
        """Return the probability that no entity holds any of the tokens from `start` up to, and without, `end`."""
        inside = self._inside(start, end)
        return self._lattice.without_entities(0, inside[0], inside[-1] + 1) if inside else 1.0

    def _inside(self, start: int, end: int) -> list[int]:
        """Return the places in the lattice of the tokens of a range."""
        return [self._places[word] for word in range(start, end) if word in self._places]


def beliefs_of(student: LoadedStudent, sentences: Sequence[Sentence], batch_size: int) -> list[Beliefs]:
    """Return what a student holds of sentences; their entities are not looked at.

    Args:
        student: The student.
        sentences: The sentences.
        batch_size: Number of windows that are read together.
    """
    reads = read_all(student.subwords, sentences, ReadingNotes())
    labels = student.file.labels.names
    scores = tag_scores(student.model, reads, student.subwords.padding, batch_size)
    return [
        Beliefs(read, row, labels, marks)
        for read, row, marks in zip(reads, scores, marks_of(reads, scores, labels), strict=True)
    ]
