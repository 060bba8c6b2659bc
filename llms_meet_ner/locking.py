"""One run at a time: locks on the results that several runs share."""

from __future__ import annotations

import errno
import os
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import LmnError
from .files import LOCK, remove_abandoned
from .terminal import echo

if TYPE_CHECKING:
    from filelock import FileLock

_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
_LONGEST = 300
_warned: set[Path] = set()
_own = threading.local()


def lock_file_of(path: Path) -> Path:
    """Return the lock file of a result: `.dataset_info.json.lmn-lock` lies beside `dataset_info.json`, where that really lies."""
    target = Path(os.path.realpath(path))
    return target.with_name(f".{target.name.lstrip('.')}{LOCK}")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a result for a block, and wait for it if another process has it. It ends with the process, however that ends.

    The lock file stays: removing it would let two processes hold two locks of one name. While it is held, it says by whom, and a
    process that waits prints that. Within a block that holds a lock, the same thread may ask for it again. Without locks on the file
    system, a warning is printed once a folder, and the block runs.

    Args:
        path: File that describes the result: `dataset_info.json`, `run.json`. Its folder is made if it is missing.

    Raises:
        LmnError: The lock file cannot be made, as on a read-only file system.
    """
    file = lock_file_of(path)
    if file in _held():
        yield
        return
    lock, handle = _acquired(path, file)
    if lock is None:
        yield
        return
    _held().add(file)
    try:
        _write(handle, f"{Path(sys.argv[0]).name} (process {os.getpid()} on {platform.node()})")
        yield
    finally:
        _held().discard(file)
        _write(handle, "")
        lock.release()


def _held() -> set[Path]:
    """Return the lock files whose locks this thread holds."""
    held: set[Path] = vars(_own).setdefault("held", set())
    return held


def _acquired(path: Path, file: Path) -> tuple[FileLock | None, int]:
    """Acquire the lock of a result; return it with the descriptor of its file, or None and -1 if the file system has no locks."""
    from filelock import FileLock, Timeout

    handles: list[int] = []
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(file.parent)
        lock = FileLock(file, fallback_to_soft=False, on_acquired=handles.append)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            echo(f"waiting until {_holder(file)} has finished with {path}", err=True)
            lock.acquire()
    except OSError as error:
        if error.errno in _NO_LOCKS:
            _warn(file.parent)
            return None, -1
        raise LmnError(
            f"cannot be written, so the result cannot be locked ({error.strerror or error})", file,
            "name another folder, or get the right to write to this one",
        ) from error  # fmt: skip
    return lock, handles[-1]


def _warn(folder: Path) -> None:
    if folder not in _warned:
        _warned.add(folder)
        echo(f"{folder}: its file system has no locks; let no other command write there meanwhile", err=True)


def _write(handle: int, text: str) -> None:
    with suppress(OSError):  # a full disk: the lock is held all the same
        os.ftruncate(handle, 0)
        os.pwrite(handle, text.encode(errors="replace"), 0)


def _holder(file: Path) -> str:
    """Return who holds a lock, in words."""
    with suppress(OSError):
        return file.read_bytes()[:_LONGEST].decode(errors="replace") or "another process"
    return "another process"
