"""The text of a recipe that is sized to a corpus: steps, evaluations and the length at which LLaMA-Factory cuts examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...errors import LmnError
from ...formats import get_format
from ...launching.lengths import Cutoff, SplitLengths
from ...prompting.spec import PromptSpec
from ...sentence import Sentence
from ...training.recipe import Recipe

Device = Literal["gpu", "qlora", "cpu"]
"""What a training runs on: a GPU, a small one with the base model in four bits, or none."""
MODEL = "Qwen/Qwen2.5-7B"
"""Base model of a recipe unless another is named: that of `recipes/qwen25_conll.yaml`."""
_TEMPLATES = {
    "qwen3": "qwen3", "qwen": "qwen", "llama-3": "llama3", "llama3": "llama3", "gemma": "gemma", "mistral": "mistral", "phi-4": "phi4",
    "phi-3": "phi", "smollm2": "default",
}  # fmt: skip
"""LLaMA-Factory's templates, by a part of the name of a model."""
_BATCH = 8
_EPOCHS = ((10_000, 2), (2_000, 3), (500, 5), (0, 10))
"""Epochs, by the least number of sentences."""
_TIMES = 10
_STEP, _SHORTEST = 128, 256
_SPARE = 1.25
"""Room for an example whose tokens are estimated, in proportion."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of a training.

    Attributes:
        examples: Number of training examples.
        epochs: Number of epochs.
        steps: Number of steps in all of them.
        every: Steps between two evaluations and two checkpoints, which come about ten times.
        cutoff: Number of tokens at which LLaMA-Factory cuts an example: none of these is as long.
        cutoff_why: Whether the tokens were counted or estimated.
    """

    examples: int
    epochs: int
    steps: int
    every: int
    cutoff: int
    cutoff_why: str


def sizes_of(sentences: Iterable[Sentence], spec: PromptSpec, model: str, template: str) -> Sizes:
    """Return the sizes of a training on sentences.

    Args:
        sentences: Training sentences, with the labels of the prompt.
        spec: Prompt of the data.
        model: Base model, as the recipe names it.
        template: LLaMA-Factory's template.

    Raises:
        LmnError: LLaMA-Factory does not have the template.
    """
    fmt = get_format(spec.format, nested=spec.nested)
    wanted = Recipe(Path(model), {"model_name_or_path": model, "template": template})
    lengths = SplitLengths(Cutoff.of(wanted, spec))
    for sentence in sentences:
        lengths.add(sentence, fmt.render(sentence, spec.labels))
    estimated = lengths.cutoff.estimated
    why = f"the longest example has {'about ' if estimated else ''}{lengths.longest:,} tokens"
    why += f", estimated: {estimated}" if estimated else f", counted with the tokenizer of {model}"
    room = lengths.longest * (_SPARE if estimated else 1)
    cutoff = max(_SHORTEST, -(-int(room) // _STEP) * _STEP)
    count = lengths.examples
    epochs = next(epochs for least, epochs in _EPOCHS if count >= least)
    steps = max(1, -(-count // _BATCH)) * epochs
    return Sizes(count, epochs, steps, max(1, round(steps / _TIMES)), cutoff, why)


def template_of(model: str) -> str | None:
    """Return LLaMA-Factory's template for a model, by its name; None if the name tells none."""
    return next((template for part, template in _TEMPLATES.items() if part in model.lower()), None)


def recipe_text(
    path: Path, name: str, sizes: Sizes, data: tuple[str, str | None], *, model: str, template: str, device: Device, commands: str
) -> str:  # fmt: skip
    """Return the text of a recipe.

    Args:
        path: File of the recipe.
        name: Name of the corpus, and of the folder under `outputs` that takes the adapter.
        sizes: Sizes of the training.
        data: Data set to train on, and the one to evaluate on; None for none.
        model: Base model.
        template: LLaMA-Factory's template.
        device: What the training runs on.
        commands: Commands that write the data and score the adapter, as comment lines.
    """
    train, dev = data
    evaluation = _EVALUATION.format(dev=dev, every=sizes.every) if dev else ""
    cpu, qlora = device == "cpu", device == "qlora"
    small = ("1.0e-4", 64 if qlora else 32)  # as in qwen25_conll_qlora; rank 32 without four bits is our choice
    rate, rank = ("2.0e-5", 256) if model == MODEL and not qlora else small
    return _RECIPE.format(
        path=path, name=name, model=model, template=template, train=train, rank=rank, alpha=2 * rank, rate=rate,
        device=_CPU if cpu else _GPU, quantization=_FOUR_BITS if qlora else "", hardware=_SMALL_GPU if qlora else _ANY,
        extras="train,qlora" if qlora else "train", batch=_BATCH if cpu else 1, gather=1 if cpu else _BATCH, evaluation=evaluation,
        logging=max(1, sizes.every // 5), commands=commands, examples=f"{sizes.examples:,}", steps=f"{sizes.steps:,}",
        epochs=sizes.epochs, every=sizes.every, cutoff=sizes.cutoff, cutoff_why=sizes.cutoff_why,
    )  # fmt: skip


def check_model(model: str, template: str | None) -> str:
    """Return the template of a recipe.

    Raises:
        LmnError: None is given, and the name of the model tells none.
    """
    found = template or template_of(model)
    if found is None:
        raise LmnError(
            "no template is known for this model", model, "--template names one of LLaMA-Factory's, such as llama3"
        )
    return found


_RECIPE = """\
# A training on {name}. Written by lmn-convert init, sized to {examples} examples: nothing here was tried out, so look at the scores on dev.
#
# Prerequisites
#   pip install -e '.[{extras}]'
{commands}
# Hardware
#   Not measured. {hardware}

model_name_or_path: {model}
template: {template}
{quantization}
stage: sft
do_train: true
finetuning_type: lora
lora_rank: {rank}
lora_alpha: {alpha}
lora_target: all

dataset: {train}
dataset_dir: data/alpaca
cutoff_len: {cutoff} # {cutoff_why}
preprocessing_num_workers: 1

output_dir: outputs/{name}
overwrite_output_dir: false # a second run resumes from the last checkpoint or refuses; for a fresh start, set another output_dir
logging_steps: {logging}
save_strategy: steps
save_steps: {every} # about ten times in {steps} steps
save_total_limit: 3
plot_loss: true
report_to: none

num_train_epochs: {epochs}.0
learning_rate: {rate}
lr_scheduler_type: cosine
warmup_steps: 0.1 # a value below 1 is a ratio
per_device_train_batch_size: {batch}
gradient_accumulation_steps: {gather}
{device}seed: 42
{evaluation}"""
_EVALUATION = """
eval_dataset: {dev}
eval_strategy: steps
eval_steps: {every}
per_device_eval_batch_size: 1
"""
_ANY = "The weights of a model with N billion parameters take 2 N GB in bfloat16; the rest of a training about as much again."
_SMALL_GPU = """Four-bit weights are for one GPU with 16 GB; lmn-recipes show qwen25_conll_qlora has an estimate for 7 billion parameters.
#   For a GPU without bfloat16 (T4, V100), train with the keys bf16=false fp16=true."""
_FOUR_BITS = """
quantization_method: bnb
quantization_bit: 4
quantization_type: nf4
double_quantization: true
"""
_GPU = "bf16: true\n"
_CPU = "use_cpu: true # in float32; take the key out, and write bf16: true, to train on a GPU\n"
