"""Two processes under the recipes' DeepSpeed configurations end where one process ends, on real runs on the CPU.

The effective batch is two examples either way, in float32. Gradients are clipped at every step, which DeepSpeed
does only when its JSON has the key "gradient_clipping".
"""

import json
from pathlib import Path

import pytest
from tiny_training import CLIP, ROOT, TinyTraining, largest_difference

pytest.importorskip("llamafactory")
pytest.importorskip("deepspeed")
pytestmark = pytest.mark.slow

CONFIGURATIONS = ROOT / "recipes" / "deepspeed"
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def alone(finished: Path) -> Path:
    """The adapter of the one-process run, whose gradients are clipped at every step."""
    log = json.loads((finished / "trainer_state.json").read_text(encoding="utf-8"))["log_history"]
    norms = [entry["grad_norm"] for entry in log if "grad_norm" in entry]
    assert len(norms) == 6
    assert min(norms) > 2 * CLIP
    return finished


def train_two(tiny: TinyTraining, folder: Path, configuration: Path) -> None:
    """Train with two processes under a DeepSpeed configuration, and see that DeepSpeed split the optimizer's state."""
    # Without a GPU and without use_cpu the Trainer lets DeepSpeed start gloo, as it starts nccl on GPUs; with use_cpu
    # DeepSpeed hears of the processes too late for ZeRO-3.
    tiny.train(
        tiny.recipe(folder, gradient_accumulation_steps=1, deepspeed=str(configuration), use_cpu=None), processes=2
    )
    shards = {path.name.split("_mp_")[0] for path in folder.glob("checkpoint-6/global_step6/*optim_states.pt")}
    assert shards == {"zero_pp_rank_0", "zero_pp_rank_1"}


@pytest.mark.parametrize("name", ["zero2.json", "zero3.json"])
def test_two_processes_end_with_the_weights_of_one(name: str, alone: Path, tiny: TinyTraining, tmp_path: Path) -> None:
    train_two(tiny, tmp_path / "run", CONFIGURATIONS / name)
    assert largest_difference(alone, tmp_path / "run") <= TOLERANCE


@pytest.mark.verify
def test_without_the_clipping_key_they_do_not(alone: Path, tiny: TinyTraining, tmp_path: Path) -> None:
    configuration = json.loads((CONFIGURATIONS / "zero2.json").read_text(encoding="utf-8"))
    del configuration["gradient_clipping"]
    unclipped = tmp_path / "unclipped.json"
    unclipped.write_text(json.dumps(configuration), encoding="utf-8")
    train_two(tiny, tmp_path / "run", unclipped)
    assert largest_difference(alone, tmp_path / "run") > 100 * TOLERANCE
