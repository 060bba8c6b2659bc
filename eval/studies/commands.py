"""The commands of a study, run as a user would type them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from ...errors import LmnError
from ...terminal import echo

_PATIENCE = 30.0
"""Seconds that a command has to end after SIGTERM before it is killed."""


def run_command(*words: str | Path) -> None:
    """Run a command of this environment, after showing it; its output goes through, and its standard input is empty.

    Raises:
        LmnError: The command failed.
    """
    name, *arguments = map(str, words)
    echo(f"$ {shlex.join([name, *arguments])}")
    command = [str(Path(sys.executable).parent / name), *arguments]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
    try:
        code = process.wait()
    finally:
        _end(process)
    if code:
        raise LmnError(f"ended with status {code}", name, "see its output above")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command that still runs, as SIGTERM does, so that it cleans up; do nothing if it has ended."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
