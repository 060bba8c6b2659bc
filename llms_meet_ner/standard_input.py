"""Standard input belongs to the user's text: while a library works, it finds an empty one."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TextIO

_lock = Lock()
_users = 0
_before: TextIO | None = None
_saved: int | None = None


@contextmanager
def kept_from_libraries() -> Iterator[None]:
    """Let standard input be empty until the block ends. What is waiting in it stays there and can be read afterwards.

    A library that asks a question finds the end of the file, in Python (`sys.stdin`, `input()`), in C and in the processes that it
    starts (file descriptor 0). Blocks may be nested, and threads may be in several at once; the last one that ends gives it back.
    """
    global _users  # noqa: PLW0603 - a process has one standard input
    with _lock:
        if not _users:
            _take()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _give_back()


def _take() -> None:
    global _before, _saved  # noqa: PLW0603
    _before, sys.stdin = sys.stdin, io.StringIO()
    with suppress(OSError):  # a closed one has nothing to take
        _saved = os.dup(0)
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        os.close(empty)


def _give_back() -> None:
    global _before, _saved  # noqa: PLW0603
    sys.stdin, _before = _before, None
    if _saved is not None:
        os.dup2(_saved, 0)
        os.close(_saved)
        _saved = None
