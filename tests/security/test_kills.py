"""A kill at any change of the file system: readers see one whole result or refuse, the next run mends it, and no temporary file stays."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from kill_scenes import attack, made, published
from killing import full_disk, kill_at, started
from publish_command import call as publish
from publishing import trained

from llms_meet_ner.eval.publish import folder
from llms_meet_ner.files import TEMPORARY

QUICK = ("convert", "mix", "predict", "merge")
"""Commands that take a fraction of a second; tests/verify/kills.py attacks all."""


@pytest.mark.parametrize(
    ("name", "by"),
    [*((name, signal.SIGKILL) for name in QUICK), ("merge", signal.SIGTERM), ("predict", signal.SIGTERM)],
)
def test_a_kill_before_any_change_of_the_file_system(workdir: Path, name: str, by: signal.Signals) -> None:
    states = made(name, workdir)
    wrong: dict[int, list[str]] = {}
    number, killed = 0, True

    def kill(place: Path, work: Callable[[], object]) -> bool:
        return kill_at(number, place, work, by)

    while killed:
        number += 1
        killed, found = attack(name, workdir, kill, states)
        if found:
            wrong[number] = found
    assert not wrong
    assert number > 3, "the command changes the file system"


@pytest.mark.parametrize("name", QUICK)
def test_a_full_disk_leaves_the_earlier_result_whole(workdir: Path, name: str) -> None:
    states = made(name, workdir)
    failed = 0
    for size in (0, 20, 300, 1000, 5000):

        def fill(place: Path, work: Callable[[], object], size: int = size) -> bool:
            found = full_disk(size, work)
            assert not list(place.rglob(f"*{TEMPORARY}"))
            return found

        killed, wrong = attack(name, workdir, fill, states)
        assert not wrong, size
        failed += killed
    assert failed > 1


def test_a_publish_that_was_killed_while_it_moved_its_first_file_is_taken_up(workdir: Path) -> None:
    trained(workdir)

    def killed() -> None:
        move = folder.move_files

        def moves_one(new: Path, out: Path, names: Iterable[str]) -> None:
            move(new, out, list(names)[:1])
            os.kill(os.getpid(), signal.SIGKILL)

        folder.move_files = moves_one  # type: ignore[assignment]
        publish("--dry-run")

    for _ in range(2):
        assert os.WTERMSIG(os.waitpid(started(killed), 0)[1]) == signal.SIGKILL
        publish("--dry-run")
        assert published()
        assert not list(workdir.rglob(f"*{TEMPORARY}"))
