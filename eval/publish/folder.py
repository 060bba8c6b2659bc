"""The folder that is published: weights, tokenizer, prompt, recipe, log and card."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...characters import harmful_in
from ...errors import LmnError
from ...files import LOCK, TEMPORARY, atomic_write, read_json, sha256_of, temporary_folder, write_json
from ...generation import move_files, remove_files
from ...locking import locked
from ...prompting.spec import PROMPT_SPEC_FILE, PromptSpec
from ...rendering.plot import save_plot
from ...students.student_file import StudentFile
from ...systems.local import LocalSystem
from ...systems.serve_command import CHAT_TEMPLATE_FILE, chat_template
from ...training.adapter_config import read_adapter_config
from ...training.logs import LOG_FILE, PLOT_FILE, TrainingLog
from ...training.recipe import ADAPTER_CONFIG_FILE, Recipe, keep_prompt
from .base_model import Licence, adapter_folder, base_licence, public_base
from .card import card_text
from .corpus import training_data
from .hyperparameters import write_recipe
from .publication import Publication
from .rescoring import write_runs
from .scored import read_scored
from .secrets import check_folder
from .usage import RECIPE_FILE
from .weights import PublishedWeights, write_adapter, write_merged

CARD_FILE = "README.md"
MANIFEST = ".lmn-publish.json"
_TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "chat_template.jinja",
)  # fmt: skip
_OWN_TEMPLATE = "chat_template.jinja"
_TOKENIZER_CONFIG = "tokenizer_config.json"
_OF_THE_MACHINE = ("is_local", "local_files_only", "name_or_path", "cache_dir", "token", "use_auth_token")


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """Choice of what goes into the folder.

    Attributes:
        repo: Repository that the card names, `OWNER/NAME`.
        splits: Splits whose scores the card shows; empty for all.
        base: Hub id of the base model; None for the recipe's.
        licence: Licence as the Hub lists it; None for the base model's.
        keep_float32: Whether to leave the weights in float32 instead of rounding them to bfloat16.
        merged: Whether to write the whole model, with the adapter merged into it.
        corpus_text: Whether the card may show a sentence of the training data.
        allowed: Keys of the recipe that are published besides those that describe the training.
        not_secret: Places that hold no secret, although it looks so, as `FILE:LINE`.
    """

    repo: str
    splits: tuple[str, ...] = ()
    base: str | None = None
    licence: str | None = None
    keep_float32: bool = False
    merged: bool = False
    corpus_text: bool = True
    allowed: tuple[str, ...] = ()
    not_secret: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Built:
    """A folder that is ready for upload.

    Attributes:
        folder: Path of the folder.
        files: Names of the files to upload, sorted; other files in the folder do not belong to it.
        published: Contents of the card.
    """

    folder: Path
    files: tuple[str, ...]
    published: Publication

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum((self.folder / name).stat().st_size for name in self.files)


def build(system: LocalSystem, training: Recipe, options: BuildOptions, out: Path) -> Built:
    """Build the folder of a system's adapter. The adapter's own folder gets a `prompt_spec.json` if it lacks one.

    Args:
        system: Adapter to publish, with its prompt and the folder of its results.
        training: Recipe of its training, for the card: hyperparameters, log and training data.
        options: Choice of what goes into the folder.
        out: Path of the folder, which does not exist, is empty, or was built by an earlier call, which may have been killed.

    Raises:
        LmnError: The adapter or one of its files is missing or damaged, it was trained on another model or with another prompt
            than the recipe says, the base model has no public name, `out` holds other files, or a file would hold something like a secret.
    """
    if not training.is_trained:
        raise LmnError("no adapter there", training.weights_file, f"train it with lmn-train {training.path}")
    base = public_base(system, options.base)
    return put_folder(out, options.not_secret, lambda new: _fill(system, training, options, base, new))


def put_folder(out: Path, not_secret: Sequence[str], fill: Callable[[Path], Publication]) -> Built:
    """Fill a folder, search it for secrets, and let its files take their names in another one.

    Args:
        out: The other folder, which does not exist, is empty, or was built by an earlier call.
        not_secret: Places that hold no secret, although it looks so, as `FILE:LINE`.
        fill: Writes all files into an empty folder, and returns the contents of the card.

    Raises:
        LmnError: `out` holds files of others, or a file would hold something like a secret.
    """
    check_ours(out)
    with locked(out / MANIFEST), temporary_folder(out) as new:
        published = fill(new)
        files = tuple(
            sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file() and path.name != LOCK)
        )
        check_folder(new, files, not_secret)
        write_json(new / MANIFEST, {name: sha256_of(new / name) for name in files})
        _put(new, out, files)
    return Built(out, files, published)


def _put(new: Path, out: Path, files: Sequence[str]) -> None:
    """Let files take their names in a folder. At every moment a manifest lists all files that may be there, so the next call goes on."""
    earlier = _earlier_files(out)
    write_json(out / MANIFEST, dict.fromkeys([*earlier, *files]))
    remove_files(out, [name for name in earlier if name not in files])
    move_files(new, out, [*files, MANIFEST])


def check_ours(out: Path) -> None:
    """Make sure that a folder is missing, empty, or was built by `build`. A folder of others gets no lock file either.

    Raises:
        LmnError: The folder holds files of others.
    """
    _earlier_files(out)


def _earlier_files(out: Path) -> Sequence[str]:
    """Return the names of the files that an earlier call left in a folder.

    Raises:
        LmnError: The folder holds files, but no call left them.
    """
    if not out.exists() or (out.is_dir() and all(path.name.endswith((LOCK, TEMPORARY)) for path in out.iterdir())):
        return ()
    if not (out / MANIFEST).is_file():
        raise LmnError("not empty, and not written by lmn-publish", out, "name another folder with --out DIR")
    manifest = read_json(out / MANIFEST, remedy="delete the folder, or name another with --out DIR")
    return [name for name in manifest if _is_inside(name)] if isinstance(manifest, dict) else []


def _is_inside(name: str) -> bool:
    """Return whether a name is that of a file in the folder or below it, with `/` between the parts."""
    parts = name.split("/")
    return not {"", ".", ".."} & set(parts) and "\\" not in name and harmful_in(name) is None


def _fill(system: LocalSystem, training: Recipe, options: BuildOptions, base: str, new: Path) -> Publication:
    """Write all files into a folder, and return the contents of the card."""
    source, spec = adapter_folder(system), system.full_prompt()
    keep_prompt(spec, source)
    spec.save(new / PROMPT_SPEC_FILE)
    assert spec.template is not None  # full_prompt adds it
    copy_tokenizer(source, new, "adapter")
    for name in (CHAT_TEMPLATE_FILE, *([_OWN_TEMPLATE] if options.merged else [])):
        with atomic_write(new / name) as file:
            file.write(chat_template(spec.template))
    weights = _write_weights(system, options, base, new)
    licence = Licence(options.licence, of_base=False) if options.licence else base_licence(base, system.weights().base)
    return write_facts(new, training, options, base, spec, weights, licence, system.results_folder)


def write_facts(
    new: Path, training: Recipe, options: BuildOptions, base: str, spec: PromptSpec, weights: PublishedWeights, licence: Licence | None,
    results: Path, student: StudentFile | None = None,
) -> Publication:  # fmt: skip
    """Write what stands beside the weights: recipe, log, published runs and the card; return the contents of the card.

    Args:
        new: Folder that is built.
        training: Recipe of the training.
        options: Choice of what goes into the folder.
        base: Public name of the base model.
        spec: Prompt of the adapter; for a student, the prompt spec of its data.
        weights: Published weights.
        licence: Licence; None if no file names one.
        results: Folder of the scored runs.
        student: What a student answers and how it reads; None for an adapter or a merged model.

    Raises:
        LmnError: A file is missing or damaged.
    """
    write_recipe(new / RECIPE_FILE, training, base, options.allowed)
    log = TrainingLog.read(training.output_dir)
    plot = copy_log(training.output_dir, new, log)
    data = training_data(training, spec, corpus_text=options.corpus_text)
    scored = read_scored(results, weights.trained_sha256, options.splits, data.other_splits)
    published = Publication(
        options.repo, training, base, spec, data, scored, log, weights, licence, plot, options.allowed, student,
        *write_runs(scored.runs, base, new),
    )  # fmt: skip
    with atomic_write(new / CARD_FILE) as file:
        file.write(card_text(published))
    return published


def _write_weights(system: LocalSystem, options: BuildOptions, base: str, new: Path) -> PublishedWeights:
    adapter, keep = adapter_folder(system), options.keep_float32
    if options.merged:
        trust = system.options.trust_remote_code
        return write_merged(system.weights().base, adapter, new, keep_float32=keep, trust_remote_code=trust)
    written = write_adapter(adapter, new, keep_float32=keep)
    config = read_adapter_config(adapter)
    config.check_weights()
    write_json(new / ADAPTER_CONFIG_FILE, {**config.values, "base_model_name_or_path": base})
    return written


def copy_tokenizer(source: Path, new: Path, kind: str) -> None:
    """Copy the tokenizer that training saved, without the keys of its configuration that describe the machine.

    Args:
        source: Folder of the training.
        new: Folder to write into.
        kind: What training saved it next to: `adapter` or `student`.

    Raises:
        LmnError: The tokenizer is missing.
    """
    there = [name for name in _TOKENIZER if (source / name).is_file()]
    if _TOKENIZER_CONFIG not in there:
        raise LmnError("no such file", source / _TOKENIZER_CONFIG, f"training saves the tokenizer next to the {kind}")
    for name in there:
        shutil.copyfile(source / name, new / name)
    config: Any = read_json(source / _TOKENIZER_CONFIG, remedy=f"copy the {kind}'s folder again")
    if isinstance(config, dict):
        write_json(new / _TOKENIZER_CONFIG, {key: value for key, value in config.items() if key not in _OF_THE_MACHINE})


def copy_log(source: Path, new: Path, log: TrainingLog) -> bool:
    """Copy the log and the plot of the loss, draw the plot if it is missing, and return whether the folder has one."""
    if (source / LOG_FILE).is_file():
        shutil.copyfile(source / LOG_FILE, new / LOG_FILE)
    if (source / PLOT_FILE).is_file():
        shutil.copyfile(source / PLOT_FILE, new / PLOT_FILE)
        return True
    lines = {
        "training": [(point.step, point.loss) for point in log.points if point.loss is not None],
        "evaluation": [(point.step, point.eval_loss) for point in log.points if point.eval_loss is not None],
    }
    known = {name: line for name, line in lines.items() if line}
    return bool(known) and save_plot(new / PLOT_FILE, known, "loss")
