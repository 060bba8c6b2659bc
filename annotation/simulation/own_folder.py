"""The folder that a simulation makes for its models: it bears a mark, and without the mark nothing in it is removed."""

from __future__ import annotations

from pathlib import Path

from ...errors import LmnError
from ...files import atomic_write, unwritable
from .learner import forget

MARK_FILE = "lmn-simulation.txt"
_TEXT = "lmn-annotate simulate has made this folder, and removes the models in it that are not kept.\n"


def check_own(folder: Path) -> None:
    """Make sure that a folder is a simulation's own, or can become it: it bears the mark, or it is missing or empty.

    Raises:
        LmnError: It holds something else, or is no folder.
    """
    if (folder / MARK_FILE).is_file() or not folder.exists():
        return
    if not folder.is_dir() or folder.is_symlink() or any(folder.iterdir()):
        raise LmnError("holds something that no simulation has made", folder, "name another folder with --out")


def make_own(folder: Path) -> None:
    """Make a folder with the mark.

    Raises:
        LmnError: It holds something that no simulation has made, or cannot be written.
    """
    check_own(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(error, folder) from error
    if not (folder / MARK_FILE).is_file():
        with atomic_write(folder / MARK_FILE) as file:
            file.write(_TEXT)


def forget_own(folder: Path) -> None:
    """Remove a folder that bears the mark; leave any other as it is."""
    if (folder / MARK_FILE).is_file():
        forget(folder)
