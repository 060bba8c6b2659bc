"""Adapters without a recipe: what lies beside the weights says which base model they are for, and which prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import LmnError
from ..files import read_json
from ..prompts import PROMPT_SPEC_FILE, PromptSpec
from ..recipe import ADAPTER_FILE

CONFIG_FILE = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter, on this machine.

    Attributes:
        folder: holds `adapter_config.json` and `adapter_model.safetensors`.
        base: Hub id or folder of the base model.
        spec: the prompt that it answers to, with its chat template.
    """

    folder: Path
    base: str
    spec: PromptSpec


def find_adapter(name: str, base: str | None = None, prompt: Path | None = None) -> Adapter:
    """Find an adapter, downloading it if need be; make sure that its base model is within reach.

    Args:
        name: a folder or a Hub id.
        base: the base model; None for the one that `adapter_config.json` names.
        prompt: a `prompt_spec.json`; None for the one beside the adapter.

    Raises:
        LmnError: there is no such adapter or base model, a file is missing or damaged, or the prompt has no chat template.
    """
    folder = _folder_of(name, (CONFIG_FILE, ADAPTER_FILE, PROMPT_SPEC_FILE), name, "name another, or go online")
    for file in (CONFIG_FILE, ADAPTER_FILE):
        if not (folder / file).is_file():
            raise LmnError(
                f"{folder / file}: no such file; an adapter is a folder that training has written, or a Hub id"
            )
    path = prompt or folder / PROMPT_SPEC_FILE
    if not path.is_file():
        raise LmnError(
            f"{path}: no such file; lmn-predict writes it beside the adapter of its recipe, or name one with --prompt FILE"
        )
    spec = PromptSpec.load(path)
    if spec.template is None:
        raise LmnError(f"{path}: names no chat template; lmn-predict with the adapter's recipe writes one that does")
    base = base or _base_of(folder)
    _folder_of(base, ("config.json",), f"{base}, the base model of {folder}", "name another with --base MODEL")
    return Adapter(folder, base, spec)


def _folder_of(name: str, files: Sequence[str], what: str, remedy: str) -> Path:
    """Return a folder; of a Hub id that of its snapshot, in which no more than these files are made sure of."""
    if Path(name).is_dir():
        return Path(name)
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError
    except ImportError as error:
        raise LmnError(f"{what}: no such folder, and a Hub id needs huggingface_hub ({error}); {remedy}") from error
    try:
        return Path(snapshot_download(name, allow_patterns=list(files)))
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
