r"""Compares decoding speeds: LLaMA-Factory's own prediction, plain `generate`, and our decoders.

    python tests/benchmarks/decode.py --recipe recipes/demo_smollm2.yaml --split testb --sentences 32 --out FOLDER

Each line of the table runs in a process of its own, one after the other, with the same sentences, adapter and prompt. With
several rounds, all lines run once, then all again, and the shortest time of each line counts. Times are times of generation without
loading; LLaMA-Factory's is the running time that it writes itself. `passes` counts the passes in which a sentence takes part,
`computed` the tokens that go through the model for a sentence, with its prompt. `pass` is what a pass costs by itself, in tokens,
as our decoder measured it. `faithful` is the share of outputs in which no word of the sentence is lost, changed or added. The table
goes to the terminal; `decode.json`, `decode.md` and `decode.png` (passes against entities and against length) go to the folder.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import yaml

from llms_meet_ner.alignment import EXACT
from llms_meet_ner.cli.options import catch_errors
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.decoding.requests import Request
from llms_meet_ner.errors import LmnError
from llms_meet_ner.eval.evaluate import read_gold
from llms_meet_ner.eval.scoring.counts import score
from llms_meet_ner.eval.scoring.predictions import read_predictions
from llms_meet_ner.files import atomic_write, read_json, write_json
from llms_meet_ner.formats import get_format
from llms_meet_ner.prompting.spec import PromptSpec
from llms_meet_ner.prompting.templates import encode_prompt
from llms_meet_ner.rendering.markdown import table
from llms_meet_ner.rendering.tables import Table, print_table
from llms_meet_ner.sentence import Sentence
from llms_meet_ner.systems.local import recipe_weights, training_guesser
from llms_meet_ner.training.dataset_info import sibling
from llms_meet_ner.training.recipe import Recipe, load_recipe, recipe_prompt

FACTORY = "LLaMA-Factory"
OURS = ("generate", "free", "constrained", "copying", "marked-up")
DTYPES = ("float32", "bfloat16")
_PROPOSALS = {"constrained": "none", "copying": "copy", "marked-up": "marked"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        method: Name of the decoder.
        batch: Number of sentences decoded together.
        dtype: Data type of the weights.
        seconds: Seconds of generation.
        passes: Mean number of passes for a sentence.
        written: Mean number of output tokens for a sentence.
        computed: Mean number of tokens through the model for a sentence; None if not known.
        memory: Peak of the process's resident memory, on CUDA of the device's memory, in MiB.
        f1: Strict micro F1.
        faithful: Share of faithful outputs.
        by_sentence: (tokens of the sentence, entities written, passes) for each sentence.
        pass_tokens: Cost of a pass by itself, in tokens; None if not measured.
        pass_seconds: Seconds of a pass by itself, and of a token; None if not measured.
    """

    method: str
    batch: int
    dtype: str
    seconds: float
    passes: float
    written: float
    computed: float | None
    memory: int
    f1: float
    faithful: float
    by_sentence: list[tuple[int, int, int]]
    pass_tokens: float | None = None
    pass_seconds: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What all lines have in common."""

    recipe: Recipe
    spec: PromptSpec
    sentences: list[Sentence]
    data: str


def _job(recipe_path: Path, overrides: Sequence[str], split: str, source: Path | None, number: int) -> Job:
    recipe = load_recipe(recipe_path, overrides)
    if not recipe.is_trained:
        raise LmnError("no adapter there", recipe.output_dir, "train it first")
    entry = recipe.train_entry()
    gold = read_gold(load_card(entry.card), split, entry.source_folder(entry.corpus, source))
    sentences = gold.sentences[:number]
    return Job(
        recipe, recipe_prompt(recipe, recipe.output_dir), sentences, sibling(recipe.dataset_dir, entry, split).name
    )


def _line(
    job: Job, method: str, batch: int, dtype: str, seconds: float, outputs: list[str], passes: list[int], **more: Any
) -> Line:
    fmt = get_format(job.spec.format, nested=job.spec.nested)
    alignments = [fmt.parse(text, s.tokens, job.spec.labels) for text, s in zip(outputs, job.sentences, strict=True)]
    faithful = [a.status == EXACT or set(a.reasons) <= {"respaced"} for a in alignments]
    rows = [(len(s.tokens), len(a.spans), p) for s, a, p in zip(job.sentences, alignments, passes, strict=True)]
    return Line(
        method=method, batch=batch, dtype=dtype, seconds=round(seconds, 2), passes=round(sum(passes) / len(passes), 2),
        f1=round(score(job.sentences, alignments, nested=job.spec.nested).micro.f1, 4),
        faithful=round(sum(faithful) / len(faithful), 4), by_sentence=rows, **more,
    )  # fmt: skip


def _ours(job: Job, method: str, batch: int, dtype: str) -> Line:
    """Generate with one of our decoders in this process."""
    import torch

    from llms_meet_ner.decoding.model import load_model
    from llms_meet_ner.decoding.pretrained import load_pretrained

    weights = recipe_weights(job.recipe, job.recipe.output_dir)
    loaded = load_model(weights, job.spec, dtype)  # type: ignore[arg-type]
    if method == "generate":  # with the linear layers of torch
        loaded = replace(loaded, model=load_pretrained(weights, dtype).to(loaded.device).eval())  # type: ignore[arg-type]
    prompts = [encode_prompt(loaded.tokenizer, job.spec, sentence.text) for sentence in job.sentences]
    lengths = [len(loaded.tokenizer.encode(sentence.text)) for sentence in job.sentences]
    requests = [
        Request(prompt, s.tokens, 3 * length + 32) for prompt, s, length in zip(prompts, job.sentences, lengths)
    ]
    order = sorted(range(len(requests)), key=lambda item: -len(prompts[item]))
    generator = _generator(job, method, loaded)
    outputs, passes = [""] * len(order), [0] * len(order)
    started = time.perf_counter()
    if method != "generate":
        generator.prepare(prompts)
    for start in range(0, len(order), batch):
        items = order[start : start + batch]
        for item, output in zip(items, generator.generate([requests[item] for item in items])):
            outputs[item] = output.text
        if method in _PROPOSALS:
            for item, count in zip(items, generator.last_passes):
                passes[item] = count
    seconds = time.perf_counter() - started
    written = [len(loaded.tokenizer.encode(text, add_special_tokens=False)) for text in outputs]
    more: dict[str, Any] = {"written": round(sum(written) / len(order), 1), "computed": None}
    if method in _PROPOSALS:
        more |= {
            "written": round(generator.cost.steps / len(order), 1),
            "computed": round(generator.cost.computed / len(order), 1),
            "pass_tokens": generator.pass_cost.tokens, "pass_seconds": generator.pass_cost.seconds,
        }  # fmt: skip
    else:
        passes = [count + 1 for count in written]  # the stop token takes a pass too
    return _line(job, method, batch, dtype, seconds, outputs, passes, memory=_memory(torch), **more)


def _generator(job: Job, method: str, loaded: Any) -> Any:
    from llms_meet_ner.decoding.constrained import ConstrainedGenerator
    from llms_meet_ner.decoding.greedy import GreedyGenerator

    if method not in _PROPOSALS:
        return GreedyGenerator(loaded)
    guesser = training_guesser(job.recipe, job.spec)
    return ConstrainedGenerator(loaded, job.spec, guesser=guesser, proposals=_PROPOSALS[method])  # type: ignore[arg-type]


def _memory(torch: Any) -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated() / 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _llamafactory(job: Job, batch: int, dtype: str) -> Line:
    """Predict with LLaMA-Factory as published: `do_predict`, `predict_with_generate`, greedy; in bfloat16 if it is told so."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(job.recipe.model)
    with tempfile.TemporaryDirectory() as folder:
        keys = ("model_name_or_path", "template", "cutoff_len", "use_cpu", "bf16", "fp16", "trust_remote_code")
        values = {key: job.recipe.values[key] for key in keys if key in job.recipe.values} | {
            "stage": "sft", "do_predict": True, "predict_with_generate": True, "do_sample": False, "finetuning_type": "lora",
            "adapter_name_or_path": str(job.recipe.output_dir), "dataset_dir": str(job.recipe.dataset_dir),
            "eval_dataset": job.data, "max_samples": len(job.sentences), "per_device_eval_batch_size": batch,
            "max_new_tokens": 256, "output_dir": folder, "report_to": "none", "preprocessing_num_workers": 1,
        } | ({"bf16": True, "fp16": False} if dtype == "bfloat16" else {})  # fmt: skip
        recipe = Path(folder) / "predict.yaml"
        recipe.write_text(yaml.safe_dump(values))
        done = subprocess.run(
            [Path(sys.executable).parent / "llamafactory-cli", "train", recipe],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LmnError(f"prediction failed: {done.stderr[-1500:]}", "LLaMA-Factory")
        seconds = read_json(Path(folder) / "predict_results.json")["predict_runtime"]
        rows = read_predictions(Path(folder) / "generated_predictions.jsonl", job.sentences).rows
        outputs = [row.output for row in rows]
    written = [len(tokenizer.encode(text, add_special_tokens=False)) for text in outputs]
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    mean = round(sum(written) / len(written), 1)
    passes = [count + 1 for count in written]
    return _line(job, FACTORY, batch, dtype, seconds, outputs, passes, written=mean, computed=None, memory=memory)


def _best(lines: Sequence[Line], method: str, dtype: str) -> Line | None:
    return min(_of(lines, method, dtype), key=lambda line: line.seconds, default=None)


def _of(lines: Sequence[Line], method: str, dtype: str) -> list[Line]:
    return [line for line in lines if (line.method, line.dtype) == (method, dtype)]


def _rows(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    count = len(lines[0].by_sentence)
    slowest = next((line for line in lines if line.method == FACTORY and line.batch == 1), lines[0])
    rows = []
    for line in lines:
        computed = "" if line.computed is None else f"{line.computed:.1f}"
        alone = "" if line.pass_tokens is None else f"{line.pass_tokens:.0f}"
        figures = [f"{count / line.seconds:.2f}", f"{slowest.seconds / line.seconds:.1f}x", f"{line.passes:.2f}"]
        figures += [
            f"{line.written:.1f}",
            computed,
            alone,
            f"{line.memory:,}",
            f"{line.f1:.4f}",
            f"{line.faithful:.2f}",
        ]
        rows.append((line.method, str(line.batch), line.dtype, *figures))
    return rows


_COLUMNS = (
    "decoding", "batch", "data type", "sentences/s", "speed", "passes", "written", "computed", "pass", "MiB", "F1", "faithful",
)  # fmt: skip


def _summary(lines: Sequence[Line], job: Job) -> list[str]:
    """Return the lines around the table: the machine and data, and the ratios."""
    found = [
        f"{len(job.sentences)} sentences of {job.data}, {job.recipe.model}, adapter {job.recipe.output_dir.name}; {_machine()}"
    ]
    for dtype in DTYPES:
        marked, stepwise = _best(lines, "marked-up", dtype), _of(lines, "constrained", dtype)
        if marked is None:
            continue
        for theirs in dict.fromkeys((dtype, DTYPES[0])):
            found += _against(lines, marked, theirs)
        if stepwise:
            found.append(f"passes, step by step against marked-up ({dtype}): {stepwise[0].passes / marked.passes:.1f}x")
    return found


def _against(lines: Sequence[Line], marked: Line, theirs: str) -> list[str]:
    """Return how many times as fast our best line is as those of others with a data type."""
    found = []
    names = f"marked-up ({marked.dtype}, batch {marked.batch}) against"
    best, plain = _best(lines, FACTORY, theirs), _best(lines, "generate", theirs)
    for one in _of(lines, FACTORY, theirs):
        if one.batch == 1:
            found.append(f"{names} LLaMA-Factory ({theirs}) at batch 1: {one.seconds / marked.seconds:.1f}x")
    if best is not None:
        found.append(f"... at its best batch size ({best.batch}): {best.seconds / marked.seconds:.1f}x")
    if plain is not None:
        found.append(f"{names} plain generate ({theirs}) at its best batch size: {plain.seconds / marked.seconds:.1f}x")
    return found


def _machine() -> str:
    import os

    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{os.cpu_count()} cores"
    return f"Python {platform.python_version()}, torch {torch.__version__}, {device}, {platform.machine()}"


def _plot(lines: Sequence[Line], path: Path) -> None:
    """Draw passes against entities and against tokens: decoding step by step, and with each kind of proposals."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for method, marker in (("constrained", "x"), ("copying", "+"), ("marked-up", ".")):
        line = next((line for line in lines if line.method == method), None)
        if line is None:
            continue
        name = "step by step" if method == "constrained" else method
        for axis, column in zip(axes, (1, 0)):
            axis.scatter(
                [row[column] for row in line.by_sentence], [row[2] for row in line.by_sentence], s=30, marker=marker, label=name
            )  # fmt: skip
    axes[0].set(xlabel="entities written", ylabel="forward passes", yscale="log")
    axes[1].set(xlabel="tokens of the sentence")
    axes[0].xaxis.get_major_locator().set_params(integer=True)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _write(lines: Sequence[Line], job: Job, folder: Path) -> None:
    write_json(folder / "decode.json", {"summary": _summary(lines, job), "lines": [asdict(line) for line in lines]})
    with atomic_write(folder / "decode.md") as file:
        file.write("\n\n".join(_summary(lines, job)) + "\n\n")
        file.write(f"{table(Table(_COLUMNS, _rows(lines), numbers=False))}\n")
    _plot(lines, folder / "decode.png")


@click.command()
@click.option("--recipe", "recipe_path", type=click.Path(path_type=Path), required=True)
@click.option("--split", default="testb", show_default=True)
@click.option("--source", type=click.Path(path_type=Path), help="Folder of the corpus files.")
@click.option("--sentences", "number", type=click.IntRange(min=1), default=32, show_default=True)
@click.option("--batch-sizes", default="1,8,32", show_default=True, help="LLaMA-Factory runs at 1, too.")
@click.option("--methods", default=",".join((FACTORY, *OURS)), show_default=True, help="Lines of the table.")
@click.option(
    "--dtypes", default="float32", show_default=True, help="Data types of the weights: float32, bfloat16 or both."
)
@click.option("--rounds", type=click.IntRange(min=1), default=1, show_default=True, help="How often all lines run.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("outputs/decode"), show_default=True)
@click.option("--child", nargs=3, hidden=True, help="Run one line: method, batch size and data type.")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@catch_errors
def main(
    recipe_path: Path, split: str, source: Path | None, number: int, batch_sizes: str, methods: str, dtypes: str, rounds: int, out: Path,
    child: tuple[str, str, str] | None, overrides: tuple[str, ...],
) -> None:  # fmt: skip
    """Time decoding, one method and batch size after the other."""
    job = _job(recipe_path, overrides, split, source, number)
    if child:
        method, size, dtype = child[0], int(child[1]), child[2]
        found = _llamafactory(job, size, dtype) if method == FACTORY else _ours(job, method, size, dtype)
        write_json(out, asdict(found))
        return
    best: dict[tuple[str, int, str], Line] = {}
    for key in _keys(methods, batch_sizes, dtypes) * rounds:
        line = _run(*key)
        if key not in best or line.seconds < best[key].seconds:
            best[key] = line
        click.echo("  ".join(_rows([*best.values(), line])[-1]), err=True)
    lines = list(best.values())
    print_table(Table(_COLUMNS, _rows(lines), numbers=False))
    click.echo("\n" + "\n".join(_summary(lines, job)))
    _write(lines, job, out)


def _keys(methods: str, batch_sizes: str, dtypes: str) -> list[tuple[str, int, str]]:
    """Return method, batch size and data type of each line."""
    sizes = sorted({int(size) for size in batch_sizes.split(",")})
    return [
        (method, size, dtype)
        for dtype in dtypes.split(",")
        for method in methods.split(",")
        for size in (sorted({1, *sizes}) if method == FACTORY else sizes)
    ]


def _run(method: str, size: int, dtype: str) -> Line:
    """Run one line in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "line.json"
        words = [*sys.argv[1:], "--child", method, str(size), dtype, "--out", str(result)]
        done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise LmnError(done.stderr[-1500:], f"{method} at batch {size} in {dtype}")
        return Line(**json.loads(result.read_text()))


if __name__ == "__main__":
    main()
