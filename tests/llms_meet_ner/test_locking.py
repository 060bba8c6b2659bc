"""One process at a time holds the lock of a result, and death releases it."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import NoReturn

import filelock
import pytest

from llms_meet_ner import LmnError, locking
from llms_meet_ner.locking import lock_file_of, locked


def start(work: Callable[[], object]) -> tuple[int, int]:
    """Fork a process that holds the lock of `info.json`; return its number and a pipe that is read until it holds it.

    What it says goes to the file `said`.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        try:
            sys.stderr = open("said", "a", buffering=1)  # noqa: SIM115
            with locked(Path("info.json")):
                os.write(writing, b"held")
                work()
        finally:
            os._exit(0)
    os.close(writing)
    return process, reading


def test_a_second_process_waits_and_says_for_whom(workdir: Path) -> None:
    first, held = start(signal.pause)
    os.read(held, 4)
    second, waiting = start(lambda: None)
    os.set_blocking(waiting, False)
    while not (said := Path("said").read_text()).endswith("\n"):
        pass
    with pytest.raises(BlockingIOError):
        os.read(waiting, 4)
    assert f"(process {first} on " in said
    assert said.endswith(" has finished with info.json\n")
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    os.waitpid(second, 0)
    assert os.read(waiting, 4) == b"held"
    assert lock_file_of(workdir / "info.json").read_text() == "", "who has finished is not named any more"


def test_threads_of_one_process_take_turns(workdir: Path) -> None:
    counts = [0]

    def add() -> None:
        for _ in range(20):
            with locked(Path("a.json")):
                seen = counts[0]
                os.sched_yield()
                counts[0] = seen + 1

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [80]


def test_a_block_within_a_block_of_the_same_lock_runs(workdir: Path) -> None:
    with locked(Path("a.json")):
        with locked(Path("a.json").absolute()):
            pass
        assert lock_file_of(Path("a.json")).read_text(), "still held"
    assert not lock_file_of(Path("a.json")).read_text()


def test_the_lock_of_a_link_is_that_of_the_file_it_leads_to(workdir: Path) -> None:
    Path("there").mkdir()
    Path("here").mkdir()
    Path("here/info.json").symlink_to(workdir / "there/info.json")
    assert lock_file_of(Path("here/info.json")) == (workdir / "there/.info.json.lmn-lock")
    assert lock_file_of(Path("there/.hidden")) == (workdir / "there/.hidden.lmn-lock")


def test_a_folder_that_cannot_be_written_is_one_error(workdir: Path) -> None:
    Path("file").touch()
    with pytest.raises(LmnError, match=r"cannot be (written|locked)"), locked(Path("file/info.json")):
        pass


def test_a_read_only_file_system_is_one_error(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def acquire(*args: object, **options: object) -> NoReturn:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    told = r"lmn-lock: cannot be written, so the result cannot be locked \(Read-only file system\); name another folder"
    with pytest.raises(LmnError, match=told), locked(Path("info.json")):
        pass


def test_without_locks_the_block_runs_after_one_warning(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def acquire(*args: object, **options: object) -> NoReturn:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    monkeypatch.setattr(locking, "_warned", set())
    for _ in range(2):
        with locked(Path("info.json")):
            Path("info.json").write_text("{}")
    assert capsys.readouterr().err.count("its file system has no locks") == 1


@pytest.mark.parametrize("said", [b"", b"\xff\x1b[31m" * 200])
def test_what_a_lock_file_says_is_shown_without_harm(
    workdir: Path, said: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    acquire = filelock.FileLock.acquire
    lock_file_of(Path("a")).write_bytes(said)
    with pytest.MonkeyPatch.context() as patch:

        def busy_at_first(self: filelock.FileLock, blocking: bool = True) -> object:
            if not blocking:
                raise filelock.Timeout("a")
            return acquire(self)

        patch.setattr(filelock.FileLock, "acquire", busy_at_first)
        with locked(Path("a")):
            pass
    printed = capsys.readouterr().err
    assert printed.startswith("waiting until ")
    assert "\x1b" not in printed
    assert len(printed) < 2_000
