"""The one way to a terminal: what is printed is masked, and characters that do harm there are escaped."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO, cast

import click
import cloup

from .characters import escaped, shortened
from .masking import keep_environment, keep_words, masked

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress, TaskID

_UP = "\x1b[A"
"""The one control sequence of the progress bars of libraries, in a write of its own; they also begin a line with a carriage return."""


def safe(text: str) -> str:
    """Return a text as it is printed: secrets masked, and harmful characters other than line breaks and tabs escaped."""
    return escaped(masked(text))


def echo(text: object = "", *, err: bool = False) -> None:
    """Print a line for people, with secrets masked and harmful characters escaped; of a very long line, its beginning.

    Args:
        text: The line, or several.
        err: Whether to print it on standard error.
    """
    click.echo(_for_people(str(text)), err=err)


def write_data(text: str) -> None:
    """Write a result on standard output, in UTF-8: for a program exact but for secrets, for a terminal as `echo` prints it."""
    stream = _behind(sys.stdout)
    shown = safe(text) if stream.isatty() else masked(text)
    stream.flush()
    binary = getattr(stream, "buffer", None)
    if binary is None:
        stream.write(shown)
        return
    binary.write(shown.encode("utf-8", "backslashreplace"))
    binary.flush()


def print_rich(shown: RenderableType) -> None:
    """Print a table on standard output: as wide as the terminal, or in full width in a pipe or a file.

    Its cells are printed as they are, so they must be safe.
    """
    width = None if sys.stdout.isatty() else max(80, _console(sys.stdout, 10_000).measure(shown).maximum)
    _console(sys.stdout, width).print(shown)


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Show progress bars on standard error, if that is a terminal, and remove them at the end of the block."""
    shown = sys.stderr.isatty()
    with (
        _bars_class()(console=_console(sys.stderr, None), transient=True, disable=not shown) as bars,
        guarded() if shown else nullcontext(),  # rich has put streams of its own in place, for lines above the bars
    ):
        yield bars


@cache
def _bars_class() -> type[Progress]:
    """Return the class of progress bars with safe descriptions; made when it is first needed, because rich takes long to import."""
    from rich.markup import escape
    from rich.progress import Progress

    class Bars(Progress):
        """Progress bars with safe descriptions."""

        def add_task(self, description: str, *args: Any, **kwargs: Any) -> TaskID:
            """Add a bar; its description is plain text, without rich's markup."""
            return super().add_task(escape(escaped(masked(description), keep="")), *args, **kwargs)

    return Bars


@contextmanager
def guarded() -> Iterator[None]:
    """Mask and escape everything that is written on standard output and standard error in the block.

    This holds for messages of libraries, logs, warnings and click's own errors. A traceback that ends the program is shown likewise.
    """
    streams = sys.stdout, sys.stderr
    ours = tuple(stream and cast(TextIO, _Filter(stream, _printable)) for stream in streams)
    sys.stdout, sys.stderr = ours
    try:
        yield
    except Exception:
        sys.excepthook = _show_traceback
        raise
    finally:
        if sys.stdout is ours[0]:  # click has put another in its place if nobody reads the output any more
            sys.stdout = streams[0]
        if sys.stderr is ours[1]:
            sys.stderr = streams[1]


class GuardedCommand(cloup.Command):
    """A command whose output is guarded, from the reading of its options to its errors; with a class of groups, a group."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command as click does; from now on, the secrets of the environment and of the command line are masked."""
        keep_environment()
        words = kwargs.get("args", args[0] if args else None)
        keep_words(sys.argv[1:] if words is None else words)
        with guarded():
            return super().main(*args, **kwargs)


class _Filter:
    """A text stream that changes what is written to it, and otherwise is the stream behind it.

    It has no `buffer`, so that nobody writes past it. Characters that the stream cannot encode are escaped.
    """

    def __init__(self, behind: TextIO, change: Callable[[str], str]) -> None:
        self._behind = behind
        self._change = change

    def write(self, text: str) -> int:
        """Write a text."""
        if not isinstance(text, str):
            raise TypeError(f"not a text: {type(text).__name__}")
        shown = self._change(text)
        try:
            self._behind.write(shown)
        except UnicodeEncodeError as error:
            self._behind.write(shown.encode(error.encoding, "backslashreplace").decode(error.encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts one after another."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self._behind, name)


def _printable(text: str) -> str:
    """Return what a library writes, made safe; the moves of its progress bars stay."""
    if text and not text.replace(_UP, ""):
        return text
    start = "\r" if text.startswith("\r") else ""
    return start + _for_people(text.removeprefix(start))


def _for_people(text: str) -> str:
    """Return a text made safe, with the beginning of each very long line in its place."""
    return escaped("\n".join(map(shortened, masked(text).split("\n"))))


def _behind(stream: Any) -> TextIO:
    """Return a stream without the filters in front of it."""
    while isinstance(stream, _Filter):
        stream = stream._behind
    return cast(TextIO, stream)


def _console(stream: TextIO, width: int | None) -> Console:
    """Return a console of rich that writes past the filter of a stream, because it moves the cursor by itself."""
    from rich.console import Console

    file = cast(TextIO, _Filter(_behind(stream), str))
    return Console(file=file, width=width, markup=False, emoji=False, highlight=False)


def _show_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show an error of this program as Python does, made safe."""
    echo("".join(traceback.format_exception(kind, error, trace)).rstrip("\n"), err=True)
