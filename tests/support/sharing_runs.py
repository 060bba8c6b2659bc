"""Trainings by both ways, several in one process, each of which leaves every loss and every gradient."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import forked
from paths import ROOT
from tiny_training import WORDS, TinyTraining, ranks

KINDS = {
    "Llama": {},
    "Qwen2": {"attention_bias": True},
    "Qwen3": {"head_dim": 8},
    "Mistral": {"sliding_window": 24, "head_dim": 8},
    "Gemma2": {"sliding_window": 24, "head_dim": 8, "query_pre_attn_scalar": 8},
    "Gemma3": {"sliding_window": 24, "head_dim": 8, "layer_types": ["sliding_attention", "full_attention"]},
}
"""Shapes of models; the windows are shorter than the examples."""


RELATIVE = 1e-5
"""Largest relative difference of losses and gradients."""
WEIGHTS = 1e-4
"""Largest difference of a weight at the end."""


@dataclass(frozen=True, slots=True)
class Job:
    """A training.

    Attributes:
        recipe: Its recipe.
        shared: Whether it is ours; otherwise LLaMA-Factory's.
        tokens_per_row: Most tokens of a row, or None for the default.
        fault: Name of a fault to plant, which the model is not asked about: `sees` lets examples see each other, `window` counts windows
            by places in the row. With `asked`, examples see each other and the model is asked.
        resumes: Folder of a checkpoint to go on from, or None.
    """

    recipe: dict[str, Any]
    shared: bool
    tokens_per_row: int | None = None
    fault: str | None = None
    resumes: str | None = None


def save_model(folder: Path, kind: str) -> None:
    """Save a random model of a kind, with the tokenizer of the tiny training."""
    import torch
    import transformers
    from byte_llama import save_byte_llama

    save_byte_llama(folder)
    torch.manual_seed(1)
    config = getattr(transformers, "Gemma3TextConfig" if kind == "Gemma3" else f"{kind}Config")(
        vocab_size=259, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        initializer_range=0.3, bos_token_id=0, eos_token_id=1, pad_token_id=1, **KINDS[kind],
    )  # fmt: skip
    getattr(transformers, f"{kind}ForCausalLM")(config).save_pretrained(folder)


def save_examples(folder: Path) -> None:
    """Save eleven records with two instructions, so that examples share more with some than with others, and three to evaluate."""
    folder.mkdir()
    sentences = [" ".join(WORDS[shift:] + WORDS[: shift * 3 % 7])[: 20 + 5 * shift] for shift in range(14)]
    instructions = ["Mark the persons in brackets.", "Mark the places."]
    records = [
        {
            "instruction": instructions[number % 3 == 0],
            "input": sentence,
            "output": sentence.replace("Eve", "[Eve | PER]"),
        }
        for number, sentence in enumerate(sentences)
    ]
    (folder / "few.json").write_text(json.dumps(records[:11]), encoding="utf-8")
    (folder / "held.json").write_text(json.dumps(records[11:]), encoding="utf-8")
    info = {"few": {"file_name": "few.json"}, "held": {"file_name": "held.json"}}
    (folder / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")


def run(tiny: TinyTraining, jobs: Sequence[Job], folder: Path, processes: int = 1) -> list[dict[str, Any]]:
    """Run trainings one after another; return the outcomes of the first process.

    They share one process. Where several processes train together, each training has processes of its own, because DeepSpeed keeps the
    groups of the first one.
    """
    if processes == 1:
        return _run(tiny, jobs, folder, [{}])
    return [outcome for job in jobs for outcome in _run(tiny, [job], folder, ranks(processes))]


def _run(
    tiny: TinyTraining, jobs: Sequence[Job], folder: Path, variables: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Run trainings in one process for each set of variables."""
    path = folder / "jobs.json"
    path.write_text(json.dumps([asdict(job) for job in jobs]), encoding="utf-8")
    env = {
        "HF_HOME": str(tiny.folder / "cache"), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "DS_ACCELERATOR": "cpu",
    }  # fmt: skip
    words = ["jobs", str(path)]
    with ThreadPoolExecutor() as pool:
        done = list(
            pool.map(lambda more: forked.run("sharing_runs:main", words, env={**env, **more}, folder=ROOT), variables)
        )
    for ended in done:
        assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-6000:]
    outcomes: list[dict[str, Any]] = json.loads(Path(f"{path}.outcomes").read_text(encoding="utf-8"))
    return outcomes


class Runs:
    """Trainings of one model by name."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.folder = folder
        self.tiny = TinyTraining(folder)
        self._jobs: dict[str, Job] = {}
        save_examples(folder / "data")
        save_model(folder / "model", kind)

    def add(
        self,
        name: str,
        *,
        shared: bool,
        tokens_per_row: int | None = None,
        fault: str | None = None,
        resumes: str | None = None,
        **changes: Any,
    ) -> None:
        recipe = self.tiny.recipe(
            self.folder / name,
            **{
                "dataset": "few", "eval_dataset": "held", "dataset_dir": str(self.folder / "data"), "per_device_train_batch_size": 2,
                "gradient_accumulation_steps": 2, "num_train_epochs": 2.0, "per_device_eval_batch_size": 1,
                "eval_strategy": "steps", "eval_steps": 3, "max_grad_norm": 1.0, "save_strategy": "no",
                "include_num_input_tokens_seen": "non_padding", **changes,
            },
        )  # fmt: skip
        self._jobs[name] = Job(recipe, shared, tokens_per_row, fault, str(self.folder / resumes) if resumes else None)

    def run(self, processes: int = 1) -> dict[str, dict[str, Any]]:
        outcomes = run(self.tiny, list(self._jobs.values()), self.folder, processes)
        return dict(zip(self._jobs, outcomes, strict=True))

    def differences(self, name: str, rank: int = 0) -> dict[str, float]:
        return compare(self.folder / "plain", self.folder / name, rank)


def check_equal(found: dict[str, float]) -> None:
    assert found["weights"] <= WEIGHTS <= found["moved"] / 100, found
    assert max(value for key, value in found.items() if key not in ("weights", "moved")) <= RELATIVE, found


def check_unequal(found: dict[str, float]) -> None:
    assert found["weights"] > 10 * WEIGHTS, found
    assert min(found[key] for key in ("loss", "gradient")) > 100 * RELATIVE, found


def main() -> None:
    """Run the jobs of a file."""
    path = Path(sys.argv[1])
    outcomes = [_train(Job(**job)) for job in json.loads(path.read_text(encoding="utf-8"))]
    if os.environ.get("RANK", "0") == "0":
        Path(f"{path}.outcomes").write_text(json.dumps(outcomes), encoding="utf-8")


def _train(job: Job) -> dict[str, Any]:
    import torch
    from llamafactory.train import tuner

    from llms_meet_ner.training.sharing.run import run_training
    from llms_meet_ner.training.sharing.session import SharingOptions

    if job.resumes:
        shutil.copytree(job.resumes, Path(job.recipe["output_dir"]) / Path(job.resumes).name)
    recorder = _recorder()
    outcome = {}
    with _planted(job.fault):
        if job.shared:
            outcome = asdict(run_training(job.recipe, SharingOptions(job.tokens_per_row), [recorder]))
        else:
            tuner.run_exp(dict(job.recipe), [recorder])
    output = Path(job.recipe["output_dir"])
    torch.save(recorder.steps, output / f"gradients.{os.environ.get('RANK', '0')}.pt")
    return outcome


def _recorder() -> Any:
    """Return a callback that keeps the gradients of every step; with DeepSpeed, the part that this process has."""
    from transformers import TrainerCallback

    class Recorder(TrainerCallback):
        def __init__(self) -> None:
            self.steps: list[dict[str, Any]] = []
            self._restore: Callable[[], None] = lambda: None

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if args.deepspeed:  # it steps at the end of the backward pass, and keeps no gradient
                from deepspeed.runtime.engine import DeepSpeedEngine

                step = DeepSpeedEngine.step

                def observed(engine: Any, *words: Any, **more: Any) -> Any:
                    parts = engine.optimizer.averaged_gradients
                    self.steps.append(
                        {
                            f"{group}.{n}": part.detach().clone()
                            for group in parts
                            for n, part in enumerate(parts[group])
                        }
                    )
                    return step(engine, *words, **more)

                DeepSpeedEngine.step = observed
                self._restore = lambda: setattr(DeepSpeedEngine, "step", step)

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._restore()

        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if not args.deepspeed:
                named = [(name, weight) for name, weight in kwargs["model"].named_parameters() if weight.requires_grad]
                self.steps.append(
                    {name.removeprefix("module."): weight.grad.detach().clone() for name, weight in named}
                )

    return Recorder()


@contextlib.contextmanager
def _planted(fault: str | None) -> Iterator[None]:
    from unittest import mock

    from llms_meet_ner.training.sharing import masks, probe

    def sees(self: Any, alone: Any) -> Any:
        if fault in ("sees", "asked"):
            return alone
        return lambda batch, head, query, key: (
            (key <= query) & (query < self.ends[key]) & alone(batch, head, query, key)
        )

    with contextlib.ExitStack() as stack:
        if fault:
            stack.enter_context(mock.patch.object(masks.ShownRow, "sees", sees))
        if fault and fault != "asked":
            stack.enter_context(mock.patch.object(probe.Probe, "problem", return_value=None))
        yield


def compare(first: Path, second: Path, rank: int = 0, steps: slice = slice(None)) -> dict[str, float]:
    """Return the largest relative differences of losses, gradients and evaluations of two trainings, and of weights the absolute one.

    Args:
        first: Output folder of a training.
        second: Output folder of another one.
        rank: Process whose gradients are compared.
        steps: Steps of the first training whose gradients the second has.
    """
    import torch
    from safetensors.torch import load_file

    logs = [json.loads((folder / "trainer_state.json").read_text())["log_history"] for folder in (first, second)]
    found: dict[str, float] = {}
    for key in ("loss", "grad_norm", "eval_loss", "learning_rate", "epoch", "num_input_tokens_seen"):
        one, other = ([entry[key] for entry in log if key in entry] for log in logs)
        assert len(one) == len(other) > 0, key
        found[key] = max(abs(a - b) / max(abs(a), 1e-12) for a, b in zip(one, other, strict=True))
    gradients = [torch.load(folder / f"gradients.{rank}.pt") for folder in (first, second)]
    found["gradient"] = max(_apart(one, other) for one, other in zip(gradients[0][steps], gradients[1], strict=True))
    assert any(_square(step) > 0 for step in gradients[0])  # in the first step, those of lora_A are 0
    one, other = (load_file(folder / "adapter_model.safetensors") for folder in (first, second))
    assert one.keys() == other.keys()
    found["moved"] = max(
        float(weights.abs().max()) for name, weights in one.items() if "lora_B" in name
    )  # they start at 0
    found["weights"] = max(float((one[name] - other[name]).abs().max()) for name in one)
    return found


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return the norm of the difference of two gradients, relative to the norm of the first."""
    assert one.keys() == other.keys()
    square = sum(float((one[name].double() - other[name].double()).pow(2).sum()) for name in one)
    size = _square(one)
    return float(square / size) ** 0.5 if size else float(square > 0)


def _square(gradients: Mapping[str, Any]) -> float:
    return sum(float(gradient.double().pow(2).sum()) for gradient in gradients.values())


def print_keys() -> None:
    """Print all keys of LLaMA-Factory's arguments with their defaults, as JSON."""
    from dataclasses import MISSING, fields

    from llamafactory.hparams import DataArguments, FinetuningArguments, ModelArguments, TrainingArguments

    groups = {
        "model": ModelArguments,
        "data": DataArguments,
        "training": TrainingArguments,
        "finetuning": FinetuningArguments,
    }
    defaults: dict[str, dict[str, Any]] = {}
    for group, kind in groups.items():
        read = {field.name: None if field.default is MISSING else field.default for field in fields(kind)}
        defaults[group] = {key: value if isinstance(value, int | float | str) else None for key, value in read.items()}
    properties = {"n_gpu": 1, "use_ray": False}  # set when the arguments are made
    print(json.dumps(defaults | {"training": defaults["training"] | properties}))
