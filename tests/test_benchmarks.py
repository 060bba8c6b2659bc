"""The benchmarks run: each is started with little to do. Their figures are for people and are not looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT


@pytest.mark.parametrize(
    ("name", "words", "last"),
    [
        ("pipeline", ["--sentences", "200"], "everything held at once"),
        ("growth", ["--sizes", "50,100", "--format", "bracketed"], "bracketed"),
        ("convert", ["--sentences", "50", "--rounds", "1", "--only", "tokens"], "tokens"),
        ("memory", ["--megabytes", "1", "--only", "long prompts"], "long prompts"),
    ],
)
def test_a_benchmark_runs(name: str, words: list[str], last: str, tmp_path: Path) -> None:
    path = os.pathsep.join([str(ROOT / "tests/support"), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(
        [sys.executable, str(ROOT / "tests/benchmarks" / f"{name}.py"), *words], cwd=tmp_path, env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    assert last in result.stdout
