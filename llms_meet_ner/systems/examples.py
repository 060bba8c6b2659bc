"""Examples for models without training: which sentences of the training data a prompt shows, by a rule that can be repeated.

Only sentences with an entity are shown, each text once: a sentence without an entity shows no mark, and a `-DOCSTART-` line is not
language.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from ..errors import LmnError
from ..prompting.spec import Example, PromptSpec
from ..sentence import Sentence
from ..training.dataset_info import read_answers
from ..training.recipe import Recipe

Rule = Literal["random", "covering", "nearest"]
RANDOM: Final = "random"
COVERING: Final = "covering"
NEAREST: Final = "nearest"
RULES: tuple[Rule, ...] = get_args(Rule)
DEFAULT_SEED = 42
_SIMILARITIES = 4_000_000
"""Number of similarities of sentences to candidates that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Shots:
    """Number of examples before each sentence, and the rule that chooses them.

    Attributes:
        number: Number of examples; 0 for none.
        rule: `random` draws sentences. `covering` takes at each step the sentence with the most labels not shown yet, and draws when
            all are shown. Both take the same sentences for all. `nearest` takes for each sentence those most like it, the most
            similar last.
        seed: Seed of the draw; `nearest` draws nothing.
    """

    number: int = 0
    rule: Rule = RANDOM
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            LmnError: The number is negative, or there is no such rule.
        """
        if self.number < 0:
            raise LmnError(f"{self.number} examples: --shots is 0 or more")
        if self.rule not in RULES:
            raise LmnError(f"no rule of examples is called {self.rule!r}; there are: {', '.join(RULES)}")

    @property
    def mark(self) -> str:
        """Part of a run's name that describes the examples: `untrained`, `shots1-covering-seed42`, `shots1-nearest`."""
        if not self.number:
            return "untrained"
        return f"shots{self.number}-{self.rule}" + ("" if self.rule == NEAREST else f"-seed{self.seed}")


class Candidate(NamedTuple):
    """A training sentence that may be shown.

    Attributes:
        example: The sentence as it is shown.
        tokens: Tokens of the sentence.
        labels: Labels of its entities.
    """

    example: Example
    tokens: tuple[str, ...]
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The examples for some sentences.

    Attributes:
        shots: The rule.
        dataset: Name of the data set that they come from; empty for no examples.
        by_sentence: The examples of each sentence, in the order in which they are shown.
        fixed: The examples that all sentences share; None if each has its own.
    """

    shots: Shots
    dataset: str
    by_sentence: Sequence[tuple[Example, ...]]
    fixed: tuple[Example, ...] | None

    def stamp(self) -> dict[str, Any]:
        """Return a run's record of its examples, for JSON; eval/README.md describes it under `shots`."""
        some, fixed = self.shots.number > 0, self.fixed is not None
        groups = self.by_sentence if self.fixed is None else [self.fixed]
        shown = [list(map(list, examples)) for examples in groups]
        return {
            "number": self.shots.number,
            "rule": self.shots.rule if some else None,
            "seed": self.shots.seed if some and fixed else None,
            "dataset": self.dataset or None,
            "ids": [example.id for example in self.fixed or ()] if some and fixed else None,
            "sha256": hashlib.sha256(json.dumps(shown).encode()).hexdigest() if some else None,
        }


class ExampleChooser(ABC):
    """Chooses examples from annotated sentences, which it reads once.

    Args:
        spec: Prompt; the outputs of the sentences are in its format.
        shots: Number and rule.
    """

    def __init__(self, spec: PromptSpec, shots: Shots) -> None:
        self.shots = shots
        self._spec = spec
        self._nearest: dict[tuple[str, tuple[str, ...]], tuple[Example, ...]] = {}

    @property
    @abstractmethod
    def dataset(self) -> str:
        """Name of what the sentences come from."""

    @property
    @abstractmethod
    def place(self) -> object:
        """Their file, for messages."""

    @abstractmethod
    def answers(self) -> Iterator[tuple[Sentence, str]]:
        """Yield the sentences and their outputs.

        Raises:
            LmnError: They cannot be read.
        """

    def choose(self, sentences: Sequence[Sentence]) -> Chosen:
        """Choose the examples for sentences.

        Raises:
            LmnError: The training data is missing, or has too few sentences with entities; or an example that all sentences share
                is one of them.
        """
        if not self.shots.number:
            return Chosen(self.shots, "", [()] * len(sentences), ())
        dataset = self.dataset
        if self.shots.rule == NEAREST:
            return Chosen(self.shots, dataset, self._nearest_of(sentences), None)
        asked = {sentence.id for sentence in sentences}
        if own := next((example.id for example in self._fixed if example.id in asked), None):
            raise LmnError(
                "chosen as an example, and among the sentences to mark", own,
                "take another --shots-seed, or another split",
            )  # fmt: skip
        return Chosen(self.shots, dataset, [self._fixed] * len(sentences), self._fixed)

    def _forget(self) -> None:
        """Forget the candidates and what was chosen of them, since there are others now."""
        self._nearest.clear()
        for name in ("_pool", "_fixed"):
            self.__dict__.pop(name, None)

    @cached_property
    def _pool(self) -> list[Candidate]:
        fmt = self._spec.output_format()
        pool: dict[tuple[str, ...], Candidate] = {}
        for sentence, output in self.answers():
            spans = fmt.parse(output, sentence.tokens, self._spec.labels).spans
            if spans and not sentence.is_docstart and sentence.tokens not in pool:
                example = Example(sentence.id, self._spec.source(sentence.tokens), output)
                pool[sentence.tokens] = Candidate(example, sentence.tokens, frozenset(span.label for span in spans))
        if len(pool) < self.shots.number:
            raise LmnError(
                f"--shots {self.shots.number}, and {len(pool):,} different sentences there hold an entity",
                self.place,
            )
        return list(pool.values())

    @cached_property
    def _fixed(self) -> tuple[Example, ...]:
        order = _drawn(self._pool, self.shots.seed)
        number = self.shots.number
        chosen = _covering(order, number) if self.shots.rule == COVERING else order[:number]
        return tuple(candidate.example for candidate in chosen)

    def _nearest_of(self, sentences: Sequence[Sentence]) -> list[tuple[Example, ...]]:
        new = [sentence for sentence in sentences if (sentence.id, sentence.tokens) not in self._nearest]
        for sentence, examples in zip(new, _nearest(self._pool, self.shots.number, new), strict=True):
            self._nearest[sentence.id, sentence.tokens] = examples
        return [self._nearest[sentence.id, sentence.tokens] for sentence in sentences]


class RecipeExamples(ExampleChooser):
    """Chooses examples from the training data of a recipe.

    Args:
        recipe: Recipe that names the data set.
        spec: Prompt; the outputs of the data set are in its format.
        shots: Number and rule.
    """

    def __init__(self, recipe: Recipe, spec: PromptSpec, shots: Shots) -> None:
        self._recipe = recipe
        super().__init__(spec, shots)

    @property
    def dataset(self) -> str:
        """Name of the recipe's data set."""
        return self._recipe.dataset

    @property
    def place(self) -> Path:
        """File of its records."""
        return self._recipe.dataset_dir / self._recipe.train_entry().file_name

    def answers(self) -> Iterator[tuple[Sentence, str]]:
        """Yield its sentences and their outputs."""
        return read_answers(self._recipe.dataset_dir, self._recipe.train_entry())


def _drawn(pool: Sequence[Candidate], seed: int) -> list[Candidate]:
    """Return the pool in an order that follows from the seed and the sentences' ids alone, whatever the machine.

    The first k of it are also the first k of any larger draw.
    """
    return sorted(pool, key=lambda candidate: hashlib.sha256(f"{seed} {candidate.example.id}".encode()).digest())


def _covering(order: Sequence[Candidate], number: int) -> list[Candidate]:
    """Take at each step the first candidate with the most labels not shown yet; when all are shown, the first."""
    left, shown = list(order), set[str]()
    chosen: list[Candidate] = []
    while len(chosen) < number:
        best = max(range(len(left)), key=lambda at: (len(left[at].labels - shown), -at))
        chosen.append(left.pop(best))
        shown |= chosen[-1].labels
    return chosen


def _nearest(pool: Sequence[Candidate], number: int, sentences: Sequence[Sentence]) -> Iterator[tuple[Example, ...]]:
    """Yield for each sentence the most similar candidates, by the cosine of TF-IDF vectors of lower-case tokens.

    The most similar comes last; in a tie, the earlier in the training data counts as more similar. A sentence is
    never its own example.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=_words, sublinear_tf=True)
    vectors = vectorizer.fit_transform(candidate.tokens for candidate in pool).T.tocsc()
    place = {candidate.example.id: at for at, candidate in enumerate(pool)}
    step = max(1, _SIMILARITIES // len(pool))
    for start in range(0, len(sentences), step):
        rows = sentences[start : start + step]
        similarities = (vectorizer.transform(row.tokens for row in rows) @ vectors).toarray().round(9)
        for row, similarity in zip(rows, similarities, strict=True):
            order = np.argsort(-similarity, kind="stable")[: number + 1].tolist()
            best = [at for at in order if at != place.get(row.id)][:number]
            if len(best) < number:
                raise LmnError(
                    f"without {row.id} itself the training data holds only {len(best):,} examples", f"--shots {number}"
                )
            yield tuple(pool[at].example for at in reversed(best))


def _words(tokens: Iterable[str]) -> list[str]:
    return [token.lower() for token in tokens]
