"""The trainer with two processes that exchange gradients by themselves, without DeepSpeed.

What it does in one process and under DeepSpeed, tests/recipes/test_sharing.py compares with LLaMA-Factory.
"""

from pathlib import Path

import pytest
from sharing_runs import Runs, check_equal

pytest.importorskip("llamafactory")
pytestmark = [pytest.mark.slow, pytest.mark.verify]  # make train-check has DeepSpeed's way


def test_two_processes_add_up_their_rows_and_exchange_them_once(tmp_path: Path) -> None:
    runs = Runs("Qwen3", tmp_path)
    runs.add("plain", shared=False)
    runs.add("cut", shared=True, tokens_per_row=300)
    outcomes = runs.run(processes=2)
    assert outcomes["cut"]["fallback"] is None
    assert outcomes["cut"]["rows"] > outcomes["cut"]["steps"]
    check_equal(runs.differences("cut", 0))
    check_equal(runs.differences("cut", 1))
