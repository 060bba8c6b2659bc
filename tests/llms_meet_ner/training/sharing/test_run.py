"""A training that cannot share exactly runs in LLaMA-Factory's own way, and says why."""

import json
from pathlib import Path

import pytest
from sharing_runs import Runs

pytest.importorskip("llamafactory")
pytestmark = [pytest.mark.slow, pytest.mark.training]


def test_what_breaks_exactness_falls_back_to_llama_factorys_training(tmp_path: Path) -> None:
    runs = Runs("Llama", tmp_path)
    runs.add("ours", shared=True, lora_dropout=0.1, max_steps=1)
    runs.add("unsupervised", shared=True, stage="pt", max_steps=1, eval_dataset=None, eval_strategy=None)
    runs.add("measured", shared=True, compute_accuracy=True, max_steps=1, eval_steps=1)
    outcomes = runs.run()
    assert str(outcomes["ours"]["fallback"]).startswith("lora_dropout: 0.1 draws random numbers for every token")
    assert str(outcomes["unsupervised"]["fallback"]).startswith(
        "stage, use_mca, use_ray or use_hyper_parallel of the recipe asks"
    )
    assert outcomes["measured"]["fallback"] is None
    assert outcomes["measured"]["tokens"] < outcomes["measured"]["tokens_apart"]
    assert outcomes["measured"]["evaluated_apart"] == "compute_accuracy: true looks at the logits of each example"
    log = json.loads((tmp_path / "measured/trainer_state.json").read_text())["log_history"]
    assert any("eval_accuracy" in entry for entry in log)
    assert all((tmp_path / name / "adapter_model.safetensors").is_file() for name in outcomes)
