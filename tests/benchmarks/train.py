r"""Compares training speeds: LLaMA-Factory in its three settings, and ours, which computes a shared instruction once a step.

    python tests/benchmarks/train.py --instruction published --steps 6 --out outputs/train
    python tests/benchmarks/train.py --instruction published --steps 6 --out outputs/train --add      another round
    python tests/benchmarks/train.py --out outputs/train --rounds 0                                   the table again
    python tests/benchmarks/train.py --shape qwen25-7b --dtype bfloat16 --rank 256                    on a GPU; nothing is downloaded

The four lines are `published` (one example at a time, eight accumulated), `batched` (eight in a padded batch, grouped by length),
`packed` (`neat_packing`, one pack of 2,048 tokens a step), and `shared` (the recipe of `published`, through lmn-train's training). `--lines` may name `shared-by-length`, too: that of `batched`.
Each runs in a process of its own, which sees one GPU, one after the other, and a round is all of them. If a line of ours falls back to
LLaMA-Factory's way, the benchmark fails and says why. All train one epoch on the same first examples
of the corpus. A pack holds as many examples as fit, so `packed` has other steps; its examples are counted by its packs.

What is timed: optimiser steps, from the end of the first to the end of the last, with reading data, clipping and logging. Loading and
the first step are left out, and so are the examples of the first step. With grouping by length, these are the longest.

`tokens/s` are tokens of the examples as they are, `computed/s` those that go through the model, with padding. The loss of each step is
logged; the table has the mean over all steps. `by round` has the lowest and highest speed of a round, `by processor time` the speed in
processor time, which other work on the machine changes less. The table goes to the terminal, `train.json` and `train.md` to the folder.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import click

from llms_meet_ner.cli.options import catch_errors
from llms_meet_ner.errors import LmnError
from llms_meet_ner.files import atomic_write, read_json, write_json
from llms_meet_ner.launching.process import ProcessOptions, train
from llms_meet_ner.rendering.markdown import table
from llms_meet_ner.rendering.tables import Table, print_table
from llms_meet_ner.training.recipe import Recipe, load_recipe

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "demo_smollm2.yaml"
EXAMPLES = 8
"""Examples in an optimiser step of all lines but `packed`."""
PACK = 2048
"""Tokens of a pack: about eight examples with the published instruction."""
CORPUS = 400
"""Sentences in the training split of the demo corpus."""


class Setting(NamedTuple):
    """A line of the table: its title, and the keys that it sets in the recipe."""

    title: str
    keys: dict[str, Any]


_ONE_BY_ONE = {
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": EXAMPLES,
    "train_sampling_strategy": "random",
}
_BY_LENGTH = {
    "per_device_train_batch_size": EXAMPLES,
    "gradient_accumulation_steps": 1,
    "train_sampling_strategy": "group_by_length",
}
_PACKED = {
    "per_device_train_batch_size": 1, "gradient_accumulation_steps": 1, "train_sampling_strategy": "random", "neat_packing": True,
    "cutoff_len": PACK,
}  # fmt: skip
LINES = {
    "published": Setting("LLaMA-Factory as published", _ONE_BY_ONE),
    "batched": Setting("LLaMA-Factory, batch 8 by length", _BY_LENGTH),
    "packed": Setting("LLaMA-Factory, neat_packing", _PACKED),
    "shared": Setting("ours, shared instruction", _ONE_BY_ONE),
    "shared-by-length": Setting("ours, batch 8 by length", _BY_LENGTH),
}
USUAL = ("published", "batched", "packed", "shared")
SHAPES: dict[str, dict[str, int]] = {
    "tiny": {
        "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "vocab_size": 49152,
    },
    "qwen25-7b": {
        "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
        "vocab_size": 152064,
    },
}  # fmt: skip
"""Keys of transformers' `Qwen2Config`, for models with random weights."""


@dataclass(frozen=True, slots=True)
class Job:
    """What all lines have in common.

    Attributes:
        steps: Timed steps of eight examples; one more comes before.
        instruction: `published` or `short`.
        shape: `demo`, or a name in `SHAPES`.
        dtype: Data type of training.
        rank: Rank of the adapter; None for the recipe's.
        overrides: `key=value` words for the recipe.
    """

    steps: int
    instruction: str
    shape: str
    dtype: str
    rank: int | None
    overrides: list[str]


@dataclass(frozen=True, slots=True)
class Run:
    """A training of one line.

    Attributes:
        line: Name of the line.
        seconds: Seconds of its timed steps.
        processor: Seconds of processor time of its timed steps, of all threads together.
        steps: Number of timed steps.
        examples: Number of examples in them.
        tokens: Number of tokens in these examples.
        computed: Number of tokens that went through the model for them.
        memory: Peak of the process's resident memory, on CUDA of the device's memory, in MiB.
        losses: Loss of each step, the first one too.
        threads: Number of threads that torch used.
        device: Name of the GPU, or `cpu`.
    """

    line: str
    seconds: float
    processor: float
    steps: int
    examples: int
    tokens: int
    computed: int
    memory: int
    losses: list[float]
    threads: int
    device: str


@dataclass(slots=True)
class Meter:
    """Counts and times the steps of a training, as a callback of transformers' Trainer sees them."""

    ended: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    features: list[tuple[int, int]] = field(default_factory=list)
    per_step: int = 0
    passed: int = 0

    def begin(self, model: Any, dataloader: Any, per_step: int) -> None:
        """Look at what is collated and at what goes through the embeddings, which every token does once."""
        self.per_step = per_step
        loader = getattr(dataloader, "base_dataloader", dataloader)
        loader.collate_fn = self._counting(loader.collate_fn)
        model.get_input_embeddings().register_forward_pre_hook(self._pass)

    def _pass(self, module: object, inputs: tuple[Any, ...]) -> None:
        self.passed += inputs[0].numel()

    def _counting(self, collate: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
        def counting(features: list[Any]) -> Any:
            """Note examples and tokens of each feature. The mask of a pack numbers its examples from 1 and has 0 at padding."""
            self.features += [(max(f["attention_mask"]), sum(map(bool, f["attention_mask"]))) for f in features]
            return collate(features)

        return counting

    def end_step(self) -> None:
        """Note the end of a step."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.ended.append(time.perf_counter())
        self.processor.append(time.process_time())
        self.computed.append(self.passed)

    def run(self, line: str) -> Run:
        """Return what was measured."""
        import torch

        if len(self.ended) < 2:
            raise LmnError("has no step after the first", line, "give more --steps")
        cuda = torch.cuda.is_available()
        timed = self.features[self.per_step :]
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return Run(
            line, round(self.ended[-1] - self.ended[0], 3), round(self.processor[-1] - self.processor[0], 3), len(self.ended) - 1, sum(examples for examples, _ in timed),
            sum(tokens for _, tokens in timed), self.computed[-1] - self.computed[0],
            int(torch.cuda.max_memory_allocated() / 2**20) if cuda else resident, self.losses, torch.get_num_threads(),
            torch.cuda.get_device_name() if cuda else "cpu",
        )  # fmt: skip


def _watch(meter: Meter) -> None:
    """Give every Trainer of this process a callback that feeds the meter."""
    from transformers import TrainerCallback, trainer

    class Watching(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            per_step = args.per_device_train_batch_size * args.gradient_accumulation_steps
            meter.begin(more["model"], more["train_dataloader"], per_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            meter.end_step()

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **more: Any) -> None:
            if "loss" in logs:
                meter.losses.append(logs["loss"])

    trainer.DEFAULT_CALLBACKS.append(Watching)


def _save_shape(shape: str, dtype: str, tokenizer: str, folder: Path) -> None:
    """Save a configuration and a tokenizer; the weights are drawn when training starts."""
    from transformers import AutoTokenizer, Qwen2Config

    Qwen2Config(**SHAPES[shape], dtype=dtype, tie_word_embeddings=False).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(folder)


def _values(job: Job, line: str, folder: Path) -> dict[str, Any]:
    """Return the recipe of a line."""
    import torch

    recipe = load_recipe(RECIPE, job.overrides)
    rank = job.rank or recipe.values["lora_rank"]
    data = "demo_train" if job.instruction == "published" else "demo.short_train"
    values = {
        **recipe.values, "model_name_or_path": str(Path(recipe.model).resolve()), "lora_rank": rank, "lora_alpha": 2 * rank,
        "dataset": data, "dataset_dir": str(folder / "data"), "output_dir": str(folder / "run"), "num_train_epochs": 1,
        "max_samples": EXAMPLES * (job.steps + 1), "logging_steps": 1, "save_strategy": "no", "plot_loss": False,
        "use_cpu": not torch.cuda.is_available(), "bf16": job.dtype == "bfloat16", **LINES[line].keys,
    }  # fmt: skip
    if job.shape != "demo":
        model = folder / "model"
        _save_shape(job.shape, job.dtype, values["model_name_or_path"], model)
        values |= {"model_name_or_path": str(model), "train_from_scratch": True}
    return values


def _train(job: Job, line: str, folder: Path) -> Run:
    """Convert the demo corpus, and train one line in this process."""
    from llms_meet_ner.data_converters.cli.convert import main as lmn_convert

    words = ["demo", "--out", str(folder / "data")] + ["--variant", "short"] * (job.instruction == "short")
    lmn_convert(words, standalone_mode=False)
    values = _values(job, line, folder)
    meter = Meter()
    _watch(meter)
    if line.startswith("shared"):
        outcome = train(Recipe(folder / "recipe.yaml", values), ProcessOptions())
        if outcome and outcome.fallback:
            raise LmnError(f"shared nothing, so it is no training of ours: {outcome.fallback}", line)
    else:
        from llamafactory.train.tuner import run_exp

        run_exp(values)
    return meter.run(line)


def one_device(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which a process sees the first GPU alone; with several in one process, nothing is shared."""
    seen = environment.get("CUDA_VISIBLE_DEVICES", "0")
    return {**environment, "CUDA_VISIBLE_DEVICES": seen.split(",")[0]}


def _start(job: Job, line: str) -> Run:
    """Run a line in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_json(folder / "job.json", asdict(job))
        done = subprocess.run(
            [sys.executable, __file__, "--child", line, name], capture_output=True, text=True, check=False,
            env={**one_device(os.environ), "HF_HUB_OFFLINE": "1"},
        )  # fmt: skip
        if done.returncode:
            raise LmnError(f"ended with status {done.returncode}: {done.stderr[-1500:]}", line)
        return Run(**read_json(folder / "run.json"))


def _cpu() -> str:
    """Return the name of the CPU as the system gives it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _conditions(job: Job) -> dict[str, Any]:
    packages = ("torch", "transformers", "peft", "llamafactory", "llms-meet-ner")
    return {
        **asdict(job), "cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """All runs of one line, one a round."""

    runs: list[Run]

    def rate(self, name: str, clock: str = "seconds") -> float:
        """Return how many of something pass in a second, or in a second of another time, over all runs."""
        return float(sum(getattr(run, name) for run in self.runs) / sum(getattr(run, clock) for run in self.runs))

    def ratios(self, other: Line) -> list[float]:
        """Return the examples a second as a multiple of the other line's, for each round that both have."""
        rates = zip(self.runs, other.runs)
        return [(run.examples / run.seconds) / (base.examples / base.seconds) for run, base in rates]


def lines_of(runs: Sequence[Run]) -> dict[str, Line]:
    """Return the lines that have runs, in the order of the table."""
    found = {name: [run for run in runs if run.line == name] for name in LINES}
    return {name: Line(taken) for name, taken in found.items() if taken}


_COLUMNS = (
    "training", "examples/step", "steps", "samples/s", "tokens/s", "computed/s", "computed", "MiB", "loss", "speed", "by round", "by processor time"
)  # fmt: skip


def _rows(lines: dict[str, Line]) -> list[list[str]]:
    base = next(iter(lines.values()))
    rows = []
    for name, line in lines.items():
        run = line.runs[0]
        ratios = line.ratios(base)
        rows.append([
            LINES[name].title, f"{run.examples / run.steps:.1f}", str(run.steps), f"{line.rate('examples'):.3f}",
            f"{line.rate('tokens'):,.0f}", f"{line.rate('computed'):,.0f}", f"{run.computed / run.examples:.1f}",
            f"{max(run.memory for run in line.runs):,}", repr(fmean(run.losses)),
            f"{line.rate('examples') / base.rate('examples'):.2f}x", f"{min(ratios):.2f}-{max(ratios):.2f}x",
            f"{line.rate('examples', 'processor') / base.rate('examples', 'processor'):.2f}x",
        ])  # fmt: skip
    return rows


def summary(lines: dict[str, Line], conditions: dict[str, Any]) -> list[str]:
    """Return the lines around the table: what ran where, and the ratios."""
    run = next(iter(lines.values())).runs[0]
    device = f"{conditions['cpu']}, {conditions['cores']} cores, {run.threads} threads"
    if run.device != "cpu":
        device = f"{run.device} ({device})"
    packages = ", ".join(f"{key} {conditions[key]}" for key in ("torch", "transformers", "peft", "llamafactory"))
    model = "SmolLM2-135M" if conditions["shape"] == "demo" else f"random weights, shape {conditions['shape']}"
    rank = f", rank {conditions['rank']}" if conditions["rank"] else ""
    found = [
        f"{model}{rank}, {conditions['dtype']}, {conditions['instruction']} instruction, {run.tokens / run.examples:.1f} tokens an example",
        f"{device}; Python {conditions['python']}, {packages}",
        "steps timed without the first; loss: mean over all steps; speed: samples/s as a multiple of the first line's",
    ]
    for ours, theirs in (
        ("shared", "published"),
        ("shared", "batched"),
        ("shared", "packed"),
        ("shared-by-length", "batched"),
    ):
        if {ours, theirs} <= lines.keys():
            ratio = lines[ours].rate("examples") / lines[theirs].rate("examples")
            found.append(f"{LINES[ours].title}, against {LINES[theirs].title}: {ratio:.2f}x samples/s")
    for ours, theirs in (("shared", "published"), ("shared-by-length", "batched")):
        if {ours, theirs} <= lines.keys():
            pairs = zip(lines[ours].runs[0].losses, lines[theirs].runs[0].losses, strict=True)
            most = max(abs(mine - other) / other for mine, other in pairs)
            found.append(
                f"{LINES[ours].title}: losses differ by at most {most:.1e}, relative, from those of {LINES[theirs].title}"
            )
    return found


def _show(lines: dict[str, Line], conditions: dict[str, Any], folder: Path) -> None:
    cells = Table(_COLUMNS, _rows(lines), numbers=False)
    print_table(cells)
    about = summary(lines, conditions)
    click.echo("\n" + "\n".join(about))
    with atomic_write(folder / "train.md") as file:
        file.write("\n\n".join(about) + f"\n\n{table(cells)}\n")


def _earlier(path: Path, conditions: dict[str, Any] | None) -> tuple[dict[str, Any], list[Run]]:
    """Return the conditions and runs of a file; the conditions must be those given."""
    if not path.is_file():
        raise LmnError("no such file", path, "run without --add first")
    document = read_json(path)
    differing = [key for key, value in (conditions or {}).items() if document["conditions"].get(key) != value]
    if differing:
        raise LmnError(f"was measured with another {', '.join(differing)}", path, "give another --out")
    return document["conditions"], [Run(**run) for run in document["runs"]]


@click.command()
@click.option(
    "--steps",
    type=click.IntRange(1, CORPUS // EXAMPLES - 1),
    default=6,
    show_default=True,
    help="Timed steps of 8 examples.",
)
@click.option("--instruction", type=click.Choice(["published", "short"]), default="published", show_default=True)
@click.option("--lines", "names", default=",".join(USUAL), show_default=True)
@click.option(
    "--rounds", type=click.IntRange(min=0), default=1, show_default=True, help="0: show what the folder holds."
)
@click.option("--add", is_flag=True, help="Add the rounds to those in the folder.")
@click.option(
    "--shape",
    type=click.Choice(["demo", *SHAPES]),
    default="demo",
    show_default=True,
    help="Random weights, but for demo.",
)
@click.option("--dtype", type=click.Choice(["float32", "bfloat16"]), default="float32", show_default=True)
@click.option("--rank", type=click.IntRange(min=1), help="Rank of the adapter. [default: the demo recipe's]")
@click.option("--out", type=click.Path(path_type=Path), default=Path("outputs/train"), show_default=True)
@click.option("--child", nargs=2, hidden=True, help="Run one line in a folder.")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@catch_errors
def main(
    steps: int, instruction: str, names: str, rounds: int, add: bool, shape: str, dtype: str, rank: int | None, out: Path,
    child: tuple[str, str] | None, overrides: tuple[str, ...],
) -> None:  # fmt: skip
    """Time training, one setting after the other."""
    if child:
        folder = Path(child[1])
        write_json(folder / "run.json", asdict(_train(Job(**read_json(folder / "job.json")), child[0], folder)))
        return
    chosen = names.split(",")
    if unknown := [name for name in chosen if name not in LINES]:
        raise LmnError(f"{unknown[0]!r} is not a line", remedy=f"name some of {', '.join(LINES)}")
    job = Job(steps, instruction, shape, dtype, rank, list(overrides))
    conditions, runs = _conditions(job), []
    if add or not rounds:
        conditions, runs = _earlier(out / "train.json", conditions if rounds else None)
    for _ in range(rounds):
        for name in chosen:
            runs.append(_start(job, name))
            document = {"conditions": conditions, "runs": [asdict(run) for run in runs]}
            write_json(out / "train.json", document)
            click.echo("  ".join(_rows(lines_of(runs))[list(lines_of(runs)).index(name)]), err=True)
    _show(lines_of(runs), conditions, out)


if __name__ == "__main__":
    main()
