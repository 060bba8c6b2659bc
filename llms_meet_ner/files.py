"""Files written whole or not at all, JSON errors that name the place, and hashes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

from .errors import LmnError
from .masking import MaskedFile
from .strict_json import parse_json

TEMPORARY = ".lmn-tmp"
"""End of the names of temporary files and folders, which lie beside the file that they become. They begin with a dot."""
LOCK = ".lmn-lock"
"""End of the names of lock files, which begin with a dot, and name of the lock file in a temporary folder."""
_NAME_SHOWN = 40
"""Characters of a file's name that the name of its temporary file repeats: a name has at most 255 bytes."""


class Draft:
    r"""A file under a temporary name. Its writer holds a lock on it, so that others see whether the writer lives.

    A symbolic link stays one: the file that it leads to is replaced. A device or a pipe is written to directly. Missing folders are
    made, and what dead writers left in the folder is removed.

    Args:
        path: Name that the file takes in the end.

    Attributes:
        path: That name.
        file: The open file, UTF-8 with `\n` line ends, in which secrets are masked.
        binary: The same file for bytes, which are written as they are.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._target = Path(os.path.realpath(path))
        self._temporary: Path | None = None
        if self._target.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file() and not path.is_dir():
            handle = os.open(path, os.O_WRONLY)
        else:
            remove_abandoned(self._target.parent)
            handle, self._temporary = _temporary_file(self._target)
        self._file = os.fdopen(handle, "w", encoding="utf-8", newline="\n")
        self._masked = MaskedFile(self._file)
        self.file = cast(IO[str], self._masked)
        self.binary = cast(IO[bytes], self._file.buffer)

    def finish(self) -> None:
        """Bring everything that was written to the disk.

        Raises:
            OSError: The disk is full or broken.
        """
        self._masked.finish()
        self._file.flush()
        if self._temporary:
            os.fsync(self._file.fileno())
            os.fchmod(self._file.fileno(), 0o666 & ~_umask())

    def sha256(self) -> str:
        """Return the hash of what was written, after `finish`."""
        return sha256_of(self._temporary or self.path)

    def remove_earlier(self) -> None:
        """Remove the file that bears the name now, if there is one; a link to it stays."""
        if self._temporary:
            self._target.unlink(missing_ok=True)

    def take_name(self) -> None:
        """Take the name, in place of an earlier file.

        Raises:
            OSError: The name belongs to a folder, or the folder may not be written.
        """
        if self._temporary:
            self._temporary.replace(self._target)
            self._temporary = None
        self._file.close()

    def discard(self) -> None:
        """Remove the temporary file, if it has not taken its name."""
        if self._temporary:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None
        with suppress(OSError):  # what is left in the buffer does not fit on the disk either
            self._file.close()


_LARGEST = 2**30
"""Bytes of the largest file that is read as a whole, unless a reader knows better."""


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[str]]:
    r"""Open a text file (UTF-8, `\\n` line ends) that takes its name only when everything is written, as a `Draft` does.

    An earlier file stays if the block raises or the process is killed. Missing folders are made.

    Raises:
        LmnError: The file cannot be written.
    """
    with _written(path) as draft:
        yield draft.file


@contextmanager
def atomic_write_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for bytes, as `atomic_write` opens one for text.

    Raises:
        LmnError: The file cannot be written.
    """
    with _written(path) as draft:
        yield draft.binary


@contextmanager
def _written(path: Path) -> Iterator[Draft]:
    """Make a draft that takes its name after the block."""
    draft: Draft | None = None
    try:
        draft = Draft(path)
        yield draft
        draft.finish()
        draft.take_name()
    except OSError as error:
        raise unwritable(error, path) from error
    finally:
        if draft:
            draft.discard()


def unwritable(error: OSError, path: Path) -> LmnError:
    """Return the error for a file that cannot be written."""
    return LmnError(f"cannot be written ({error.strerror or error})", path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _temporary_file(target: Path) -> tuple[int, Path]:
    """Make and lock a temporary file beside a file; return its descriptor and path."""
    while True:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:_NAME_SHOWN]}.", suffix=TEMPORARY, dir=target.parent)
        locked = try_lock(handle)
        with suppress(FileNotFoundError):  # whoever looked between the two calls has removed it
            if locked is not False and os.path.samestat(os.stat(name), os.fstat(handle)):
                return handle, Path(name)
        os.close(handle)


def try_lock(handle: int) -> bool | None:
    """Lock an open file without waiting. The lock ends with the process, however that ends.

    Returns:
        Whether the lock is held now; None if the file system or the operating system has no such locks.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files and folders of ours in a folder whose writers are dead. A living writer's lock protects its own."""
    try:
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in entries if entry.name[0] == "." and entry.name.endswith(TEMPORARY)]
    except OSError:
        return
    for path in found:
        with suppress(OSError):  # somebody else's, or gone in the meantime
            _remove_if_abandoned(path)


def _remove_if_abandoned(path: Path) -> None:
    kind = path.lstat().st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        return
    lock, create = (path / LOCK, os.O_CREAT) if stat.S_ISDIR(kind) else (path, 0)
    handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | create)
    try:
        if try_lock(handle):
            shutil.rmtree(path) if stat.S_ISDIR(kind) else path.unlink()
    finally:
        os.close(handle)


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """Make a folder in a folder, for files that move to it in the end; it is removed after the block, or after the writer's death.

    It holds a lock file, `LOCK`, which is not to be moved.

    Args:
        target: Folder in which the temporary one is made; made if it is missing.

    Raises:
        LmnError: The folder cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        remove_abandoned(target)
        handle, folder = _locked_folder(target)
    except OSError as error:
        raise unwritable(error, target) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _locked_folder(target: Path) -> tuple[int, Path]:
    """Make a folder in another and lock it; return the descriptor of its lock file, and its path."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=".", suffix=TEMPORARY, dir=target))
        with suppress(FileNotFoundError):  # whoever looked in between has removed it
            handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            if try_lock(handle) is not False and (folder / LOCK).exists():
                return handle, folder
            os.close(handle)


def unreadable(error: OSError | ValueError, path: Path, remedy: str | None = None) -> LmnError:
    """Return the error for a file that cannot be read; the system's words for it do not repeat the path."""
    if isinstance(error, FileNotFoundError):
        return LmnError("no such file", path, remedy)
    reason = error.strerror if isinstance(error, OSError) else None
    return LmnError(f"cannot be read ({reason or error})", path, remedy)


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, indented and with a newline at its end."""
    with atomic_write(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=2)
        file.write("\n")


def read_json(path: Path, remedy: str | None = None, most: int = _LARGEST) -> Any:
    """Read a JSON file (UTF-8, with a byte order mark or without), as `parse_json` does.

    Args:
        path: The file.
        remedy: Advice for the user if the file is missing or damaged.
        most: Largest size, in bytes.

    Raises:
        LmnError: The file is missing, too large, not UTF-8 or not JSON.
    """
    try:
        text = _bounded(path, most, remedy).decode("utf-8-sig")
    except (OSError, ValueError) as error:  # the latter: not UTF-8, or no path at all
        raise unreadable(error, path, remedy) from error
    try:
        return parse_json(text)
    except json.JSONDecodeError as error:
        raise LmnError(f"not JSON ({error.msg})", f"{path}:{error.lineno}", remedy) from error
    except ValueError as error:
        raise LmnError(f"cannot be read as JSON ({error})", path, remedy) from error


def _bounded(path: Path, most: int, remedy: str | None) -> bytes:
    """Return the bytes of a file, unless it is larger; a device or a pipe has no size before it is read."""
    content = bytearray()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content += block
            if len(content) > most:
                raise LmnError(f"larger than {most:,} bytes, which no such file is", path, remedy)
    return bytes(content)


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_once(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a large file, read again by this process only if its size or time of change is another."""
    found = path.stat()
    return _sha256_at(path.absolute(), found.st_size, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=64)
def _sha256_at(path: Path, size: int, changed: int, inode: int) -> str:
    return sha256_of(path)
