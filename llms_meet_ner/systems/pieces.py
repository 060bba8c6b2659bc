"""Sentences that are too long to be read at once: cut into pieces, and the answers to the pieces put together again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import listed
from ..records import Answer, Piece, Uncertainty
from ..sentence import Sentence

PIECE_TOKENS = 256
"""Number of tokens of the longest piece."""
WHOLE_TOKENS = 512
"""Number of tokens of the longest sentence that a run reads whole, if the model has room for it: a model may be trained on whole
documents. The memory for a sentence grows with the square of its length."""
_NAMED = 5
"""Number of sentences that a line for people names."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Sentences, and the pieces that a system reads in their place.

    Attributes:
        sentences: The sentences.
        pieces: The pieces of each sentence, in order; one that is read whole has one piece, the sentence itself.
        join: Text between the outputs of two pieces.
    """

    sentences: tuple[Sentence, ...]
    pieces: tuple[tuple[Sentence, ...], ...]
    join: str = " "

    @property
    def counts(self) -> dict[str, int]:
        """Number of pieces by id of the sentence, for those that are not read whole."""
        return {
            sentence.id: len(pieces)
            for sentence, pieces in zip(self.sentences, self.pieces, strict=True)
            if len(pieces) > 1
        }

    @property
    def remark(self) -> str | None:
        """A line for people that names the sentences that are read in pieces; None if there are none."""
        counts = self.counts
        if not counts:
            return None
        named = listed([f"{name} ({count} pieces)" for name, count in counts.items()], _NAMED)
        return (
            f"too long to be read at once: {len(counts):,} of {len(self.sentences):,} sentences are read in pieces, and an entity "
            f"across a cut is lost or torn: {named}"
        )

    def joined(self, found: Mapping[int, Answer]) -> list[Answer]:
        """Return an answer for each sentence.

        Args:
            found: Answer to each piece, by its position among all pieces, counted from 0.
        """
        answers = []
        at = 0
        for pieces in self.pieces:
            parts = [found[at + number] for number in range(len(pieces))]
            at += len(pieces)
            answers.append(parts[0] if len(parts) == 1 else join_answers(pieces, parts, self.join))
        return answers


def cut(sentence: Sentence) -> Iterator[Sentence]:
    """Yield a sentence of several tokens in pieces without entities: at least two, of at most `PIECE_TOKENS` tokens and of like size."""
    count = len(sentence.tokens)
    size = -(-count // max(2, -(-count // PIECE_TOKENS)))
    for start in range(0, count, size):
        yield replace(sentence, tokens=sentence.tokens[start : start + size], spans=())


def join_answers(pieces: Sequence[Sentence], answers: Sequence[Answer], join: str = " ") -> Answer:
    """Return the answer to a sentence, given the texts that answer its pieces.

    Its text is that of the pieces, joined. Confidences and uncertainties are kept if all pieces have them; the mean uncertainty weighs
    each piece by its tokens, and the probabilities of their outputs are multiplied.
    """
    outputs: list[Piece] = []
    for piece, answer in zip(pieces, answers, strict=True):
        outputs += answer.pieces or [Piece(len(piece.tokens), answer.text or "")]
    confidences = [answer.confidences for answer in answers if answer.confidences is not None]
    unsure = [answer.uncertainty for answer in answers if answer.uncertainty is not None]
    complete = len(confidences) == len(answers)
    return Answer(
        join.join(piece.output for piece in outputs),
        tuple(value for values in confidences for value in values) if complete else None,
        _mean(unsure, [len(piece.tokens) for piece in pieces]) if len(unsure) == len(answers) else None,
        replaced=sum(answer.replaced for answer in answers),
        pieces=tuple(outputs),
    )


def _mean(unsure: Sequence[Uncertainty], weights: Sequence[int]) -> Uncertainty:
    mean = sum(one.mean * weight for one, weight in zip(unsure, weights, strict=True)) / sum(weights)
    logs = [one.log_probability for one in unsure if one.log_probability is not None]
    choices = [one.choices for one in unsure if one.choices is not None]
    return Uncertainty(
        mean, max(one.max for one in unsure), sum(logs) if len(logs) == len(unsure) else None,
        sum(choices) if len(choices) == len(unsure) else None,
    )  # fmt: skip
