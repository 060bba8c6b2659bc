"""Steps and tokens of a training, before it begins; the steps are compared with those of real trainings in test_train.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.launching.lengths import Cutoff, SplitLengths
from llms_meet_ner.launching.steps import Steps, step_tokens, steps_of
from llms_meet_ner.training.recipe import Recipe


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


def test_what_all_examples_begin_with_counts_once_in_each_process() -> None:
    cutoff = Cutoff(recipe(), 100, 0)
    counted = [
        SplitLengths(cutoff, examples=3, tokens=90, shared=[1] * 20),
        SplitLengths(cutoff, examples=1, tokens=50, shared=[1] * 30),
    ]
    one = step_tokens(Steps(4, 8, 1, 1), counted)
    assert (one.apart, one.shared, one.prefix) == (35 * 8, 35 * 8 - 20 * 7, 20)
    assert step_tokens(Steps(4, 8, 4, 1), counted).shared == 35 * 8 - 20 * 4
