"""The keys of a student's recipe: ours, and those of transformers' `TrainingArguments`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import LmnError
from ..training.recipe import Recipe
from .student_file import LINEAR, Head

_REFUSED = {
    "push_to_hub": "lmn-publish uploads a student, with its model card",
    "remove_unused_columns": "a student's examples have no other columns",
    "label_names": "a student's examples name their labels themselves",
    "deepspeed": "a student is trained in one process",
    "fsdp": "a student is trained in one process",
    "prediction_loss_only": "a student is evaluated by its entities",
    "batch_eval_metrics": "a student is evaluated by its entities",
    "resume_from_checkpoint": "lmn-train goes on from the last checkpoint in output_dir by itself",
    "save_only_model": "a training goes on from its checkpoints",
    "trust_remote_code": "code of others does not run",
    "use_cpu": "write device: cpu",
}
"""Keys that a student's training does not take, each with the reason."""
_STRATEGIES = ("eval_strategy", "save_strategy", "logging_strategy")
METRICS = ("loss", "accuracy", "precision", "recall", "f1")
"""What an evaluation on dev data says; `metric_for_best_model` is one of these, with or without `eval_` before it."""
_BEST = "metric_for_best_model"
_STEPS = 500
"""Steps from one evaluation, and from one checkpoint, to the next if nothing says how many: transformers' default."""


@dataclass(frozen=True, slots=True)
class StudentKeys:
    """The keys of a student's recipe that transformers does not have.

    Attributes:
        task: Always `token-classification`.
        model_name_or_path: Hub id or folder of the encoder.
        dataset: Names of the data sets to train on.
        eval_dataset: Names of the data sets to evaluate on, by which the best epoch is kept; None for none.
        dataset_dir: Folder of `dataset_info.json`.
        head: What stands on the encoder.
        lstm_size: Size of the LSTM's state in one direction; None for half of the encoder's.
        window: Number of token ids that the encoder reads at once; None for what it can, at most 512.
        overlap: Number of subwords that two windows of a long sentence share; None for a quarter of a window.
        early_stopping_patience: Number of evaluations without a better score after which the training ends; None for no such end. It
            takes a training that keeps the best of its evaluations.
        device: `cpu`, `cuda`, or `auto` for CUDA if there is a card.
    """

    task: str
    model_name_or_path: str
    dataset: str
    eval_dataset: str | None = None
    dataset_dir: str = "data"
    head: Head = LINEAR
    lstm_size: int | None = None
    window: int | None = None
    overlap: int | None = None
    early_stopping_patience: int | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @classmethod
    def of(cls, recipe: Recipe) -> StudentKeys:
        """Return the keys of a recipe.

        Raises:
            LmnError: A value is out of range, or two do not go together.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        keys = cls(**{key: value for key, value in recipe.values.items() if key in names})
        for name, least in (("lstm_size", 1), ("window", 4), ("overlap", 0), ("early_stopping_patience", 1)):
            value = getattr(keys, name)
            if value is not None and value < least:
                raise LmnError(f"{name} is {value}; it is at least {least}", recipe.path)
        _check_evaluations(recipe, keys)
        return keys


def _check_evaluations(recipe: Recipe, keys: StudentKeys) -> None:
    """Refuse keys about evaluations that do not go together.

    Raises:
        LmnError: There are some.
    """
    values, path = _plain(recipe.values), recipe.path
    strategy, patience = values.get("eval_strategy"), keys.early_stopping_patience
    if patience and not keys.eval_dataset:
        raise LmnError(
            "early_stopping_patience waits for better scores on eval_dataset, and there is none", path,
            "name a data set with eval_dataset, or take early_stopping_patience out",
        )  # fmt: skip
    if strategy not in (None, "no") and not keys.eval_dataset:
        raise LmnError(
            f"eval_strategy is {strategy}, and there is no eval_dataset", path, "name one, or take eval_strategy out"
        )
    if strategy == "no" and keys.eval_dataset:
        raise LmnError(
            "eval_strategy is no, so that nothing is evaluated on eval_dataset", path,
            "take eval_strategy out, or set eval_dataset=null" + " and take early_stopping_patience out" * bool(patience),
        )  # fmt: skip
    if patience and values.get("load_best_model_at_end") is False:
        raise LmnError(
            "early_stopping_patience waits for a better epoch, and load_best_model_at_end: false keeps the last one", path,
            "take one of the two out",
        )  # fmt: skip
    metric = values.get(_BEST)
    if metric is not None and str(metric).removeprefix("eval_") not in METRICS:
        raise LmnError(f"{_BEST} is {metric!r:.60}, and not one of {', '.join(METRICS)}", path, f"correct {_BEST}")
    _check_steps(recipe, keys)


def _check_steps(recipe: Recipe, keys: StudentKeys) -> None:
    """Refuse a `save_steps` by which evaluated weights are not saved, if the best ones are to be kept.

    Raises:
        LmnError: It is such a one.
    """
    values = trainer_values(recipe, keys)
    by_steps = values["eval_strategy"] == values["save_strategy"] == "steps" and values.get("load_best_model_at_end")
    saved, evaluated = values.get("save_steps"), _eval_steps(values)
    if by_steps and saved != evaluated:
        raise LmnError(
            f"save_steps is {saved} and the training is evaluated by steps of {evaluated}, so that the best weights may not be saved",
            recipe.path, "take save_steps out, or set load_best_model_at_end=false",
        )  # fmt: skip


def _eval_steps(values: Mapping[str, Any]) -> Any:
    """Return the number of steps from one evaluation to the next, or their share of all steps, as transformers takes it."""
    return values.get("eval_steps") or values.get("logging_steps") or _STEPS


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys with `no` where YAML reads it as false and a strategy is meant."""
    return {key: "no" if key in _STRATEGIES and value is False else value for key, value in values.items()}


def check_refused(recipe: Recipe) -> None:
    """Refuse keys that do not go with a student's training.

    Raises:
        LmnError: The recipe has one.
    """
    for key in recipe.values:
        why = _REFUSED.get(key) or (key.startswith("hub_") and _REFUSED["push_to_hub"])
        if why:
            raise LmnError(f"{key} is no key of a student: {why}", recipe.path, "take it out of the recipe")


def trainer_values(recipe: Recipe, keys: StudentKeys) -> dict[str, Any]:
    """Return the values for transformers' `TrainingArguments`: those of the recipe, and our defaults for what it does not say.

    With `eval_dataset`, the model is evaluated and saved after each epoch, and ends as it was when its F1 was best; or another metric of
    `METRICS`, of which transformers knows that a smaller loss is better. If it is evaluated by steps, it is saved at the same ones.
    """
    own = {field.name for field in dataclasses.fields(StudentKeys)}
    given = {key: value for key, value in _plain(recipe.values).items() if key not in own}
    return {**_defaults(given, keys), **given, "remove_unused_columns": False}


def _defaults(given: Mapping[str, Any], keys: StudentKeys) -> dict[str, Any]:
    strategy = given.get("eval_strategy", "epoch") if keys.eval_dataset else "no"
    best: dict[str, Any] = {}
    if strategy != "no":
        best = {"load_best_model_at_end": True, _BEST: "f1"}
    if strategy == "steps":
        best["save_steps"] = _eval_steps(given)
    return {
        "eval_strategy": strategy,
        "save_strategy": given.get("save_strategy", "epoch" if strategy == "no" else strategy),
        "logging_strategy": "epoch",
        "save_total_limit": 1,
        "report_to": "none",
        "disable_tqdm": True,
        "per_device_eval_batch_size": 32,
        "use_cpu": keys.device == "cpu",
        **best,
    }
