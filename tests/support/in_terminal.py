"""Run a command in a real terminal, and say what of it would do more there than be shown."""

from __future__ import annotations

import os
import pty
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_OF_RICH = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|2K|1A)|\r(?=\x1b\[(?:2K|1A))|\r\n")
"""Colours, bars and line ends, which rich and the terminal itself write."""
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def in_terminal(command: Callable[..., Any], *words: str, typed: bytes = b"") -> tuple[int, str]:
    """Run a command in a fork of this process, on a terminal of 200 columns.

    Args:
        command: The command.
        words: Its options and arguments.
        typed: What the user types.

    Returns:
        Exit status, and what was written to the terminal.
    """
    sys.stdout.flush()
    child, terminal = pty.fork()
    if not child:
        _run(command, words)
    if typed:
        os.write(terminal, typed + b"\x04")
    written = b""
    try:
        while block := os.read(terminal, 1 << 16):
            written += block
    except OSError:
        pass  # the command has ended
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), written.decode("utf-8", "surrogateescape")


def _run(command: Callable[..., Any], words: tuple[str, ...]) -> None:
    """Run the command in the fork, and end it without what pytest does at the end of a process."""
    status = 99
    try:
        os.environ |= {"COLUMNS": "200", "TERM": "xterm-256color"}
        os.environ.pop("NO_COLOR", None)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        sys.argv = [Path(sys.argv[0]).name]
        command(list(words), prog_name="lmn")
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def harmful_in(written: str) -> list[str]:
    """Return what would do more than be shown, each with what stands around it."""
    rest = _OF_RICH.sub("", written)
    return [rest[max(0, found.start() - 30) : found.end() + 10] for found in _HARMFUL.finditer(rest)]
