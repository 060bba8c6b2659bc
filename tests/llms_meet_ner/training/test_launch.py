"""A training as a process: followed to its end, stopped early with its children, and its failures told."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.training.launch import Trainer, TrainingError, TrainingOutcome, launch_training
from llms_meet_ner.training.logs import TrainingLog

FAKE = """
import json, subprocess, sys, time
words = dict(word.split("=", 1) for word in sys.argv[3:])
from pathlib import Path
folder = Path(words["output_dir"]); folder.mkdir()
if words["mode"] == "fail":
    print("Traceback"); print("ValueError: no such data set"); print(); sys.exit(3)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
(folder / "child").write_text(str(child.pid))
log = (folder / "trainer_log.jsonl").open("a")
for step in range(1, 5):
    log.write(json.dumps({"current_steps": step, "loss": 1.0}) + "\\n" + json.dumps({"current_steps": step, "eval_loss": 1 / step}) + "\\n")
    log.flush()
log.write('{"current')
log.flush()
if words["mode"] == "hang":
    time.sleep(60)
child.kill()
"""


@pytest.fixture
def fake_llama_factory(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = workdir / "fake" / "llamafactory"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "cli.py").write_text(FAKE)
    Path("r.yaml").write_text("{model_name_or_path: m, template: t, dataset: d, output_dir: t}")
    monkeypatch.setenv("PYTHONPATH", str(workdir / "fake"))


@pytest.mark.usefixtures("fake_llama_factory")
def test_a_training_is_watched_to_its_end_and_hands_over_each_evaluation_once(workdir: Path) -> None:
    seen: list[tuple[int, float]] = []
    done = launch_training(
        Path("r.yaml"), ["mode=ok", "output_dir=t"], Path("t"), lambda *pair: bool(seen.append(pair))
    )
    assert done == TrainingOutcome(4, False)
    assert seen == [(1, 1.0), (2, 0.5), (3, 1 / 3), (4, 0.25)]
    assert TrainingLog.read(Path("t")).eval_losses == (1.0, 0.5, 1 / 3, 0.25)


@pytest.mark.usefixtures("fake_llama_factory")
def test_a_training_that_is_to_end_early_is_ended_with_its_children(workdir: Path) -> None:
    started = time.monotonic()
    done = launch_training(Path("r.yaml"), ["mode=hang", "output_dir=t"], Path("t"), lambda number, loss: number == 2)
    assert done.stopped
    assert time.monotonic() - started < 30
    child = int(Path("t/child").read_text())
    for _ in range(100):
        if not _alive(child):
            break
        time.sleep(0.1)
    assert not _alive(child)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.is_file() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.usefixtures("fake_llama_factory")
def test_a_failed_training_is_told_with_the_last_line_of_its_log(workdir: Path) -> None:
    with pytest.raises(TrainingError) as raised:
        launch_training(Path("r.yaml"), ["mode=fail", "output_dir=t"], Path("t"), lambda *_: False)
    assert str(raised.value) == "t.log: training ended with status 3: ValueError: no such data set"
    assert raised.value.where == "t.log"


@pytest.mark.parametrize("word", ["hub_token=abc", "run_name=sk-abcdefgh12345678", "x=http://user:pw@proxy"])
def test_no_secret_becomes_an_argument_of_a_process(workdir: Path, word: str) -> None:
    with pytest.raises(LmnError) as caught:
        launch_training(Path("r.yaml"), ["seed=1", word], Path("out"), lambda number, loss: False)
    key, _, value = word.partition("=")
    assert str(caught.value).startswith(f"{key}: looks like a secret")
    assert value not in str(caught.value)
    assert not list(workdir.iterdir())


@pytest.mark.parametrize(
    ("trainer", "module"),
    [("lmn-train", ["llms_meet_ner.cli.train"]), ("llamafactory-cli", ["llamafactory.cli", "train"])],
)
def test_either_command_trains(
    trainer: Trainer, module: list[str], workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("r.yaml").write_text("{model_name_or_path: m, template: t, dataset: d, output_dir: t}")
    python = workdir / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > words\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    launch_training(Path("r.yaml"), ["seed=1", "output_dir=t"], Path("t"), lambda *_: False, trainer=trainer)
    assert Path("words").read_text().split() == ["-m", *module, "r.yaml", "seed=1", "output_dir=t"]
