"""Paths that a card, a mix or a search names: they stay inside a folder that the user chose, links followed."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..characters import harmful_in
from ..errors import LmnError

_MARKS = re.compile(r"://|::")
"""Marks of addresses, and of the chains of addresses that libraries take for paths."""
_CACHE_FOLDER, _CACHE_FILES = "snapshots", "blobs"
"""Folders of the Hub's cache: the files of a snapshot are links to the files that all snapshots share."""


def fault_of(value: str) -> str | None:
    """Return what is wrong with a path in a file, as far as its text shows; None if it is relative and without `..`."""
    if harmful := harmful_in(value):
        return f"a path with {harmful} in it"
    if _MARKS.search(value):
        return "an address and not a path"
    if os.path.isabs(value) or value.startswith("~") or "\\" in value or ".." in Path(value).parts:
        return "a path that may lead anywhere: it is absolute, or has .., ~ or a backslash in it"
    return None


def leads_out(path: Path, folder: Path) -> bool:
    """Return whether a path, with links followed, lies outside of a folder that it should lie in."""
    target, root = (Path(os.path.realpath(place)) for place in (path, folder))
    roots = [root]
    if root.parent.name == _CACHE_FOLDER:
        roots.append(root.parent.parent / _CACHE_FILES)
    return not any(target.is_relative_to(place) for place in roots)


def inner_path(folder: Path, value: str, remedy: str) -> Path:
    """Return the path of a file or folder that a file of others names.

    Args:
        folder: Folder that it goes on from, chosen by the user.
        value: Path in that folder. It need not exist.
        remedy: Advice on how to name another folder.

    Raises:
        LmnError: The path is absolute, an address, has `..` or a control character in it, or a link leads out of the folder.
    """
    if fault := fault_of(value):
        raise LmnError(fault, value, remedy)
    path = folder / value
    if leads_out(path, folder):
        raise LmnError(f"a link that leads out of {folder}", path, remedy)
    return path


def named_path(value: str, near: Path | None, remedy: str, ending: str = "") -> Path | None:
    """Return the first path that exists of those that a word may mean; None if there is none.

    Args:
        value: The word, as a file or the command line gives it.
        near: Folder of the file that has the word: the path starts there or in the working directory, and stays inside. None if the
            user gave it, so that it may lead anywhere.
        remedy: Advice on how to name a path elsewhere.
        ending: Name of a file inside that is meant where the path is a folder; empty for none.

    Raises:
        LmnError: The word of a file leads out of both folders.
    """
    if near is not None and (fault := fault_of(value)):
        raise LmnError(fault, value, remedy)
    for folder in [Path()] if near is None else [near, Path()]:
        for path in [folder / value / ending, folder / value] if ending else [folder / value]:
            if os.path.isfile(path) or (not ending and os.path.isdir(path)):
                if near is not None and leads_out(path, folder):
                    raise LmnError(f"a link that leads out of {folder}", path, remedy)
                return path
    return None
