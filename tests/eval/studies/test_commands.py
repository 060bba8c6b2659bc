"""The commands of a study: shown, run in this environment, and failures that say which."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.eval.studies.commands import run_command

PYTHON = Path(sys.executable).name
WRITE = "import os, sys; open('out.txt', 'w').write(repr((sys.argv[1:], os.environ['HF_HUB_OFFLINE'])))"


def test_a_command_is_shown_as_it_can_be_typed_and_run_offline(
    workdir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    run_command(PYTHON, "-c", WRITE, "a b", Path("c/d"), "")
    assert Path("out.txt").read_text() == repr((["a b", "c/d", ""], "1"))
    shown = capsys.readouterr().out
    assert shown.startswith(f"$ {PYTHON} -c ")
    assert shown.endswith(" 'a b' c/d ''\n")


def test_the_output_of_a_command_goes_through(capfd: pytest.CaptureFixture[str]) -> None:
    run_command(PYTHON, "-c", "import sys; print('told'); print('warned', file=sys.stderr)")
    told = capfd.readouterr()
    assert told.out.endswith("told\n")
    assert told.err == "warned\n"


@pytest.mark.parametrize("status", [1, 3])
def test_a_command_that_fails_is_named_with_its_status(status: int) -> None:
    with pytest.raises(LmnError) as caught:
        run_command(PYTHON, "-c", f"raise SystemExit({status})")
    error = caught.value
    assert (error.what, error.where, error.remedy) == (f"ended with status {status}", PYTHON, "see its output above")
