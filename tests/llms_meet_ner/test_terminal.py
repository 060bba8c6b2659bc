"""What is printed is masked and escaped; data for a program is exact but for secrets."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

import click
import pytest
from click.testing import CliRunner

from llms_meet_ner.masking import MASK, keep_secret
from llms_meet_ner.rendering.tables import Table, print_table
from llms_meet_ner.terminal import GuardedCommand, echo, guarded, progress_bars, safe, write_data

HOSTILE = "a\x1b]0;owned\x07\x9b2J\u202eb\rc\u2028d"
SHOWN = "a\\x1b]0;owned\\x07\\x9b2J\\u202eb\\rc\\u2028d"
SECRET = "sk-of-the-terminal-tests"


@pytest.fixture(autouse=True)
def _secret() -> None:
    keep_secret(SECRET)


class Terminal(io.StringIO):
    """Stands in for a terminal."""

    def isatty(self) -> bool:
        return True


@contextmanager
def terminal() -> Iterator[Terminal]:
    """Stand a terminal in for both streams; pytest puts its own there after the fixtures."""
    stream = Terminal()
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = cast(TextIO, stream)
    try:
        yield stream
    finally:
        sys.stdout, sys.stderr = before


def test_a_line_is_masked_and_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    echo(f"{HOSTILE} {SECRET}\tx")
    echo(HOSTILE, err=True)
    echo()
    assert capsys.readouterr() == (f"{SHOWN} {MASK}\tx\n\n", f"{SHOWN}\n")


def test_data_are_exact_for_a_program_but_for_secrets(capfd: pytest.CaptureFixture[str]) -> None:
    write_data(f"{HOSTILE} {SECRET} \ud800 ş\n")
    assert capfd.readouterr().out == f"{HOSTILE} {MASK} \\ud800 ş\n"


def test_data_for_a_terminal_are_escaped() -> None:
    with terminal() as stream, guarded():
        write_data(f"{HOSTILE} {SECRET}\n")
    assert stream.getvalue() == f"{SHOWN} {MASK}\n"


def test_what_libraries_write_is_guarded() -> None:
    with terminal() as stream, guarded():
        print(HOSTILE, SECRET)
        sys.stderr.writelines([HOSTILE, "\n"])
        logging.getLogger("someone.else").warning("%s %s", HOSTILE, SECRET)
        with pytest.raises(TypeError):
            sys.stdout.write(cast(str, b""))
        assert not hasattr(sys.stdout, "buffer")
    shown = stream.getvalue()
    assert SECRET not in shown
    assert not set(shown) & set("\x1b\x9b\x07\r\u202e\u2028")
    assert shown.startswith(f"{SHOWN} {MASK}\n{SHOWN}\n")


def test_progress_bars_of_libraries_still_move() -> None:
    with terminal() as stream, guarded():
        sys.stderr.write("\r 10%")
        sys.stderr.write("\x1b[A\x1b[A")
    assert stream.getvalue() == "\r 10%\x1b[A\x1b[A"


def test_what_a_stream_cannot_encode_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    behind = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(behind, encoding="ascii", write_through=True))
    with guarded():
        echo("Türkçe")
        print_table(Table(("ş",), [("ğ",)]))
    assert behind.getvalue() == b"T\\xfcrk\\xe7e\n\\u015f\n\\u011f\n"


def test_closed_streams_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with guarded():
        echo("nobody reads this")


def test_cells_of_a_table_are_safe_before_they_are_folded() -> None:
    with terminal() as stream:
        print_table(Table(("name", HOSTILE), [(SECRET, HOSTILE * 20)]))
    shown = stream.getvalue()
    assert MASK in shown
    assert "sk-" not in shown
    assert not set(shown) & set("\x9b\x07\r\u202e\u2028")
    assert "\x1b]" not in shown


def test_descriptions_of_bars_and_lines_above_them_are_safe() -> None:
    with terminal() as stream, progress_bars() as bars:
        bars.add_task(f"[red]{HOSTILE} {SECRET}", total=1)
        bars.refresh()
        print(HOSTILE)
        echo(HOSTILE)
    shown = stream.getvalue()
    assert "[red]" in shown
    assert "\x1b]0;owned" not in shown
    assert not set(shown) & set("\x9b\x07\u202e\u2028")
    assert SECRET not in shown


def test_errors_of_click_are_guarded_and_streams_come_back() -> None:
    @click.command(cls=GuardedCommand)
    @click.option("--number", type=int)
    def command(number: int) -> None:
        raise click.ClickException(f"{HOSTILE} {SECRET}")

    before = sys.stdout, sys.stderr
    found = CliRunner().invoke(command, ["--number", HOSTILE])
    assert "\\x1b]0;owned\\x07" in found.stderr
    failed = CliRunner().invoke(command, [])
    assert failed.stderr == f"Error: {SHOWN} {MASK}\n"
    assert (sys.stdout, sys.stderr) == before


def test_a_traceback_is_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    error = RuntimeError(f"{HOSTILE} {SECRET}")
    with pytest.raises(RuntimeError), guarded():
        raise error
    with terminal() as stream:
        sys.excepthook(RuntimeError, error.with_traceback(None), None)
    assert stream.getvalue() == f"RuntimeError: {SHOWN} {MASK}\n"


def test_filters_lie_on_each_other() -> None:
    stream = cast(TextIO, io.StringIO())
    before = sys.stdout
    sys.stdout = stream
    try:
        with guarded(), guarded():
            print(HOSTILE, SECRET)
    finally:
        sys.stdout = before
    assert cast(io.StringIO, stream).getvalue() == f"{SHOWN} {MASK}\n"
    assert safe(f"{HOSTILE} {SECRET}") == f"{SHOWN} {MASK}"
