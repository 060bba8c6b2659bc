"""Examples for models without training: which sentences of the training data a prompt shows, by a rule that can be repeated.

Only sentences that hold an entity are shown, each text once: one without shows no mark, and a `-DOCSTART-` line is no language.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from ..errors import LmnError
from ..formats import get_format
from ..prompting.spec import Example, PromptSpec
from ..sentence import DOCSTART
from ..training.dataset_info import DatasetEntry, Record, read_answers
from ..training.recipe import Recipe

Rule = Literal["random", "covering", "nearest"]
RULES: tuple[Rule, ...] = get_args(Rule)
DEFAULT_SEED = 42
_SIMILARITIES = 4_000_000
"""How many similarities of sentences to candidates are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Shots:
    """How many examples stand before each sentence, and how they are chosen.

    Attributes:
        number: 0 for none.
        rule: `random` draws sentences; `covering` takes at each step the one with the most labels that are not shown yet, and draws
            when all are; both take the same for all sentences. `nearest` takes for each sentence those that are most like it,
            the most similar last.
        seed: of what is drawn; `nearest` draws nothing.
    """

    number: int = 0
    rule: Rule = "random"
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            LmnError: the number is negative, or there is no such rule.
        """
        if self.number < 0:
            raise LmnError(f"{self.number} examples: --shots is 0 or more")
        if self.rule not in RULES:
            raise LmnError(f"no rule of examples is called {self.rule!r}; there are: {', '.join(RULES)}")

    @property
    def mark(self) -> str:
        """What a run's name says of it: `untrained`, `shots1-covering-seed42`, `shots1-nearest`."""
        if not self.number:
            return "untrained"
        return f"shots{self.number}-{self.rule}" + ("" if self.rule == "nearest" else f"-seed{self.seed}")


class Candidate(NamedTuple):
    """A training sentence that may be shown.

    Attributes:
        example: as it is shown.
        tokens: its tokens.
        labels: of its entities.
    """

    example: Example
    tokens: tuple[str, ...]
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The examples of a run.

    Attributes:
        shots: the rule.
        dataset: name of the data set that they come from; empty for no examples.
        by_sentence: for each sentence its examples, in the order in which they are shown.
    """

    shots: Shots
    dataset: str
    by_sentence: list[tuple[Example, ...]]

    def stamp(self) -> dict[str, Any]:
        """Return what a run notes of its examples, for JSON: eval/README.md describes it under `shots`."""
        rule = self.shots.rule if self.shots.number else None
        fixed = rule in ("random", "covering")
        shown = [list(map(list, examples)) for examples in (self.by_sentence[:1] if fixed else self.by_sentence)]
        return {
            "number": self.shots.number,
            "rule": rule,
            "seed": self.shots.seed if fixed else None,
            "dataset": self.dataset or None,
            "ids": [example.id for example in self.by_sentence[0]] if fixed and self.by_sentence else None,
            "sha256": hashlib.sha256(json.dumps(shown).encode()).hexdigest() if rule else None,
        }


def choose_examples(recipe: Recipe, spec: PromptSpec, shots: Shots, records: Sequence[Record]) -> Chosen:
    """Choose the examples for sentences from a recipe's training data.

    Args:
        recipe: names the data set.
        spec: the prompt; the data set's outputs are in its format.
        shots: number and rule.
        records: the sentences that are to be marked, all of a run.

    Raises:
        LmnError: the training data are not there, or hold fewer sentences with entities than are asked for; or one that is drawn for
            all is itself to be marked.
    """
    if not shots.number:
        return Chosen(shots, "", [()] * len(records))
    entry = recipe.train_entry()
    pool = read_candidates(recipe, entry, spec)
    if len(pool) < shots.number:
        raise LmnError(
            f"{recipe.dataset_dir / entry.file_name}: --shots {shots.number}, and {len(pool):,} different sentences there hold an entity"
        )
    if shots.rule == "nearest":
        return Chosen(shots, entry.name, list(_nearest(pool, shots.number, records)))
    order = _drawn(pool, shots.seed)
    chosen = _covering(order, shots.number) if shots.rule == "covering" else order[: shots.number]
    examples = tuple(candidate.example for candidate in chosen)
    asked = {record.id for record in records}
    if own := next((example.id for example in examples if example.id in asked), None):
        raise LmnError(
            f"{own}: chosen as an example, and among the sentences that are to be marked; take another --shots-seed, or another split"
        )
    return Chosen(shots, entry.name, [examples] * len(records))


def read_candidates(recipe: Recipe, entry: DatasetEntry, spec: PromptSpec) -> list[Candidate]:
    """Return the sentences of a converted data set that may be shown, in its order.

    Raises:
        LmnError: the data set is missing or damaged.
    """
    fmt = get_format(spec.format, nested=spec.nested)
    pool: dict[tuple[str, ...], Candidate] = {}
    for record, output in read_answers(recipe.dataset_dir, entry):
        spans = fmt.parse(output, record.tokens, spec.labels).spans
        if spans and record.tokens != (DOCSTART,) and record.tokens not in pool:
            example = Example(record.id, " ".join(record.tokens), output)
            pool[record.tokens] = Candidate(example, record.tokens, frozenset(span.label for span in spans))
    return list(pool.values())


def _drawn(pool: Sequence[Candidate], seed: int) -> list[Candidate]:
    """Return the pool in an order that follows from the seed and the sentences' ids alone, whatever the machine.

    The first k of it are the first of any k + 1.
    """
    return sorted(pool, key=lambda candidate: hashlib.sha256(f"{seed} {candidate.example.id}".encode()).digest())


def _covering(order: Sequence[Candidate], number: int) -> list[Candidate]:
    """Take the candidate with the most labels not shown yet, the first of several; when there are none left, the first."""
    left, shown = list(order), set[str]()
    chosen: list[Candidate] = []
    while len(chosen) < number:
        best = max(range(len(left)), key=lambda at: (len(left[at].labels - shown), -at))
        chosen.append(left.pop(best))
        shown |= chosen[-1].labels
    return chosen


def _nearest(pool: Sequence[Candidate], number: int, records: Sequence[Record]) -> Iterator[tuple[Example, ...]]:
    """Yield for each sentence the most similar candidates, by the cosine of TF-IDF vectors of lower-case tokens.

    The most similar comes last; of equally similar ones the earlier in the training data counts as the more similar. A sentence is
    never its own example.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=_words, sublinear_tf=True)
    vectors = vectorizer.fit_transform(candidate.tokens for candidate in pool).T.tocsc()
    place = {candidate.example.id: at for at, candidate in enumerate(pool)}
    step = max(1, _SIMILARITIES // len(pool))
    for start in range(0, len(records), step):
        rows = records[start : start + step]
        similarities = (vectorizer.transform(record.tokens for record in rows) @ vectors).toarray().round(9)
        for record, similarity in zip(rows, similarities, strict=True):
            order = np.argsort(-similarity, kind="stable")[: number + 1].tolist()
            best = [at for at in order if at != place.get(record.id)][:number]
            if len(best) < number:
                raise LmnError(
                    f"--shots {number}: without {record.id} itself the training data hold only {len(best):,} examples"
                )
            yield tuple(pool[at].example for at in reversed(best))


def _words(tokens: Iterable[str]) -> list[str]:
    return [token.lower() for token in tokens]
