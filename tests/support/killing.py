"""Kills a command at a chosen change of the file system, or at any moment.

Every change of a file's name, and every opening of a file to write, is an audit event of Python. A forked child counts these events
below a folder, and kills itself just before the n-th. So each state in which a kill can leave the files, between two system calls, is
met once, without waiting for luck.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
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
    process = os.fork()
    if process:
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        assert status in (0, -by, 128 + by), f"the work ended with status {status}"
        return status != 0
    try:
        _silence()
        left = [number]

        def hear(event: str, arguments: tuple[Any, ...]) -> None:
            if left[0] and _changes(event, arguments, str(folder.resolve())):
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), by)

        sys.addaudithook(hear)
        work()
        os._exit(0)
    except SystemExit as error:
        os._exit(error.code if isinstance(error.code, int) else 1)
    finally:
        os._exit(99)


def each_kill(folder: Path, work: Callable[[], object], by: signal.Signals = signal.SIGKILL) -> Iterator[int]:
    """Kill some work at its first change, its second, and so on; yield after each kill, and end when the work came to its end."""
    number = 1
    while kill_at(number, folder, work, by):
        yield number
        number += 1


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
