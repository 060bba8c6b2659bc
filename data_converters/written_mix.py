"""Corpora that `lmn-convert mix` wrote: the file that describes one, and the check that its files belong together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import LmnError
from ..files import read_json
from ..generation import check_sha256, known_sha256
from .cards import CARD_FILE

COUNTS_FILE = "mix.json"
"""Name of the file, next to a mix's card, that counts what is in the mix and holds the hashes of its files. It is written last."""
FIRST_LINE = "# Written by lmn-convert mix"
"""Beginning of the card of a mix."""
_BY_HAND = f"to keep files changed by hand, delete {COUNTS_FILE} and the first line of {CARD_FILE}"


def split_file(split: str) -> str:
    """Return the name of the file of a mix's split."""
    return f"{split}.conll"


def is_mix(folder: Path) -> bool:
    """Return whether `lmn-convert mix` wrote the card in a folder."""
    try:
        with (folder / CARD_FILE).open("rb") as file:
            return file.read(len(FIRST_LINE)) == FIRST_LINE.encode()
    except OSError:
        return False


def check_mix(folder: Path, name: str) -> None:
    """Make sure that a file in a mix's folder, and the card, are those that were written together; other folders are not looked at.

    The card is not checked in mixes of earlier versions, which hold only the hashes of the splits.

    Args:
        folder: Folder of corpus files.
        name: Name of the file.

    Raises:
        LmnError: One of the files belongs to another mix, or writing did not come to its end.
    """
    if not is_mix(folder):
        return
    path = folder / COUNTS_FILE
    again = f"write the mix again with lmn-convert mix; or, {_BY_HAND}"
    if not path.is_file():
        raise LmnError(f"writing the mix did not come to its end: there is no {COUNTS_FILE}", folder, again)
    noted = read_json(path, again)
    noted = noted if isinstance(noted, dict) else {}
    if isinstance(noted.get("command"), str):
        again = f"write the mix again: {noted['command']}; or, {_BY_HAND}"
    splits = noted.get("sha256")
    if not isinstance(splits, dict):
        raise LmnError("holds no hashes of the splits", path, again)
    check_sha256(folder / CARD_FILE, noted.get("card_sha256"), COUNTS_FILE, again)
    hashes = {split_file(split): sha256 for split, sha256 in splits.items()}
    if name in hashes:
        check_sha256(folder / name, hashes[name], COUNTS_FILE, again)


@contextmanager
def unchanged_mix(folder: Path) -> Iterator[None]:
    """Make sure, after a block that reads several splits, that a mix's folder still holds the mix that it held before.

    Raises:
        LmnError: The mix was written again meanwhile.
    """
    path = folder / COUNTS_FILE
    before = known_sha256(path) if is_mix(folder) and path.is_file() else None
    yield
    if before is not None and not (path.is_file() and known_sha256(path) == before):
        raise LmnError("the mix was written again while it was read", folder, "repeat the command")
