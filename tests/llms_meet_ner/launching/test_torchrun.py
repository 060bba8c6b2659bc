"""torchrun without a traceback: a failed process is one line and an exit status."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from llms_meet_ner.launching.torchrun import exit_status, main


def test_a_failed_process_is_one_line_and_its_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

    seen: list[list[str]] = []
    errors: list[Exception] = [
        ChildFailedError("module", {1: ProcessFailure(local_rank=1, pid=7, exitcode=3, error_file="<N/A>")}),
        SignalException("ended", sigval=15),
    ]

    def torchrun(words: list[str]) -> Any:
        seen.append(words)
        raise errors[len(seen) - 1]

    monkeypatch.setattr("torch.distributed.run.main", torchrun)
    monkeypatch.setattr(sys, "argv", ["torchrun", "-m", "module"])
    for status in (3, 143):
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == status
    assert capsys.readouterr().err == "process 1 of the training ended first, with status 3\n"
    assert seen == [["-m", "module"]] * 2


def test_statuses_of_signals() -> None:
    assert (exit_status(1), exit_status(-9)) == (1, 137)
