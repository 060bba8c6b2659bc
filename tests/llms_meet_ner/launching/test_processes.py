"""One process or torchrun, by the variables of LLaMA-Factory, and all processes end with the command."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.launching import processes
from llms_meet_ner.launching.processes import Torchrun


@pytest.mark.parametrize(
    ("env", "devices", "processes"),
    [
        ({}, 0, 0),
        ({}, 1, 0),
        ({}, 4, 4),
        ({"NPROC_PER_NODE": "2"}, 1, 0),  # LLaMA-Factory heeds it only where it starts several processes
        ({"NPROC_PER_NODE": "2"}, 4, 2),
        ({"FORCE_TORCHRUN": "1"}, 0, 1),
        ({"FORCE_TORCHRUN": "1", "NPROC_PER_NODE": "2"}, 0, 2),
        ({"FORCE_TORCHRUN": "true", "NPROC_PER_NODE": "4", "NNODES": "2"}, 4, 8),
        ({"FORCE_TORCHRUN": "0", "USE_RAY": "1"}, 4, 0),
    ],
)
def test_how_many_processes(env: dict[str, str], devices: int, processes: int) -> None:
    several = Torchrun.of(env, devices)
    assert (several.processes if several else 0) == processes


def test_words_for_several_machines_and_for_elastic_launches() -> None:
    force = {
        "FORCE_TORCHRUN": "1",
        "NNODES": "2",
        "MASTER_ADDR": "first",
        "MASTER_PORT": "29500",
        "NPROC_PER_NODE": "4",
    }
    fixed = Torchrun.of({**force, "NODE_RANK": "1"}, 4)
    assert fixed is not None
    assert fixed.words == (
        "--nproc-per-node=4",
        "--nnodes=2",
        "--node-rank=1",
        "--master-addr=first",
        "--master-port=29500",
    )
    elastic = Torchrun.of({**force, "RDZV_ID": "7", "MIN_NNODES": "1", "MAX_NNODES": "3", "MAX_RESTARTS": "2"}, 4)
    assert elastic is not None
    assert elastic.words == (
        "--nproc-per-node=4", "--nnodes=1:3", "--rdzv-id=7", "--rdzv-backend=c10d", "--rdzv-endpoint=first:29500", "--max-restarts=2",
    )  # fmt: skip


def test_variables_that_are_wrong() -> None:
    with pytest.raises(LmnError, match="NNODES: 'two' is not a whole number; unset it, or set NNODES=1"):
        Torchrun.of({"FORCE_TORCHRUN": "1", "NNODES": "two"}, 1)
    with pytest.raises(LmnError, match="USE_V1: chooses a trainer that lmn-train does not run"):
        Torchrun.of({"USE_V1": "1"}, 1)


FAKE = """
import json, os, subprocess, sys, time
print(json.dumps([sys.argv[1:], os.environ.get("LMN_TRAINING")]), flush=True)
if "hang" in sys.argv:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open("child", "w").write(str(child.pid))
    time.sleep(60)
sys.exit(int(sys.argv[-1]))
"""


@pytest.fixture
def fake_torchrun(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Torchrun:
    (workdir / "fake").mkdir()
    (workdir / "fake/fake_torchrun.py").write_text(FAKE)
    monkeypatch.setattr(processes, "_TORCHRUN", "fake_torchrun")
    monkeypatch.setenv("PYTHONPATH", str(workdir / "fake"))
    return Torchrun(("--nproc-per-node=2",), 2, 1)


def test_the_exit_status_passes_through(fake_torchrun: Torchrun, capfd: pytest.CaptureFixture[str]) -> None:
    assert fake_torchrun.run("some.module", ["r.yaml", "3"], {"LMN_TRAINING": "99"}) == 3
    assert json.loads(capfd.readouterr().out) == [["--nproc-per-node=2", "-m", "some.module", "r.yaml", "3"], "99"]


def test_processes_end_with_the_command(fake_torchrun: Torchrun, workdir: Path) -> None:
    class Interrupted(BaseException):
        """Stands for Ctrl-C."""

    def interrupt() -> None:
        for _ in range(300):
            if Path("child").exists() and Path("child").read_text():
                break
            time.sleep(0.1)
        os.kill(os.getpid(), 10)

    import signal

    def raise_it(number: int, frame: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, raise_it)
    threading.Thread(target=interrupt).start()
    try:
        with pytest.raises(Interrupted):
            fake_torchrun.run("m", ["hang", "0"], {})
    finally:
        signal.signal(signal.SIGUSR1, before)
    child = int(Path("child").read_text())
    for _ in range(100):
        if not _alive(child):
            return
        time.sleep(0.1)
    pytest.fail("a process of the training is left")


def _alive(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.is_file() and state.read_text().rpartition(")")[2].split()[0] != "Z"
