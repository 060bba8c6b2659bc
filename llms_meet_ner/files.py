"""Files written whole or not at all, JSON errors that name the place, and hashes."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .errors import LmnError


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[str]]:
    r"""Open a text file (UTF-8, `\\n` line ends) that takes its name only when everything is written.

    An earlier file stays if the block raises or the process is killed. Missing folders are made.

    Raises:
        LmnError: The file cannot be written.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise LmnError(f"cannot be written ({error.strerror or error})", path) from error
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def unreadable(error: OSError | UnicodeDecodeError, path: Path, remedy: str | None = None) -> LmnError:
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


def read_json(path: Path, remedy: str | None = None) -> Any:
    """Read a JSON file.

    Args:
        path: The file.
        remedy: Advice for the user if the file is missing or damaged.

    Raises:
        LmnError: The file is missing, not UTF-8 or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(error, path, remedy) from error
    except json.JSONDecodeError as error:
        raise LmnError(f"not JSON ({error.msg})", f"{path}:{error.lineno}", remedy) from error
    except (ValueError, RecursionError) as error:
        raise LmnError(f"cannot be read as JSON ({error})", path, remedy) from error


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
