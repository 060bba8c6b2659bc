"""Adapters without a recipe: what lies beside the weights says which base model they are for, and which prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..files import read_json
from ..prompting.spec import PROMPT_SPEC_FILE, PromptSpec
from ..training.recipe import ADAPTER_FILE, Recipe

CONFIG_FILE = "adapter_config.json"
_MODEL_CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter, on this machine.

    Attributes:
        folder: holds `adapter_config.json` and `adapter_model.safetensors`.
        base: Hub id or folder of the base model.
        spec: the prompt that it answers to, with its chat template.
        name: as the user gave it, a folder or a Hub id.
        revision: of a Hub id the commit that was taken; None for a folder.
    """

    folder: Path
    base: str
    spec: PromptSpec
    name: str
    revision: str | None = None

    def recipe(self, output_dir: Path) -> Recipe:
        """Return what a prediction run needs to know of a recipe, where there is only the adapter.

        It names no training data. On CUDA, `--dtype auto` is as the base model was saved.

        Args:
            output_dir: the folder of results.

        Raises:
            LmnError: the base model's `config.json` is damaged.
        """
        assert self.spec.template is not None  # find_adapter has seen to it
        values: dict[str, Any] = {
            "model_name_or_path": self.base,
            "template": self.spec.template.name,
            "output_dir": str(output_dir),
        }
        saved = _saved_dtype(self.base)
        values |= {key: True for key, dtype in (("bf16", "bfloat16"), ("fp16", "float16")) if saved == dtype}
        return Recipe(Path(self.name), values, self)


def find_adapter(
    name: str,
    base: str | None = None,
    prompt: Path | None = None,
    *,
    revision: str | None = None,
    otherwise: Callable[[], PromptSpec] | None = None,
) -> Adapter:
    """Find an adapter, downloading it if need be; make sure that its base model is within reach.

    Args:
        name: a folder or a Hub id.
        base: the base model; None for the one that `adapter_config.json` names.
        prompt: a `prompt_spec.json`; None for the one beside the adapter.
        revision: branch, tag or commit of a Hub id; None for its main branch.
        otherwise: gives the prompt, with its template, where none lies beside the adapter and none is named.

    Raises:
        LmnError: there is no such adapter or base model, a file is missing or damaged, the prompt has no chat template, or a revision
            is named of a folder; and what `otherwise` raises.
    """
    files = (CONFIG_FILE, ADAPTER_FILE, PROMPT_SPEC_FILE)
    folder = _folder_of(name, files, name, "name another, or go online", revision)
    for file in (CONFIG_FILE, ADAPTER_FILE):
        if not (folder / file).is_file():
            raise LmnError(
                f"{folder / file}: no such file; an adapter is a folder that training has written, or a Hub id"
            )
    path = prompt or folder / PROMPT_SPEC_FILE
    spec = otherwise() if otherwise and not prompt and not path.is_file() else _prompt_at(path)
    base = base or _base_of(folder)
    _folder_of(base, (_MODEL_CONFIG,), f"{base}, the base model of {folder}", "name another with --base MODEL")
    return Adapter(folder, base, spec, name, None if Path(name).is_dir() else folder.name)


def _prompt_at(path: Path) -> PromptSpec:
    if not path.is_file():
        raise LmnError(
            f"{path}: no such file; lmn-predict writes it beside the adapter of its recipe, or name one with --prompt FILE"
        )
    spec = PromptSpec.load(path)
    if spec.template is None:
        raise LmnError(f"{path}: names no chat template; lmn-predict with the adapter's recipe writes one that does")
    return spec


def _folder_of(name: str, files: Sequence[str], what: str, remedy: str, revision: str | None = None) -> Path:
    """Return a folder; of a Hub id that of its snapshot, named by its commit, in which no more than these files are made sure of."""
    if Path(name).is_dir():
        if revision:
            raise LmnError(f"{what}: a folder, and --revision {revision} is for a Hub id; leave it out")
        return Path(name)
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError
    except ImportError as error:
        raise LmnError(f"{what}: no such folder, and a Hub id needs huggingface_hub ({error}); {remedy}") from error
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(files)))
    except HFValidationError as error:
        raise LmnError(f"{what}: no such folder, nor a Hub id, which is OWNER/NAME; {remedy}") from error
    except OSError as error:
        reason = str(error).strip().split("\n")[0]
        raise LmnError(f"{what}: no such folder, and as a Hub id it cannot be fetched ({reason}); {remedy}") from error


def _base_of(folder: Path) -> str:
    config = read_json(folder / CONFIG_FILE, remedy="copy the adapter again")
    base = config.get("base_model_name_or_path") if isinstance(config, dict) else None
    if not isinstance(base, str) or not base:
        raise LmnError(f"{folder / CONFIG_FILE}: base_model_name_or_path names no model; name one with --base MODEL")
    return base


def _saved_dtype(base: str) -> str | None:
    """Return the data type that a base model's `config.json` names; None where it names none."""
    path = _folder_of(base, (_MODEL_CONFIG,), base, "name another with --base MODEL") / _MODEL_CONFIG
    config = read_json(path, remedy="copy the model again") if path.is_file() else {}
    dtype = (config.get("dtype") or config.get("torch_dtype")) if isinstance(config, dict) else None
    return dtype if isinstance(dtype, str) else None
