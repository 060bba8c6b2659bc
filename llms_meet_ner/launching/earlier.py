"""What an earlier run left in a training's output folder: the training goes on from it, begins, or is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..errors import LmnError, listed
from ..files import read_json, sha256_of, unreadable, write_json
from ..secret_shapes import is_secret_name
from ..students.settings import StudentKeys, trainer_values
from ..students.student_file import NAME_TRAINED, STUDENT_FILE, StudentFile, refuse_exported
from ..training.checkpoints import checkpoint_folders
from ..training.dataset_info import names_of, read_dataset_info
from ..training.logs import TrainerState, has_finished
from ..training.recipe import ADAPTER_CONFIG_FILE, ADAPTER_FILE, Recipe
from .examples import tokens_folder
from .steps import examples_at_once

SETTINGS_FILE = "lmn_train.json"
"""File in the output folder that says with which settings and data a training was begun."""
_WEIGHTS = (
    ADAPTER_FILE, "adapter_model.bin", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)  # fmt: skip
"""Files in an output folder that a training ends with; LLaMA-Factory looks for the same ones."""
_WITHOUT_EFFECT = """
    output_dir overwrite_output_dir overwrite_cache logging_steps logging_strategy logging_dir logging_first_step save_total_limit
    save_only_model plot_loss report_to run_name eval_on_start eval_accumulation_steps dataloader_pin_memory
    disable_gradient_checkpointing resume_from_checkpoint deepspeed ddp_timeout ddp_find_unused_parameters disable_tqdm log_level
    push_to_hub cache_dir dataset_dir tokenized_path per_device_train_batch_size gradient_accumulation_steps
"""
"""Keys that change neither which examples a step has nor what is learnt from them; batch and data are compared as a whole."""
_OF_EVALUATION = "save_strategy save_steps eval_dataset eval_strategy eval_steps per_device_eval_batch_size"
"""Keys that have an effect only if evaluations decide when the training ends, which adapter it keeps or how fast it learns."""
_OF_PACKING = "preprocessing_num_workers preprocessing_batch_size"
"""Keys that have an effect only if examples are packed, which is done in these portions."""
_OF_STREAMING = "dataloader_num_workers"
"""Keys that have an effect only on a stream, of which each worker reads a part."""
_BATCHES = {
    "examples_at_once": "a step had {} examples and has {}",
    "examples_at_once_in_a_process": "a step had {} examples in a process and has {}, which decides what they are grouped with",
    "batch": "the stream was read by another number of processes, or in batches of another size: {}, now {}",
}
"""What is compared of the batches of a step, where it has an effect, and how a difference is told."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a training begins.

    Attributes:
        checkpoint: Folder of the checkpoint that it goes on from; None if it begins anew.
        words: Overrides that make LLaMA-Factory go on from there.
        notes: Lines about what was found, for people.
    """

    checkpoint: Path | None = None
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def beginning(recipe: Recipe, processes: int = 1) -> Beginning:
    """Return where a training begins, after looking at what is in its output folder. Nothing is changed there.

    Raises:
        LmnError: The folder holds a finished adapter or student, or one without checkpoints; no checkpoint is complete; or the earlier run
            had other settings or data.
    """
    folder = recipe.output_dir
    if recipe.values.get("resume_from_checkpoint"):
        return Beginning(
            notes=(f"goes on from {recipe.values['resume_from_checkpoint']}, as resume_from_checkpoint says",)
        )
    if not folder.exists():
        return Beginning()
    if not folder.is_dir():
        raise LmnError("not a folder", folder, "set another one: output_dir=outputs/NAME")
    if recipe.values.get("overwrite_output_dir"):
        return Beginning(notes=(f"overwrite_output_dir is true: what is in {folder} is written over",))
    checkpoints = [
        path for path in checkpoint_folders(folder) if path.is_dir()
    ]  # LLaMA-Factory goes on from the last one
    _refuse_finished(recipe, bool(checkpoints))
    if not checkpoints:
        return Beginning()
    complete = [path for path in checkpoints if TrainerState.read(path)]
    if not complete:
        raise LmnError(
            f"incomplete, and there is no other checkpoint in {folder}", checkpoints[-1],
            f"remove it, or begin anew in another folder: {_other(folder)}",
        )  # fmt: skip
    last = complete[-1]
    notes = [f"goes on from {last}", *_compare(recipe, last, processes)]
    if last == checkpoints[-1]:
        return Beginning(last, notes=tuple(notes))
    notes.append(f"{checkpoints[-1].name} is incomplete and not used")
    return Beginning(last, (f"resume_from_checkpoint={last}",), tuple(notes))


def keep_settings(recipe: Recipe, processes: int = 1) -> None:
    """Write the settings and the data of a training into its output folder, for `beginning` to compare."""
    recipe.output_dir.mkdir(parents=True, exist_ok=True)
    write_json(recipe.output_dir / SETTINGS_FILE, _settings(recipe, processes))


def _refuse_finished(recipe: Recipe, has_checkpoints: bool) -> None:
    """Refuse to write over a finished adapter or student, or an exported one."""
    folder = recipe.output_dir
    refuse_exported(
        folder, "an exported student is there, and it is not written over",
        f"train in another folder: {_other(folder)}; to train it further, {NAME_TRAINED}: model_name_or_path=FOLDER",
    )  # fmt: skip
    found = next((name for name in _WEIGHTS if (folder / name).is_file()), None)
    if found is None or (has_checkpoints and not has_finished(folder)):
        return  # a training that was killed while it saved its adapter saves it again
    kind, key = ("student", "model_name_or_path") if recipe.is_student else ("adapter", "adapter_name_or_path")
    what = (
        "the training there has finished"
        if has_finished(folder)
        else f"{'a' if recipe.is_student else 'an'} {kind} is there, and no checkpoint to go on from"
    )
    raise LmnError(
        f"{what}, and it is not written over", folder / found,
        f"train in another folder: {_other(folder)}; to train this {kind} further: {key}={folder} {_other(folder)}",
    )  # fmt: skip


def _other(folder: Path) -> str:
    return f"output_dir={folder}_2"


def _settings(recipe: Recipe, processes: int) -> dict[str, Any]:
    """Return what decides what a training learns: keys of the recipe, examples of a step, and its data."""
    values = recipe.values
    streams, packs = values.get("streaming"), values.get("packing") or values.get("neat_packing")
    decides = _evaluations_decide(recipe)
    inert = (
        (True, _WITHOUT_EFFECT),
        (not decides, _OF_EVALUATION),
        (not packs, _OF_PACKING),
        (not streams, _OF_STREAMING),
    )
    without = {key for holds, keys in inert if holds for key in keys.split()}
    keys = {key: value for key, value in values.items() if key not in without and not is_secret_name(key)}
    settings = {
        "keys": keys,
        "examples_at_once": examples_at_once(recipe, processes),
        "data": _data_of(recipe, decides),
    }
    if (
        values.get("train_sampling_strategy") == "group_by_length"
        or values.get("average_tokens_across_devices") is False
    ):
        settings["examples_at_once_in_a_process"] = examples_at_once(recipe)
    if streams:
        settings["batch"] = [processes, values.get("per_device_train_batch_size")]
    return settings


def _evaluations_decide(recipe: Recipe) -> bool:
    """Return whether what a training ends with depends on its evaluations. For a student it does by default, if it has any."""
    values = {**trainer_values(recipe, StudentKeys.of(recipe)), **recipe.values} if recipe.is_student else recipe.values
    keys = ("load_best_model_at_end", "early_stopping_steps", "early_stopping_patience")
    return any(values.get(key) for key in keys) or values.get("lr_scheduler_type") == "reduce_lr_on_plateau"


def _data_of(recipe: Recipe, evaluated: bool) -> dict[str, dict[str, Any]]:
    """Return the data sets of a training by name: what LLaMA-Factory is told of each, and the hash of its file or folder.

    The hash is None if the data are not on this machine.

    Args:
        recipe: The recipe.
        evaluated: Whether the data that the training is evaluated on belong to it.
    """
    if folder := tokens_folder(recipe):
        return {str(folder): {"sha256": _hash_of(folder)}}
    info = read_dataset_info(recipe.dataset_dir)
    data = {}
    names = names_of(recipe.values.get("dataset"))
    names += names_of(recipe.values.get("eval_dataset")) if evaluated else ()
    for name in dict.fromkeys(names):
        row = info.get(name)
        entry = row if isinstance(row, Mapping) else {}
        path = recipe.dataset_dir / str(entry.get("file_name"))
        told = {key: value for key, value in entry.items() if key not in ("lmn", "file_name")}
        data[name] = {"sha256": _hash_of(path), **({"entry": told} if told else {})}
    return data


def _hash_of(path: Path) -> str | None:
    """Return the SHA-256 of a file, or of the names and contents of all files in a folder; None if there is neither.

    Raises:
        LmnError: A file cannot be read.
    """
    try:
        if path.is_file():
            return sha256_of(path)
        if not path.is_dir():
            return None
        files = [one for one in sorted(path.rglob("*")) if one.is_file()]
        lines = [f"{sha256_of(one)}  {one.relative_to(path)}" for one in files]
    except OSError as error:
        raise unreadable(error, path) from error
    return sha256("\n".join(lines).encode()).hexdigest()


def _compare(recipe: Recipe, checkpoint: Path, processes: int) -> list[str]:
    """Make sure that an earlier run had the same settings; return what could not be compared, for people.

    Raises:
        LmnError: It had others.
    """
    path = recipe.output_dir / SETTINGS_FILE
    if not path.is_file():
        _compare_model(recipe, checkpoint)
        return ["the run was not begun by lmn-train: only its base model was compared with the recipe's"]
    read, now = read_json(path, f"remove it if {recipe.path} was not changed since"), _settings(recipe, processes)
    before = dict(read) if isinstance(read, Mapping) else {}
    unknown = [name for name, data in now["data"].items() if data["sha256"] is None]
    tokens, noted = str(tokens_folder(recipe)), before.get("data")
    if tokens in now["data"] and not (isinstance(noted, Mapping) and tokens in noted):
        unknown, before["data"] = [tokens], now["data"]  # LLaMA-Factory wrote them when the run began
    differing = list(_differences(before, now))
    if differing:
        raise LmnError(
            f"the run there was begun otherwise: {listed(differing)}", recipe.output_dir,
            f"go back to those, or begin anew in another folder: {_other(recipe.output_dir)}",
        )  # fmt: skip
    return [f"the data of {', '.join(unknown)} were not compared with those that the run began with"] if unknown else []


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences between settings as `key OLD, now NEW`."""
    for group in ("keys", "data"):
        old, new = before.get(group), now[group]
        old = old if isinstance(old, Mapping) else {}
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) == new.get(key):
                continue
            if group == "data":
                yield f"the data of {key} were others"
            else:
                yield f"{key} was {_shown(old, key)} and is {_shown(new, key)}"
    for key, words in _BATCHES.items():
        if before.get(key) != now.get(key):
            yield words.format(before.get(key), now.get(key))


def _shown(values: Mapping[str, Any], key: str) -> str:
    return f"{values[key]!r:.60}" if key in values else "not set"


def _compare_model(recipe: Recipe, checkpoint: Path) -> None:
    """Make sure that the adapter or student of a checkpoint has the base model of the recipe."""
    path = checkpoint / ADAPTER_CONFIG_FILE
    config = read_json(path) if path.is_file() else {}
    base = config.get("base_model_name_or_path") if isinstance(config, Mapping) else None
    if recipe.is_student and (checkpoint / STUDENT_FILE).is_file():
        base = StudentFile.load(checkpoint).model
    if isinstance(base, str) and base != recipe.model:
        raise LmnError(
            f"its {'student was made of' if recipe.is_student else 'adapter is for'} {base}, and the recipe trains {recipe.model}",
            checkpoint,
            f"begin anew in another folder: {_other(recipe.output_dir)}",
        )  # fmt: skip
