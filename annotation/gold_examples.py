"""Examples for an annotation template: gold sentences of a card, written as the template asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..data_converters.cards import Card
from ..data_converters.corpus import read_corpus
from ..errors import LmnError
from ..prompting.spec import PromptSpec
from ..sentence import Sentence
from ..systems.examples import ExampleChooser, Shots


@dataclass(frozen=True, slots=True)
class GoldSplit:
    """Gold sentences that examples may come from.

    Attributes:
        card: Card of their corpus.
        split: Name of the split.
        source: Folder of the corpus files; None for the card's default.
    """

    card: Card
    split: str
    source: Path | None = None


class GoldExamples(ExampleChooser):
    """Chooses examples from the gold of a split.

    Args:
        gold: The split.
        spec: Prompt that shows them.
        shots: Number and rule.

    Raises:
        LmnError: The split has other labels than the prompt asks for.
    """

    def __init__(self, gold: GoldSplit, spec: PromptSpec, shots: Shots) -> None:
        if set(gold.card.labels.names) != set(spec.labels.names):
            raise LmnError(
                f"has the labels {', '.join(gold.card.labels.names)}, and the prompt asks for {', '.join(spec.labels.names)}",
                f"{gold.card.name} {gold.split}", "take examples from a corpus with the same labels",
            )  # fmt: skip
        self._gold = gold
        super().__init__(spec, shots)

    @property
    def dataset(self) -> str:
        """Name of the corpus and its split."""
        return f"{self._gold.card.name} {self._gold.split}"

    @property
    def place(self) -> str:
        """Name of the corpus and its split."""
        return self.dataset

    def answers(self) -> Iterator[tuple[Sentence, str]]:
        """Yield the sentences, and the answer that a model should give to each."""
        fmt, labels = self._spec.output_format(), self._spec.labels
        for sentence in read_corpus(self._gold.card, self._gold.split, self._gold.source):
            yield sentence, fmt.render(sentence, labels)
