"""Running a recipe again resumes from its last checkpoint or refuses, and never overwrites an adapter."""

import json
import shutil
from pathlib import Path

import pytest
from tiny_training import TinyTraining, largest_difference

pytest.importorskip("llamafactory")
pytestmark = pytest.mark.slow


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def steps_logged(folder: Path) -> list[int]:
    lines = (folder / "trainer_log.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry["current_steps"] for entry in map(json.loads, lines) if "loss" in entry]


def test_an_interrupted_run_goes_on_from_its_last_checkpoint(
    finished: Path, tiny: TinyTraining, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished / "checkpoint-3", folder / "checkpoint-3")
    again = tiny.train(tiny.recipe(folder))
    assert f"Resuming training from {folder / 'checkpoint-3'}" in again.stdout + again.stderr
    assert steps_logged(folder) == [4, 5, 6]
    assert largest_difference(finished, folder) <= 1e-6


def test_a_finished_run_trains_no_further_and_keeps_its_adapter(
    finished: Path, tiny: TinyTraining, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    before = snapshot(folder)
    again = tiny.train(tiny.recipe(folder))
    after = snapshot(folder)
    assert f"Resuming training from {folder / 'checkpoint-6'}" in again.stdout + again.stderr
    assert steps_logged(folder) == steps_logged(finished)
    assert after["adapter_model.safetensors"] == before["adapter_model.safetensors"]
    assert {n: b for n, b in after.items() if "checkpoint-" in n} == {
        n: b for n, b in before.items() if "checkpoint-" in n
    }


def test_an_adapter_without_checkpoints_is_refused_and_untouched(
    finished: Path, tiny: TinyTraining, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("checkpoint-*"))
    before = snapshot(folder)
    refused = tiny.train(tiny.recipe(folder), fails=True)
    assert "Output directory already exists and is not empty. Please set `overwrite_output_dir`." in refused.stderr
    assert snapshot(folder) == before
