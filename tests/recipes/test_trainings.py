"""Real runs of LLaMA-Factory: what finished, interrupted and continued runs leave, and two processes with DeepSpeed.

Running a recipe again resumes from its last checkpoint or refuses, and never overwrites an adapter. Two processes with the recipes' DeepSpeed
configurations end with the weights of one process: in float32, the effective batch is two examples either way, and gradients are clipped at
every step. DeepSpeed clips only if its JSON has the key "gradient_clipping".
"""

import json
import shutil
from pathlib import Path

import pytest
from tiny_training import CLIP, ROOT, TinyTraining, largest_difference

pytest.importorskip("llamafactory")
pytestmark = [pytest.mark.slow, pytest.mark.training]

CONFIGURATIONS = ROOT / "recipes" / "deepspeed"
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def finished(tiny: TinyTraining, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of six steps with checkpoints after the third and the sixth."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    tiny.train(tiny.recipe(folder))
    assert sorted(path.name for path in folder.glob("checkpoint-*")) == ["checkpoint-3", "checkpoint-6"]
    return folder


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


def test_llama_factory_goes_on_from_the_old_weights_and_the_result_stands_alone(
    finished: Path, tiny: TinyTraining, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    tiny.train(tiny.recipe(folder, adapter_name_or_path=str(finished), lora_rank=4, learning_rate=0.0))
    assert largest_difference(finished, folder) == 0  # also of one shape: the old adapter's rank, not the recipe's
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["r"], config["base_model_name_or_path"]) == (8, str(tiny.folder / "model"))


@pytest.mark.verify
def test_with_create_new_adapter_what_the_old_one_learnt_is_lost(
    finished: Path, tiny: TinyTraining, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    folder = tmp_path / "run"
    tiny.train(tiny.recipe(folder, adapter_name_or_path=str(finished), create_new_adapter=True, learning_rate=0.0))
    weights = load_file(folder / "adapter_model.safetensors")
    assert all(float(tensor.abs().max()) == 0 for name, tensor in weights.items() if "lora_B" in name)
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(tiny.folder / "model")  # and not the merged one


@pytest.fixture(scope="module")
def alone(finished: Path) -> Path:
    """The adapter of the one-process run, whose gradients are clipped at every step."""
    log = json.loads((finished / "trainer_state.json").read_text(encoding="utf-8"))["log_history"]
    norms = [entry["grad_norm"] for entry in log if "grad_norm" in entry]
    assert len(norms) == 6
    assert min(norms) > 2 * CLIP
    return finished


def train_two(tiny: TinyTraining, folder: Path, configuration: Path, *, torchrun: bool) -> None:
    """Train with two processes under a DeepSpeed configuration, and see that DeepSpeed split the optimizer's state."""
    # Without a GPU and without use_cpu the Trainer lets DeepSpeed start gloo, as it starts nccl on GPUs; with use_cpu
    # DeepSpeed hears of the processes too late for ZeRO-3.
    recipe = tiny.recipe(folder, gradient_accumulation_steps=1, deepspeed=str(configuration), use_cpu=None)
    tiny.train_two(recipe, torchrun=torchrun)
    shards = {path.name.split("_mp_")[0] for path in folder.glob("checkpoint-6/global_step6/*optim_states.pt")}
    assert shards == {"zero_pp_rank_0", "zero_pp_rank_1"}


@pytest.mark.parametrize(("name", "torchrun"), [("zero2.json", True), ("zero3.json", False)])
def test_two_processes_end_with_the_weights_of_one(
    name: str, torchrun: bool, alone: Path, tiny: TinyTraining, tmp_path: Path
) -> None:
    train_two(tiny, tmp_path / "run", CONFIGURATIONS / name, torchrun=torchrun)
    assert largest_difference(alone, tmp_path / "run") <= TOLERANCE


@pytest.mark.verify
def test_without_the_clipping_key_they_do_not(alone: Path, tiny: TinyTraining, tmp_path: Path) -> None:
    configuration = json.loads((CONFIGURATIONS / "zero2.json").read_text(encoding="utf-8"))
    del configuration["gradient_clipping"]
    unclipped = tmp_path / "unclipped.json"
    unclipped.write_text(json.dumps(configuration), encoding="utf-8")
    train_two(tiny, tmp_path / "run", unclipped, torchrun=False)
    assert largest_difference(alone, tmp_path / "run") > 100 * TOLERANCE
