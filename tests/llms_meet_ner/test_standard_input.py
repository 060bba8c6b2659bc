"""While a library works, standard input is empty; afterwards everything is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import os, subprocess, sys, threading
from llms_meet_ner.standard_input import kept_from_libraries

def ask():
    try:
        return input()
    except EOFError:
        return ""

child = [sys.executable, "-c", "import sys; print(repr(sys.stdin.read()), end='')"]
with kept_from_libraries():
    with kept_from_libraries():
        seen = [ask(), sys.stdin.read(), os.read(0, 10), subprocess.run(child, stdout=subprocess.PIPE).stdout]
    entered, leave = threading.Event(), threading.Event()
    def other():
        with kept_from_libraries():
            entered.set()
            leave.wait()
    thread = threading.Thread(target=other)
    thread.start()
    entered.wait()
seen.append(ask())  # the other thread is still in its block
leave.set()
thread.join()
print(seen, sys.stdin.read())
"""


def test_whoever_reads_finds_the_end_and_nothing_is_lost() -> None:
    result = subprocess.run(
        [sys.executable, "-c", _PROGRAM], input="y\nAda left .\n", capture_output=True, text=True, check=True
    )
    assert result.stdout == "['', '', b'', b\"''\", ''] y\nAda left .\n\n"


def test_a_closed_standard_input_stays_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import os, sys; os.close(0); from llms_meet_ner.standard_input import kept_from_libraries\n"
        "with kept_from_libraries(): assert sys.stdin.read() == ''\n"
        "try: os.fstat(0)\nexcept OSError: print('closed')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.stderr) == ("closed\n", "")
