"""Steps and tokens of a training, before it begins; the steps are compared with those of real trainings in test_train.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.launching.lengths import Cutoff, SplitLengths
from llms_meet_ner.launching.steps import Steps, step_tokens, steps_of
from llms_meet_ner.training.recipe import Recipe
from llms_meet_ner.training.sharing.rows import UNLABELLED, Example


def recipe(**keys: Any) -> Recipe:
    return Recipe(Path("r.yaml"), {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4, **keys})


@pytest.mark.parametrize(
    ("keys", "processes", "steps"),
    [
        ({"num_train_epochs": 2.0}, 1, Steps(100, 8, 1, 26)),
        ({"num_train_epochs": 2.0}, 2, Steps(100, 16, 2, 14)),
        ({"num_train_epochs": 0.5}, 1, Steps(100, 8, 1, 7)),
        ({"max_steps": 5}, 1, Steps(100, 8, 1, 5)),
        ({"val_size": 0.1}, 1, Steps(90, 8, 1, 36)),
        ({"val_size": 20}, 1, Steps(80, 8, 1, 30)),
        ({"val_size": 1}, 1, Steps(99, 8, 1, 39)),
        ({"per_device_train_batch_size": 200}, 1, Steps(100, 800, 1, 3)),
        ({"packing": True}, 1, None),
        ({"mix_strategy": "interleave_under"}, 1, None),
    ],
)
def test_steps(keys: dict[str, Any], processes: int, steps: Steps | None) -> None:
    assert steps_of(recipe(**keys), 100, processes) == steps


@pytest.mark.parametrize("value", [0, -1, "8", True, None])
def test_a_batch_size_that_is_none(value: Any) -> None:
    with pytest.raises(LmnError, match=r"r\.yaml: per_device_train_batch_size is .*, and not a whole number above 0"):
        steps_of(recipe(per_device_train_batch_size=value), 100)


@pytest.mark.parametrize("size", [100, 100.5, 0.999])
def test_holding_out_all_examples_is_refused(size: float) -> None:
    with pytest.raises(LmnError, match=rf"r\.yaml: val_size {size} leaves none of 100 examples to train on"):
        steps_of(recipe(val_size=size), 100)


def lengths_of(prefix: range, starts: range, examples: int, tokens: int) -> SplitLengths:
    """Lengths of examples that begin with the same tokens, and differ from the next one on."""
    sample = [Example((*prefix, start, *range(tokens - len(prefix) - 1)), (UNLABELLED,) * tokens) for start in starts]
    return SplitLengths(
        Cutoff(recipe(), 100, 0), examples, tokens=examples * tokens, shared=list(prefix), sample=sample
    )


def test_what_examples_begin_with_counts_once_in_each_process() -> None:
    counted = [lengths_of(range(20), range(100, 200), 100, 50)]
    one = step_tokens(Steps(100, 8, 1, 13), counted)
    assert (one.apart, one.shared, one.prefixes) == (50 * 8, pytest.approx(50 * 8 - 20 * 7), (20,))
    assert step_tokens(Steps(100, 8, 4, 13), counted).shared == pytest.approx(50 * 8 - 20 * 4)


def test_data_sets_that_begin_otherwise_share_what_each_of_them_begins_with() -> None:
    half = [lengths_of(range(20), range(100, 200), 50, 50), lengths_of(range(30, 60), range(100, 200), 50, 50)]
    tokens = step_tokens(Steps(100, 64, 1, 2), half)
    assert (tokens.apart, tokens.prefixes) == (50 * 64, (20, 30))
    assert tokens.shared == pytest.approx(50 * 64 - 20 * 31 - 30 * 31, rel=0.02)
    rare = [lengths_of(range(20), range(100, 200), 990, 50), lengths_of(range(0), range(100, 200), 10, 50)]
    assert step_tokens(Steps(1000, 8, 1, 125), rare).shared == pytest.approx(50 * 8 - 20 * 7, rel=0.03)
