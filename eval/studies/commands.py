"""The commands of a study, run as a user would type them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from ...errors import LmnError
from ...terminal import echo


def run_command(*words: str | Path) -> None:
    """Run a command of this environment, after showing it; its output goes through, and its standard input is empty.

    Raises:
        LmnError: The command failed.
    """
    name, *arguments = map(str, words)
    echo(f"$ {shlex.join([name, *arguments])}")
    command = [str(Path(sys.executable).parent / name), *arguments]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    code = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False).returncode
    if code:
        raise LmnError(f"ended with status {code}", name, "see its output above")
