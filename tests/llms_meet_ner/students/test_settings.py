"""The keys of a student's recipe, and what they become for transformers' trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.students.settings import StudentKeys, check_refused, trainer_values
from llms_meet_ner.training.recipe import Recipe

KEYS = {"task": "token-classification", "model_name_or_path": "m", "dataset": "d", "output_dir": "o"}


def recipe(**values: Any) -> Recipe:
    return Recipe(Path("r.yaml"), {**KEYS, **values})


def values_of(**values: Any) -> dict[str, Any]:
    given = recipe(**values)
    return trainer_values(given, StudentKeys.of(given))


def test_without_dev_data_every_epoch_is_saved_and_none_is_chosen() -> None:
    values = values_of(learning_rate=1e-3)
    assert (values["eval_strategy"], values["save_strategy"]) == ("no", "epoch")
    assert "load_best_model_at_end" not in values
    assert (values["output_dir"], values["learning_rate"]) == ("o", 1e-3)
    assert not set(values) & {"task", "dataset", "model_name_or_path", "head"}


def test_with_dev_data_the_best_epoch_is_kept_unless_the_recipe_says_otherwise() -> None:
    values = values_of(eval_dataset="e")
    assert (values["eval_strategy"], values["save_strategy"], values["metric_for_best_model"]) == (
        "epoch",
        "epoch",
        "f1",
    )
    assert values["load_best_model_at_end"]
    assert values_of(eval_dataset="e", eval_strategy="steps")["save_strategy"] == "steps"
    assert not values_of(eval_dataset="e", load_best_model_at_end=False)["load_best_model_at_end"]
    assert values_of(device="cpu")["use_cpu"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"window": 3}, "r.yaml: window is 3; it is at least 4"),
        ({"overlap": -1}, "r.yaml: overlap is -1; it is at least 0"),
        (
            {"early_stopping_patience": 2},
            "r.yaml: early_stopping_patience waits for better scores on eval_dataset, and there is none",
        ),
    ],
)
def test_values_out_of_range_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(LmnError) as caught:
        StudentKeys.of(recipe(**values))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("key", "why"),
    [("push_to_hub", "lmn-publish uploads"), ("hub_token", "lmn-publish uploads"), ("deepspeed", "in one process")],
)
def test_keys_that_say_something_else_are_refused_with_the_reason(key: str, why: str) -> None:
    with pytest.raises(LmnError, match=f"{key} is no key of a student: .*{why}"):
        check_refused(recipe(**{key: True}))
