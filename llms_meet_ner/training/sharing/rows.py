"""Rows: several examples in one sequence of tokens, in which the tokens that examples begin with stand once.

The tokens of a row form a tree in depth-first order. A token is seen by the tokens after it up to its end, which belong to the
examples that run through it. So two numbers per token, its position in its examples and its end, say all that attention has to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

UNLABELLED = -100
"""Label of a token that counts in no loss; the value that torch and LLaMA-Factory use."""


@dataclass(frozen=True, slots=True)
class Example:
    """A training example.

    Attributes:
        tokens: Token ids.
        labels: One label per token: the token itself, or `UNLABELLED`. As everywhere in transformers, the logits of a token predict
            the label of the next one.
    """

    tokens: tuple[int, ...]
    labels: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.tokens or len(self.tokens) != len(self.labels):
            raise ValueError(f"{len(self.tokens)} tokens and {len(self.labels)} labels")

    @property
    def shareable(self) -> int:
        """Number of first tokens that another example may share: those that predict no label."""
        labelled = (index for index, label in enumerate(self.labels) if label != UNLABELLED)
        first = next(labelled, len(self.tokens) + 1)
        return max(first - 1, 0)


@dataclass(frozen=True, slots=True)
class Prediction:
    """A label that a row predicts.

    Attributes:
        index: Index of the token in the row whose logits predict it.
        label: The label.
        example: Number of the example whose label it is.
    """

    index: int
    label: int
    example: int


@dataclass(frozen=True, slots=True)
class Row:
    """Examples merged into one sequence of N tokens.

    Attributes:
        tokens: Token ids, N of them.
        positions: Position of each token in its examples, from 0.
        ends: For each token, the index in the row after the last token that sees it. The token at `k` is seen from `q` exactly if
            `k <= q < ends[k]`.
        predictions: The labels of all examples.
        examples: Numbers of the examples, in the order of the row.
        leaves: For each of `examples`, the index of its last token.
    """

    tokens: tuple[int, ...]
    positions: tuple[int, ...]
    ends: tuple[int, ...]
    predictions: tuple[Prediction, ...]
    examples: tuple[int, ...]
    leaves: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.tokens)


def build_rows(examples: Sequence[Example], tokens_per_row: int, at_least: int = 1) -> list[Row]:
    """Merge examples into rows.

    Args:
        examples: The examples; their numbers in the rows count from 0.
        tokens_per_row: Most tokens of a row. An example that is longer gets a row of its own.
        at_least: Number of rows to reach: rows are split further, and where every row has one example, rows are added that hold
            a token without a label, which adds nothing to loss and gradients.
    """
    groups = split_groups(group_examples(examples, tokens_per_row), at_least)
    rows = [merge(examples, group) for group in groups]
    nothing = Example(examples[0].tokens[:1], (UNLABELLED,))
    return rows + [merge([nothing], [0])] * (at_least - len(rows))


def group_examples(examples: Sequence[Example], tokens_per_row: int) -> list[list[int]]:
    """Return the numbers of the examples of each row; examples that begin alike are next to each other."""
    groups: list[list[int]] = []
    room = 0
    for number in sorted(range(len(examples)), key=lambda number: examples[number].tokens):
        example = examples[number]
        cost = len(example.tokens) - (shared_length(examples[groups[-1][-1]], example) if groups else 0)
        if groups and cost <= room:
            groups[-1].append(number)
            room -= cost
        else:
            groups.append([number])
            room = tokens_per_row - len(example.tokens)
    return groups


def split_groups(groups: Sequence[Sequence[int]], at_least: int) -> list[list[int]]:
    """Halve the largest groups until there are as many as asked for, or each holds one example."""
    split = [list(group) for group in groups]
    while len(split) < at_least:
        largest = max(split, key=len)
        if len(largest) == 1:
            break
        at = split.index(largest)
        split[at : at + 1] = [largest[: len(largest) // 2], largest[len(largest) // 2 :]]
    return split


def merge(examples: Sequence[Example], group: Sequence[int]) -> Row:
    """Merge the examples with the numbers of a group, which must be sorted by their tokens, into one row."""
    tokens: list[int] = []
    positions: list[int] = []
    ends: list[int] = []
    predictions: list[Prediction] = []
    leaves: list[int] = []
    path: list[int] = []  # indices in the row of the tokens of the current example
    for before, number in pairwise([None, *group]):
        example = examples[number]  # type: ignore[index]
        shared = 0 if before is None else shared_length(examples[before], example)
        for index in path[shared:]:
            ends[index] = len(tokens)
        rest = example.tokens[shared:]
        path[shared:] = range(len(tokens), len(tokens) + len(rest))
        positions += range(shared, shared + len(rest))
        tokens += rest
        ends += [0] * len(rest)
        labels = enumerate(example.labels[1:])
        predictions += [Prediction(path[at], label, number) for at, label in labels if label != UNLABELLED]  # type: ignore[arg-type]
        leaves.append(path[-1])
    for index in path:
        ends[index] = len(tokens)
    return Row(tuple(tokens), tuple(positions), tuple(ends), tuple(predictions), tuple(group), tuple(leaves))


def shared_length(first: Example, second: Example) -> int:
    """Return the number of tokens that two examples begin with and share: none of them predicts a label."""
    most = min(first.shareable, second.shareable)
    if first.tokens[:most] == second.tokens[:most]:
        return most
    return next(at for at in range(most) if first.tokens[at] != second.tokens[at])
