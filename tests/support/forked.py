"""Runs commands in processes of their own that share the import of torch, transformers, peft and LLaMA-Factory.

The import takes most of the time of a command. So a server process imports them once and does nothing else, and each command is a
fork of it. A command therefore has the environment in which the first one was started, and the variables that it gets itself.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

_SHARED = ("llamafactory.train.tuner", "peft", "llms_meet_ner.cli.predict")


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended.

    Attributes:
        returncode: 0 for success, or the negative number of the signal that ended it.
        stdout: Everything that it printed to standard output.
        stderr: Everything that it printed to standard error.
    """

    returncode: int
    stdout: str
    stderr: str


def run(
    main: str, words: Sequence[str], *, env: Mapping[str, str] | None = None, folder: Path | None = None, timeout: float = 300
) -> Done:  # fmt: skip
    """Run a command to its end.

    Args:
        main: Function of the command, as `package.module:name`.
        words: Command line; the name of the command comes first.
        env: Environment variables to set.
        folder: Folder to run in; the working directory if None.
        timeout: Seconds after which it is killed.
    """
    with tempfile.TemporaryDirectory() as name:
        output = Path(name)
        process = start(main, words, output, env=env, folder=folder)
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"{' '.join(words)} has run for {timeout} s")
        return Done(process.exitcode, *((output / stream).read_text(errors="replace") for stream in ("out", "err")))


def start(
    main: str, words: Sequence[str], output: Path, *, env: Mapping[str, str] | None = None, folder: Path | None = None
) -> BaseProcess:  # fmt: skip
    """Start a command. What it prints goes to the files `out` and `err` in `output`."""
    args = (main, list(words), dict(env or {}), str(folder or Path.cwd()), str(output))
    process = _server().Process(target=_command, args=args)
    process.start()
    return process


def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_SHARED])
    return context


def _command(main: str, words: list[str], env: dict[str, str], folder: str, output: str) -> None:
    """Run the command, in its own process."""
    os.environ.update(env)
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(output) / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    sys.argv = list(words)
    module, _, function = main.partition(":")
    try:
        getattr(import_module(module), function)()
    except SystemExit:
        raise
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
