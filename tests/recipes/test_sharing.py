"""Our training and LLaMA-Factory's on the same recipe are the same training, in float32: every loss, gradient and weight.

Examples of a step are merged into rows, in which they share their beginnings. The steps have four examples with two instructions, and the
last one of an epoch three.
"""

from pathlib import Path

import pytest
import sharing_runs
from paths import ROOT
from sharing_runs import Runs, check_equal, check_unequal

pytest.importorskip("llamafactory")
pytestmark = [pytest.mark.slow, pytest.mark.training]

BUDGET = 400
"""Tokens of a row; the examples of a step take two rows."""


def test_a_llama_is_trained_the_same(tmp_path: Path) -> None:
    runs = Runs("Llama", tmp_path)
    runs.add("plain", shared=False)
    runs.add("whole", shared=True, save_strategy="steps", save_steps=4)
    runs.add("cut", shared=True, tokens_per_row=BUDGET, disable_gradient_checkpointing=True)
    runs.add("resumed", shared=True, resumes="whole/checkpoint-4")
    runs.add("sees", shared=True, fault="sees")
    one_a_batch = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 4}
    runs.add("asked", shared=True, fault="asked", max_steps=1, **one_a_batch)
    outcomes = runs.run()
    assert outcomes["whole"]["fallback"] is None
    assert outcomes["whole"]["rows"] == outcomes["whole"]["steps"] == 6
    assert outcomes["whole"]["tokens"] < 0.6 * outcomes["whole"]["tokens_apart"]
    assert outcomes["cut"]["rows"] > outcomes["cut"]["steps"]
    assert outcomes["cut"]["tokens"] < outcomes["cut"]["tokens_apart"]
    check_equal(runs.differences("whole"))
    check_equal(runs.differences("cut"))
    check_equal(sharing_runs.compare(tmp_path / "whole", tmp_path / "resumed", steps=slice(4, None)))
    check_unequal(runs.differences("sees"))
    assert "what one example holds changes the logits of another one" in str(outcomes["asked"]["fallback"])


@pytest.mark.parametrize(
    "kind",
    ["Gemma3", "Qwen2", *(pytest.param(kind, marks=pytest.mark.verify) for kind in ("Qwen3", "Mistral", "Gemma2"))],
)
def test_other_models_are_trained_the_same(kind: str, tmp_path: Path) -> None:
    windows = "sliding_window" in sharing_runs.KINDS[kind]
    runs = Runs(kind, tmp_path)
    runs.add("plain", shared=False)
    runs.add("whole", shared=True)
    runs.add("fault", shared=True, fault="window" if windows else "sees")
    outcomes = runs.run()
    assert outcomes["whole"]["fallback"] is None
    assert outcomes["whole"]["tokens"] < 0.6 * outcomes["whole"]["tokens_apart"]
    check_equal(runs.differences("whole"))
    check_unequal(runs.differences("fault"))


def test_two_processes_under_zero2_are_trained_the_same(tmp_path: Path) -> None:
    runs = Runs("Llama", tmp_path)
    deepspeed = {"deepspeed": str(ROOT / "recipes" / "deepspeed" / "zero2.json"), "use_cpu": None}
    runs.add("plain", shared=False, **deepspeed)
    runs.add("cut", shared=True, tokens_per_row=BUDGET, **deepspeed)
    outcomes = runs.run(processes=2)
    assert outcomes["cut"]["fallback"] is None
    assert outcomes["cut"]["rows"] > outcomes["cut"]["steps"] == 4
    for rank in (0, 1):
        check_equal(runs.differences("cut", rank))
