"""Which folders are complete checkpoints, in which order, and what is known of each."""

from __future__ import annotations

import json
from pathlib import Path

from llms_meet_ner.training.checkpoints import Checkpoint, find_checkpoints


def save(folder: Path, step: int, *, adapter: bool = True, state: bool = True) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if adapter:
        (folder / "adapter_model.safetensors").write_bytes(b"")
    history = [{"step": at, "loss": 1 / at} for at in range(1, step + 3)] + [{"step": 2, "eval_loss": 0.5}]
    if state:
        content = {"global_step": step, "epoch": step / 4, "log_history": history}
        (folder / "trainer_state.json").write_text(json.dumps(content))


def test_checkpoints_are_ordered_by_step_and_the_final_adapter_is_last(tmp_path: Path) -> None:
    save(tmp_path / "checkpoint-12", 12)
    save(tmp_path / "checkpoint-8", 8)
    save(tmp_path / "checkpoint-x", 9)
    save(tmp_path, 12)
    whole, broken = find_checkpoints(tmp_path)
    assert [(checkpoint.name, checkpoint.step) for checkpoint in whole] == [
        ("checkpoint-8", 8),
        ("checkpoint-12", 12),
        ("final", 12),
    ]
    assert whole[0] == Checkpoint("checkpoint-8", tmp_path / "checkpoint-8", 8, 2.0, 1 / 8, 0.5)
    assert broken == []


def test_incomplete_checkpoints_are_named(tmp_path: Path) -> None:
    save(tmp_path / "checkpoint-4", 4, adapter=False)
    save(tmp_path / "checkpoint-8", 8, state=False)
    save(tmp_path, 8, state=False)
    assert find_checkpoints(tmp_path) == ([], ["checkpoint-4", "checkpoint-8", "final"])


def test_a_folder_without_a_training_holds_no_checkpoint(tmp_path: Path) -> None:
    assert find_checkpoints(tmp_path) == ([], [])
    assert find_checkpoints(tmp_path / "none") == ([], [])


def test_a_loss_that_is_not_a_number_is_left_out(tmp_path: Path) -> None:
    save(tmp_path / "checkpoint-8", 8)
    state = {
        "global_step": 8,
        "epoch": 1.0,
        "log_history": [{"step": 7, "loss": 1.0}, {"step": 8, "loss": float("nan")}],
    }
    (tmp_path / "checkpoint-8" / "trainer_state.json").write_text(json.dumps(state))
    (whole,), _ = find_checkpoints(tmp_path)
    assert whole.loss is None
