"""Generate the recipes of the six Turkish runs from the table `recipes/turkish/runs.csv`.

python recipes/turkish/generate.py            writes recipes/turkish/run1.yaml to run6.yaml
python recipes/turkish/generate.py --check    exits with 1 if a file differs from the table
"""

from __future__ import annotations

import csv
from pathlib import Path

import click

from llms_meet_ner.cli.options import catch_errors
from llms_meet_ner.errors import LmnError
from llms_meet_ner.files import atomic_write
from llms_meet_ner.terminal import GuardedCommand, echo

FOLDER = Path("recipes/turkish")
TABLE = "runs.csv"
_COLUMNS = ("run", "model_name_or_path", "lora_rank", "lora_alpha", "max_steps", "num_train_epochs", "learning_rate")
_MEMORY = {
    "google/gemma-2b": "One GPU with 12 GB",
    "google/gemma-3-1b-pt": "One GPU with 8 GB",
    "google/gemma-3-4b-pt": "One GPU with 16 GB",
}
_UNSHARED = """\
#   Gemma 3 from 4B on has a processor of images, for which LLaMA-Factory takes a mean of the losses of batches: lmn-train says so, shares
#   no tokens, and takes as long as the plain way.
"""
_WITH_PROCESSOR = ("google/gemma-3-4b-pt",)
_RECIPE = """\
# Run {run} of "Fine-Tuning and Evaluation of Instruction-Tuned LLMs for Turkish NER": {name}, rank {lora_rank}, {max_steps} steps.
# Generated from runs.csv: change the table, then run python recipes/turkish/generate.py.
#
# Prerequisites
#   pip install -e '.[train,qlora]'
#   accept the licence of {model_name_or_path} on the Hub, and log in with a token: hf auth login
#   lmn-convert mix data_converters/mixes/turkish.yaml
#   lmn-convert data/mixes/turkish
# Commands
#   lmn-train recipes/turkish/run{run}.yaml
#   lmn-eval --recipe recipes/turkish/run{run}.yaml --split test
#   lmn-train recipes/turkish/run{run}.yaml seed=43 output_dir=outputs/turkish_run{run}_seed43
#   The plain way to the same adapter:
#   llamafactory-cli train recipes/turkish/run{run}.yaml
{unshared}# Hardware
#   {memory} and bfloat16 (an estimate, not measured).
# Result ({result})
#   {max_steps} steps of 8 sentences are {sentences:,} sentences, a small part of the mix: do not take the score as a benchmark. Use
#   recipes/turkish/gemma3_4b.yaml. Rank, alpha, steps, epochs, learning rate and 4 bits come from the study. It does not name batch size,
#   schedule or type of quantisation, or say whether the smaller models are instruct models. These are our choice, and so are the label
#   maps of the mix.

model_name_or_path: {model_name_or_path}
template: gemma # for Gemma 3 too: gemma3 would add a blank image to every batch; on text the token ids are the same

quantization_method: bnb
quantization_bit: 4
quantization_type: nf4
double_quantization: true
# use_unsloth: true # faster on one GPU; needs pip install unsloth, which asks for its own versions of torch and transformers

stage: sft
do_train: true
finetuning_type: lora
lora_rank: {lora_rank}
lora_alpha: {lora_alpha}
lora_target: all
freeze_vision_tower: true # with these two keys, lora_target: all covers the language model only; only Gemma-3-4B has other parts
freeze_multi_modal_projector: true

dataset: turkish_train
dataset_dir: data/alpaca
cutoff_len: 2048
preprocessing_num_workers: 4

output_dir: outputs/turkish_run{run}
overwrite_output_dir: false # a second run resumes from the last checkpoint or refuses; for a fresh start, set another output_dir
logging_steps: 10
save_strategy: steps
save_steps: {save_steps}
save_total_limit: 3
plot_loss: true
report_to: none

max_steps: {max_steps} # this decides: if max_steps is above 0, epochs are ignored
num_train_epochs: {num_train_epochs} # as published; max_steps ends the run long before
learning_rate: {learning_rate}
lr_scheduler_type: cosine
warmup_steps: 0.1 # a value below 1 is a ratio
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
bf16: true
seed: 42
"""


def generate(table: Path) -> dict[str, str]:
    """Return the text of each recipe by file name.

    Args:
        table: CSV file with the columns `run`, `model_name_or_path`, `lora_rank`, `lora_alpha`, `max_steps`, `num_train_epochs` and
            `learning_rate`. Values are copied into the recipes unchanged.

    Raises:
        LmnError: The table cannot be read or has other columns, or a row lacks a value or names a model of unknown size.
    """
    try:
        with table.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LmnError(f"cannot be read ({error})", table) from error
    if tuple(reader.fieldnames or ()) != _COLUMNS:
        found = ", ".join(reader.fieldnames or ())
        raise LmnError(f"the columns are {found}", f"{table}:1", f"they must be {', '.join(_COLUMNS)}")
    recipes: dict[str, str] = {}
    for line, row in enumerate(rows, 2):
        if None in row or not all(row.values()):
            raise LmnError("not one value for each column", f"{table}:{line}", f"write {len(_COLUMNS)} values")
        if row["model_name_or_path"] not in _MEMORY or not row["max_steps"].isdigit():
            remedy = f"models are {', '.join(_MEMORY)}; max_steps is a whole number"
            raise LmnError("unknown model, or max_steps is not a number", f"{table}:{line}", remedy)
        recipes[f"run{row['run']}.yaml"] = _recipe(row)
    return recipes


def _recipe(row: dict[str, str]) -> str:
    steps = int(row["max_steps"])
    best = (
        "published, best of the six: F1 0.18 on B-LOCATION and on B-PERSON; not run here"
        if row["run"] == "6"
        else "not run here"
    )
    model = row["model_name_or_path"]
    name = model.removeprefix("google/").removesuffix("-pt")
    return _RECIPE.format(
        **row,
        unshared=_UNSHARED if model in _WITH_PROCESSOR else "",
        name=name,
        memory=_MEMORY[model],
        sentences=8 * steps,
        save_steps=min(steps // 2, 500),
        result=best,
    )


@click.command(cls=GuardedCommand)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file differs from the table.")
@catch_errors
def main(check: bool) -> None:
    """Write the recipes of the six Turkish runs from recipes/turkish/runs.csv. Run it in the root of a checkout."""
    for name, text in generate(FOLDER / TABLE).items():
        path = FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            raise LmnError(
                f"differs from {FOLDER / TABLE}", path, "run python recipes/turkish/generate.py to write it again"
            )
        with atomic_write(path) as file:
            file.write(text)
        echo(path)


if __name__ == "__main__":
    main()
