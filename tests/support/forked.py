"""Command lines in processes of their own that share the import of torch, transformers, peft and LLaMA-Factory, which takes most of their time.

A server process imports them once and does nothing else; each command is a fork of it. So a command has the environment of the first one's start,
and what it is given itself.
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
        returncode: 0 for success; negative for the signal that ended it.
        stdout: all that it printed.
        stderr: likewise.
    """

    returncode: int
    stdout: str
    stderr: str


def run(
    main: str, words: Sequence[str], *, env: Mapping[str, str] | None = None, folder: Path | None = None, timeout: float = 300
) -> Done:  # fmt: skip
    """Run a command to its end.

    Args:
        main: its function, as `package.module:name`.
        words: the command line, the command's name first.
        env: variables to set.
        folder: to run in; by default the working directory.
        timeout: in seconds.
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
    """Start a command; what it prints goes to the files `out` and `err` in `output`."""
    args = (main, list(words), dict(env or {}), str(folder or Path.cwd()), str(output))
    process = _server().Process(target=_command, args=args)
    process.start()
    return process


def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_SHARED])
    return context


def _command(main: str, words: list[str], env: dict[str, str], folder: str, output: str) -> None:
    """Be the command."""
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
