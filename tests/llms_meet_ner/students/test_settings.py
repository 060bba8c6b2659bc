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


def test_the_steps_that_are_evaluated_are_saved() -> None:
    steps = {"eval_dataset": "e", "eval_strategy": "steps"}
    for given, saved in (({"eval_steps": 0.125}, 0.125), ({"logging_steps": 20}, 20), ({}, 500)):
        assert values_of(**steps, **given)["save_steps"] == saved
    assert values_of(**steps, eval_steps=10, save_steps=10)["save_steps"] == 10
    assert values_of(**steps, eval_steps=10, save_steps=30, load_best_model_at_end=False)["save_steps"] == 30
    assert "save_steps" not in values_of(eval_dataset="e")


def test_the_best_epoch_by_loss_is_the_one_with_the_smallest(tmp_path: Path) -> None:
    from transformers import TrainingArguments

    for metric, greater in (("loss", False), ("eval_loss", False), ("f1", True), ("recall", True)):
        values = values_of(eval_dataset="e", metric_for_best_model=metric, output_dir=str(tmp_path), device="cpu")
        assert TrainingArguments(**values).greater_is_better is greater


def test_a_strategy_that_yaml_reads_as_false_is_no() -> None:
    assert values_of(eval_strategy=False)["eval_strategy"] == "no"
    assert values_of(eval_dataset="e", logging_strategy=False)["logging_strategy"] == "no"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"window": 3}, "r.yaml: window is 3; it is at least 4"),
        ({"overlap": -1}, "r.yaml: overlap is -1; it is at least 0"),
        (
            {"early_stopping_patience": 2},
            "r.yaml: early_stopping_patience waits for better scores on eval_dataset, and there is none",
        ),
        (
            {"early_stopping_patience": 2, "eval_dataset": "e", "eval_strategy": False},
            "r.yaml: eval_strategy is no, so that nothing is evaluated on eval_dataset; take eval_strategy out, or set "
            "eval_dataset=null and take early_stopping_patience out",
        ),
        (
            {"early_stopping_patience": 2, "eval_dataset": "e", "load_best_model_at_end": False},
            "r.yaml: early_stopping_patience waits for a better epoch, and load_best_model_at_end: false keeps the last one",
        ),
        (
            {"eval_dataset": "e", "eval_strategy": "steps", "eval_steps": 10, "save_steps": 20},
            "r.yaml: save_steps is 20 and the training is evaluated by steps of 10, so that the best weights may not be saved; take "
            "save_steps out",
        ),
        ({"eval_strategy": "epoch"}, "r.yaml: eval_strategy is epoch, and there is no eval_dataset; name one"),
        (
            {"eval_dataset": "e", "metric_for_best_model": "f2"},
            "r.yaml: metric_for_best_model is 'f2', and not one of loss, accuracy, precision, recall, f1",
        ),
    ],
)
def test_values_out_of_range_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(LmnError) as caught:
        StudentKeys.of(recipe(**values))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("push_to_hub", "lmn-publish uploads"),
        ("hub_token", "lmn-publish uploads"),
        ("deepspeed", "in one process"),
        ("use_cpu", "write device: cpu"),
    ],
)
def test_keys_that_say_something_else_are_refused_with_the_reason(key: str, why: str) -> None:
    with pytest.raises(LmnError, match=f"{key} is no key of a student: .*{why}"):
        check_refused(recipe(**{key: True}))
