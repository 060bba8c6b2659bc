"""Models that are used without the recipe of their training: an adapter, a whole model or a student, in a folder or on the Hub."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import LmnError, listed
from ..files import read_json
from ..hub_client import hub_folder
from ..prompting.spec import PROMPT_SPEC_FILE, PromptSpec
from ..students.student_file import STUDENT_FILE, is_student
from ..terminal import echo
from ..training.adapter_config import missing_weights, read_adapter_config
from ..training.recipe import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from .options import SystemOptions
from .student import Student, StudentPlace
from .system import NamedModel

MODEL_CONFIG_FILE = "config.json"
OUTPUTS = "outputs"
_NAME_BASE = "name another with --base MODEL"
_STUDENT_FILES = ("*.json", "*.safetensors", "*.onnx", "*.txt", "*.model")
"""Files of a student on the Hub that are fetched: configuration, weights, vocabularies."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Location of an adapter, a whole model or a student on this machine.

    Attributes:
        name: Folder or Hub id, as the user gave it.
        folder: Folder that holds the files.
        is_whole: Whether it is a whole model, such as an adapter merged into its base; otherwise it is an adapter.
        commit: Commit of a Hub id; None for a folder.
        results_folder: Folder for its results.
        is_student: Whether it is an encoder student, which reads no prompt.
    """

    name: str
    folder: Path
    is_whole: bool
    commit: str | None
    results_folder: Path
    is_student: bool = False

    def student(self, options: SystemOptions, **prompts: object) -> Student:
        """Return the student as a system.

        Args:
            options: Options of the system.
            **prompts: Values of command-line options about prompts, by the option's name; None for one that is not given.

        Raises:
            LmnError: The options are not for a student, or one about prompts is given.
        """
        for option, value in prompts.items():
            if value is not None:
                raise LmnError("a student, which reads no prompt", self.name, f"leave --{option} out")
        model = NamedModel(self.name, self.commit)
        return Student(StudentPlace(self.name, self.folder, self.results_folder, model=model), options)

    @property
    def prompt_file(self) -> Path:
        """Place of the prompt next to the weights; a model of others may lack the file."""
        return self.folder / PROMPT_SPEC_FILE


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """An adapter or a whole model with all that its answers need.

    Attributes:
        name: Folder or Hub id, as the user gave it.
        spec: Prompt that it answers to, with its chat template.
        base: Hub id or folder of the base model; for a whole model, its own.
        adapter: Folder of the adapter; None for a whole model.
        revision: Commit of a Hub id; None for a folder.
        results_folder: Folder for its results.
    """

    name: str
    spec: PromptSpec
    base: str
    adapter: Path | None
    revision: str | None
    results_folder: Path


def find_model(
    name: str, base: str | None = None, prompt: Path | None = None, *, revision: str | None = None
) -> ModelFiles:
    """Find an adapter or a whole model with its prompt and its base model.

    Args:
        name: Folder or Hub id.
        base: Base model of the adapter; None for the one that `adapter_config.json` names.
        prompt: A `prompt_spec.json`; None for the one next to the weights.
        revision: Branch, tag or commit of a Hub id; None for its main branch.

    Raises:
        LmnError: `locate_model`, `read_prompt` or `with_base` fails.
    """
    return model_files(locate_model(name, base, revision), base, prompt)


def model_files(found: ModelFolder, base: str | None = None, prompt: Path | None = None) -> ModelFiles:
    """Add prompt and base model to what was found.

    Args:
        found: Folder of an adapter or a whole model.
        base: Base model of the adapter; None for the one that `adapter_config.json` names.
        prompt: A `prompt_spec.json`; None for the one next to the weights.

    Raises:
        LmnError: It is a student, which reads no prompt; or `read_prompt` or `with_base` fails.
    """
    if found.is_student:
        raise LmnError("a student, which reads no prompt", found.name, "name an adapter or a merged model")
    return with_base(found, read_prompt(prompt or found.prompt_file), base)


def locate_model(name: str, base: str | None = None, revision: str | None = None) -> ModelFolder:
    """Find the folder of an adapter, a whole model or a student, downloading an adapter or a student if name is a Hub id.

    Args:
        name: Folder or Hub id.
        base: Base model that the user named; None if they named none.
        revision: Branch, tag or commit of a Hub id; None for its main branch.

    Raises:
        LmnError: There is no such model, a file is missing, or a revision is named of a folder or a base of a whole model.
    """
    files = (ADAPTER_CONFIG_FILE, ADAPTER_FILE, PROMPT_SPEC_FILE, MODEL_CONFIG_FILE, STUDENT_FILE)
    folder = _folder_of(name, files, name, "name another, or go online", revision)
    if is_student(folder):
        return _student(name, base, revision, folder)
    whole = (folder / MODEL_CONFIG_FILE).is_file() and not (folder / ADAPTER_CONFIG_FILE).is_file()
    if whole and base:
        raise LmnError("a whole model, and --base is for an adapter", name, "leave it out")
    if not whole:
        remedy = "name a folder that training has written, a folder with a merged model, or a Hub id of either"
        if not (folder / ADAPTER_CONFIG_FILE).is_file():
            raise LmnError("no such file", folder / ADAPTER_CONFIG_FILE, remedy)
        if not (folder / ADAPTER_FILE).is_file():
            raise missing_weights(folder, "no such file", remedy)
    commit = None if Path(name).is_dir() else folder.name
    return ModelFolder(name, folder, whole, commit, results_folder_of(name, revision))


def _student(name: str, base: str | None, revision: str | None, folder: Path) -> ModelFolder:
    """Return a student that was found in a folder, with all its files if name is a Hub id."""
    if base:
        raise LmnError("a student, and --base is for an adapter", name, "leave it out")
    commit = None if Path(name).is_dir() else folder.name
    if commit:
        folder = _folder_of(name, _STUDENT_FILES, name, "name another, or go online", commit)
    return ModelFolder(name, folder, True, commit, results_folder_of(name, revision), is_student=True)


def read_prompt(path: Path) -> PromptSpec:
    """Read a prompt with its chat template.

    Raises:
        LmnError: The file is missing or damaged, or names no chat template.
    """
    if not path.is_file():
        raise LmnError(
            "no such file", path,
            "lmn-predict writes it next to the adapter of its recipe, or name one with --prompt FILE",
        )  # fmt: skip
    spec = PromptSpec.load(path)
    if spec.template is None:
        raise LmnError("names no chat template", path, "lmn-predict with the adapter's recipe writes one that does")
    return spec


def with_base(found: ModelFolder, spec: PromptSpec, base: str | None = None) -> ModelFiles:
    """Add the base model to what was found, after making sure that it is within reach.

    Args:
        found: Folder of the adapter or the whole model.
        spec: Prompt that it answers to, with its chat template.
        base: Base model of the adapter; None for the one that `adapter_config.json` names.

    Raises:
        LmnError: There is no such base model, or the adapter names none or has a configuration that is refused.
    """
    if found.is_whole:
        return ModelFiles(found.name, spec, found.name, None, found.commit, found.results_folder)
    config = read_adapter_config(found.folder)
    config.check_weights()
    if base is None and config.base is None:
        raise LmnError("base_model_name_or_path names no model", config.path, "name one with --base MODEL")
    base = base or _base_of(found, config.base or "")
    _folder_of(base, (MODEL_CONFIG_FILE,), f"{base}, the base model of {found.folder}", _NAME_BASE)
    return ModelFiles(found.name, spec, base, found.folder, found.commit, found.results_folder)


def _base_of(found: ModelFolder, named: str) -> str:
    """Return the base model that an adapter names: as it is named, or a folder of that relative path that lies near the adapter.

    Training names a base by its path in the working directory. From elsewhere, it is looked for below the adapter's folder and the folders
    around it.

    Raises:
        LmnError: Several folders have that path.
    """
    if found.commit or Path(named).is_absolute() or Path(named).is_dir():
        return named
    folder = found.folder.resolve()
    near = {(place / named).resolve(): None for place in (folder, *folder.parents) if _holds_model(place / named)}
    if len(near) > 1:
        raise LmnError(
            f"its base model, {named}, may be {listed([str(path) for path in near])}", found.folder, "name one with --base MODEL"
        )  # fmt: skip
    for path in near:
        echo(f"{found.name}: its base model, {named}, is {path}", err=True)
    return str(next(iter(near), named))


def _holds_model(folder: Path) -> bool:
    return (folder / MODEL_CONFIG_FILE).is_file() and not (folder / ADAPTER_CONFIG_FILE).is_file()


def results_folder_of(name: str, revision: str | None) -> Path:
    """Return the folder for the results of a model: `outputs/` and its name, `--` for each `/`, after `@` a revision asked for.

    A folder inside `outputs` keeps its results there, next to those of its recipe.
    """
    parts = PurePosixPath(os.path.normpath(name).replace(os.sep, "/")).parts
    parts = parts[1:] if len(parts) > 1 and parts[0] == OUTPUTS else parts
    shown = "--".join(part for part in parts if part not in ("/", "..")) or "adapter"
    return Path(OUTPUTS) / (shown + (f"@{revision.replace('/', '--')}" if revision else ""))


def saved_dtype(model: str) -> str | None:
    """Return the data type that a model's `config.json` names; None if it names none.

    Raises:
        LmnError: The model is missing, or the file is damaged.
    """
    path = _folder_of(model, (MODEL_CONFIG_FILE,), model, _NAME_BASE) / MODEL_CONFIG_FILE
    config = read_json(path, remedy="copy the model again") if path.is_file() else {}
    dtype = (config.get("dtype") or config.get("torch_dtype")) if isinstance(config, dict) else None
    return dtype if isinstance(dtype, str) else None


def _folder_of(name: str, files: Sequence[str], what: str, remedy: str, revision: str | None = None) -> Path:
    """Return the local folder, downloading the files if name is a Hub id; the folder is then named by its commit."""
    if Path(name).is_dir():
        if revision:
            raise LmnError(f"a folder, and --revision {revision} is for a Hub id", what, "leave it out")
        return Path(name)
    return hub_folder(name, files, what, remedy, revision=revision)
