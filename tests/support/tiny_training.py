"""Trains a random Llama of 35,168 weights on twelve Alpaca records with LLaMA-Factory's own command.

Nothing is downloaded: the tokenizer has one token for each byte.
"""

import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import forked
import yaml
from paths import ROOT

_ABORTED_AT_EXIT = "terminate called without an active exception"
"""Message of a gloo process on a CPU that has finished, but ends while one of its threads still runs. It is rare."""
CLIP = 0.05
"""Limit of the gradient norm; smaller than every norm of the run, so that every step is clipped."""
WORDS = ("Ada", "met", "Bob", "near", "Lake", "Como", ",", "and", "Eve", "went", "home", ".")


@dataclass(frozen=True, slots=True)
class TinyTraining:
    """A tiny model and a tiny data set in one folder."""

    folder: Path

    def recipe(self, output_dir: Path, **changes: Any) -> dict[str, Any]:
        """Return a float32 LoRA recipe of six steps with two examples each; a change to None removes the key."""
        recipe: dict[str, Any] = {
            "model_name_or_path": str(self.folder / "model"),
            "stage": "sft",
            "do_train": True,
            "finetuning_type": "lora",
            "lora_rank": 8,
            "lora_alpha": 16,
            "lora_target": "all",
            "dataset": "tiny_train",
            "dataset_dir": str(self.folder / "data"),
            "template": "alpaca",
            "cutoff_len": 512,
            "output_dir": str(output_dir),
            "overwrite_output_dir": False,
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": 2,
            "num_train_epochs": 1.0,
            "learning_rate": 1.0e-2,
            "lr_scheduler_type": "cosine",
            "warmup_steps": 0.1,
            "logging_steps": 1,
            "save_strategy": "steps",
            "save_steps": 3,
            "report_to": "none",
            "seed": 42,
            "max_grad_norm": CLIP,
            "use_cpu": True,
        }
        return {key: value for key, value in (recipe | changes).items() if value is not None}

    def train(self, recipe: Mapping[str, Any], *, fails: bool = False) -> forked.Done:
        """Run `llamafactory-cli train` on the recipe."""
        done = self._run(recipe, {"FORCE_TORCHRUN": "0"})
        assert (done.returncode != 0) == fails, done.stdout[-2000:] + done.stderr[-6000:]
        return done

    def train_two(self, recipe: Mapping[str, Any], *, torchrun: bool) -> None:
        """Train with two processes over gloo: started by torchrun, or forked with the variables that torchrun sets."""
        for _ in range(3):
            if torchrun:
                ended = [self._run(recipe, {"FORCE_TORCHRUN": "1", "NPROC_PER_NODE": "2"})]
            else:
                with ThreadPoolExecutor() as pool:
                    ended = list(pool.map(partial(self._run, recipe), ranks(2)))
            if not any(_ABORTED_AT_EXIT in done.stderr for done in ended):
                break
            shutil.rmtree(recipe["output_dir"], ignore_errors=True)
        for done in ended:
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]

    def _run(self, recipe: Mapping[str, Any], env: Mapping[str, str]) -> forked.Done:
        """Run `llamafactory-cli train`; if the variables give a rank, what torchrun runs for it."""
        path = Path(f"{recipe['output_dir']}.yaml")
        path.write_text(yaml.safe_dump(dict(recipe)), encoding="utf-8")
        env = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),  # torchrun
            "HF_HOME": str(self.folder / "cache"),
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "DS_ACCELERATOR": "cpu",
        } | dict(env)
        if "RANK" in env:
            return forked.run("llamafactory.train.tuner:run_exp", ["launcher.py", str(path)], env=env, folder=ROOT)
        return forked.run("llamafactory.cli:main", ["llamafactory-cli", "train", str(path)], env=env, folder=ROOT)


def ranks(processes: int) -> list[dict[str, str]]:
    """Return the variables that torchrun sets for each of its processes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes)}  # fmt: skip
    return [{**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(processes)]


def largest_difference(first: Path, second: Path) -> float:
    """Return the largest absolute difference between the weights of two adapters, which must have the same tensors."""
    from safetensors.torch import load_file

    one, other = (load_file(folder / "adapter_model.safetensors") for folder in (first, second))
    assert one.keys() == other.keys()
    return max(float((one[name].double() - other[name].double()).abs().max()) for name in one)


def save_data(folder: Path) -> None:
    """Save twelve Alpaca records of different lengths, so that a wrong average over devices shows."""
    folder.mkdir()
    sentences = [" ".join(WORDS[shift:] + WORDS[: shift * 3 % 7]) for shift in range(len(WORDS))]
    records = [
        {"instruction": "Mark the persons.", "input": sentence, "output": sentence.replace("Eve", "[Eve | PER]")}
        for sentence in sentences
    ]
    (folder / "tiny_train.json").write_text(json.dumps(records), encoding="utf-8")
    info = {"tiny_train": {"file_name": "tiny_train.json"}}
    (folder / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
