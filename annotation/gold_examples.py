"""Examples for an annotation template: gold sentences of a card, written as the template asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..data_converters.cards import Card
from ..data_converters.corpus import read_corpus
from ..errors import LmnError
from ..formats.normal import squeezed
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
        self._kept_out: frozenset[str] = frozenset()
        super().__init__(spec, shots)

    @property
    def dataset(self) -> str:
        """Name of the corpus and its split."""
        return f"{self._gold.card.name} {self._gold.split}"

    @property
    def place(self) -> str:
        """Name of the corpus and its split."""
        return self.dataset

    def keep_out(self, asked: Iterable[Sentence]) -> int:
        """Show none of the sentences that a model is asked about, whatever their corpus is called; return the number that it would show.

        Sentences are compared by their letters, without case, white space and composed characters.

        Raises:
            LmnError: No sentence is left.
        """
        self._kept_out |= {_letters(sentence) for sentence in asked}
        self._forget()
        shown = [sentence for sentence in self._sentences if _letters(sentence) not in self._kept_out]
        if not shown:
            raise LmnError(
                "all of its sentences are among those to label, so the model would be shown their gold", self.dataset,
                "take examples from other sentences: --examples-split, --examples-from",
            )  # fmt: skip
        return len(self._sentences) - len(shown)

    def answers(self) -> Iterator[tuple[Sentence, str]]:
        """Yield the sentences, and the answer that a model should give to each."""
        fmt, labels = self._spec.output_format(), self._spec.labels
        for sentence in self._sentences:
            if not self._kept_out or _letters(sentence) not in self._kept_out:
                yield sentence, fmt.render(sentence, labels)

    @cached_property
    def _sentences(self) -> list[Sentence]:
        read = read_corpus(self._gold.card, self._gold.split, self._gold.source)
        return [sentence for sentence in read if not sentence.is_docstart]


def _letters(sentence: Sentence) -> str:
    """Return the characters by which two sentences count as the same text."""
    return squeezed("".join(sentence.tokens))
