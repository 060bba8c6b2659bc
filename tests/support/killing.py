"""Kills a command at a chosen change of the file system, or at any moment.

Every change of a file's name, and every opening of a file to write, is an audit event of Python. A forked child counts these events
below a folder, and kills itself just before the n-th. So each state in which a kill can leave the files, between two system calls, is
met once, without waiting for luck.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.symlink", "os.link"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def kill_at(number: int, folder: Path, work: Callable[[], object], by: signal.Signals = signal.SIGKILL) -> bool:
    """Run some work in a forked process, which a signal hits just before its n-th change below a folder.

    Args:
        number: Number of the change, from 1.
        folder: Folder whose changes count.
        work: The work; what it prints is dropped.
        by: The signal.

    Returns:
        Whether the signal was sent; if not, the work came to its end before.

    Raises:
        AssertionError: The work ended with an error without a signal.
    """
    left = [number]
    root = str(folder.resolve())

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if left[0] and _changes(event, arguments, root):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), by)

    def watched() -> None:
        sys.addaudithook(hear)
        work()

    status = os.waitstatus_to_exitcode(os.waitpid(started(watched), 0)[1])
    assert status in (0, -by, 128 + by), f"the work ended with status {status}"
    return status != 0


def kill_after(seconds: float, work: Callable[[], object], by: signal.Signals) -> bool:
    """Run some work in a forked process, and send it a signal after a while; return whether that came before its end."""
    process = started(work)
    time.sleep(seconds)
    os.kill(process, by)  # a process that has ended waits for us, so its number is still its own
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) != 0


def full_disk(size: int, work: Callable[[], object]) -> bool:
    """Run some work in a forked process that cannot write files larger than a size; return whether it failed."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        work()

    return os.waitstatus_to_exitcode(os.waitpid(started(limited), 0)[1]) != 0


def started(work: Callable[[], object]) -> int:
    """Start some work in a forked process, whose output is dropped; return the number of the process."""
    process = os.fork()
    if process:
        return process
    try:
        _silence()
        work()
        os._exit(0)
    except SystemExit as error:
        os._exit(error.code if isinstance(error.code, int) else 1)
    finally:
        os._exit(99)


def _changes(event: str, arguments: tuple[Any, ...], folder: str) -> bool:
    if event not in _CHANGES and not (event == "open" and len(arguments) > 2 and int(arguments[2] or 0) & _WRITING):
        return False
    return any(
        isinstance(path, str | bytes | os.PathLike) and os.path.abspath(os.fsdecode(path)).startswith(folder + os.sep)
        for path in arguments[:2]
    )


def _silence() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(null, stream)
