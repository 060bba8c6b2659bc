"""Files are written whole or not at all, and JSON that cannot be read is one error."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.files import (
    LOCK,
    TEMPORARY,
    atomic_write,
    read_json,
    remove_abandoned,
    sha256_of,
    sha256_once,
    temporary_folder,
    unreadable,
    write_json,
)
from llms_meet_ner.masking import keep_secret


def test_an_interrupted_write_leaves_what_was_there(workdir: Path) -> None:
    path = workdir / "out.txt"
    path.write_text("before")

    def write_half() -> None:
        with atomic_write(path) as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "before"
    assert [entry.name for entry in workdir.iterdir()] == ["out.txt"]


def test_a_file_is_utf8_with_its_folder_made_and_the_usual_rights(workdir: Path) -> None:
    path = workdir / "new/folder/out.json"
    write_json(path, {"ü": [1, None]})
    assert path.read_bytes() == '{\n  "ü": [\n    1,\n    null\n  ]\n}\n'.encode()
    plain = workdir / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode
    assert read_json(path) == {"ü": [1, None]}
    assert sha256_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_place_that_cannot_be_written_is_one_error(workdir: Path) -> None:
    (workdir / "file").touch()
    with pytest.raises(LmnError, match="file/out"), atomic_write(workdir / "file/out"):
        pass


def killed(work: Callable[[], object]) -> None:
    """Run something in a process of its own, which kills itself at its end."""
    process = os.fork()
    if not process:
        try:
            work()
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(process, 0)[1]) == signal.SIGKILL


def temporary_names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name.endswith(TEMPORARY)]


def test_a_symbolic_link_stays_one(workdir: Path) -> None:
    Path("there").mkdir()
    Path("there/real.json").write_text("before")
    Path("link.json").symlink_to("there/real.json")
    Path("new.json").symlink_to("there/new.json")
    for name in ("link.json", "new.json"):
        write_json(Path(name), 1)
        assert Path(name).is_symlink()
        assert Path(name).read_text() == "1\n"
    assert sorted(path.name for path in Path("there").iterdir()) == ["new.json", "real.json"]


def test_a_link_that_leads_nowhere_is_one_error(workdir: Path) -> None:
    Path("loop").symlink_to("loop")
    Path("lost").symlink_to("no/such/folder/file")
    for name in ("loop", "lost"):
        with pytest.raises(LmnError, match=f"{name}: cannot be written"), atomic_write(Path(name)) as file:
            file.write("x")
        assert Path(name).is_symlink()


def test_a_pipe_is_written_to_and_stays_one(workdir: Path) -> None:
    os.mkfifo("pipe")
    reading = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_json(Path("pipe"), [1])
    assert os.read(reading, 100) == b"[\n  1\n]\n"
    assert Path("pipe").is_fifo()


def test_a_name_of_the_greatest_length_is_written(workdir: Path) -> None:
    path = Path("ü" * 127)
    write_json(path, 1)
    assert path.read_text() == "1\n"


def test_what_a_killed_writer_left_goes_with_the_next_writing_in_the_folder(workdir: Path) -> None:
    def leave_two() -> None:
        with temporary_folder(workdir), atomic_write(Path("a.json")):
            os.kill(os.getpid(), signal.SIGKILL)

    killed(leave_two)
    assert len(temporary_names(workdir)) == 2
    Path(f".mine{TEMPORARY}.txt").touch()
    write_json(Path("b.json"), 1)
    assert temporary_names(workdir) == []
    assert sorted(path.name for path in workdir.iterdir()) == [f".mine{TEMPORARY}.txt", "b.json"]


def test_what_a_living_writer_has_in_the_works_stays(workdir: Path) -> None:
    with atomic_write(Path("a.json")) as file, temporary_folder(workdir) as folder:
        (folder / "part").touch()
        killed(lambda: remove_abandoned(workdir))
        write_json(Path("b.json"), 1)
        assert (folder / "part").exists()
        file.write("whole")
    assert Path("a.json").read_text() == "whole"
    assert sorted(path.name for path in workdir.iterdir()) == ["a.json", "b.json"]


def test_links_and_pipes_with_the_name_of_temporary_files_are_left_alone(workdir: Path) -> None:
    Path("precious").mkdir()
    Path("precious/file").touch()
    Path(f".link{TEMPORARY}").symlink_to("precious")
    os.mkfifo(f".pipe{TEMPORARY}")
    remove_abandoned(workdir)
    assert len(temporary_names(workdir)) == 2
    assert Path("precious/file").exists()


def test_a_temporary_folder_has_a_lock_file_and_goes_after_the_block(workdir: Path) -> None:
    with temporary_folder(workdir / "new") as folder:
        assert [path.name for path in folder.iterdir()] == [LOCK]
        assert folder.parent == workdir / "new"
    assert list((workdir / "new").iterdir()) == []
    (workdir / "file").touch()
    with pytest.raises(LmnError, match="file: cannot be written"), temporary_folder(workdir / "file"):
        pass


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        (None, "a.json", "no such file"),
        (b'{"a": \n 1', "a.json:2", "not JSON"),
        (b"\xff", "a.json", "cannot be read"),
        (b"[" * 100_000, "a.json", "cannot be read as JSON"),
        (b"9" * 5_000, "a.json", "cannot be read as JSON"),
    ],
    ids=["missing", "cut off", "not UTF-8", "deep", "long number"],
)
def test_json_that_cannot_be_read_has_its_place_and_the_callers_remedy(
    workdir: Path, content: bytes | None, where: str, what: str
) -> None:
    if content is not None:
        Path("a.json").write_bytes(content)
    with pytest.raises(LmnError) as raised:
        read_json(Path("a.json"), remedy="convert again")
    assert (raised.value.where, raised.value.remedy) == (where, "convert again")
    assert raised.value.what.startswith(what)


def test_an_unreadable_file_is_named_once(workdir: Path) -> None:
    assert str(unreadable(FileNotFoundError(2, "No such file", "a"), Path("a"), "look")) == "a: no such file; look"
    assert (
        str(unreadable(IsADirectoryError(21, "Is a directory", "a"), Path("a"))) == "a: cannot be read (Is a directory)"
    )
    assert unreadable(UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), Path("a")).what.startswith(
        "cannot be read ('utf-8'"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1, "a": 2}', "a.json: cannot be read as JSON (key 'a' is there twice); copy it again"),
        (b'["\\ud800"]', "a.json: cannot be read as JSON (half a surrogate pair, \\ud800); copy it again"),
        (b"[" * 100_000, "a.json: cannot be read as JSON (nested more than 100 deep); copy it again"),
        (b'{"a":\n "b', "a.json:2: not JSON (Unterminated string starting at); copy it again"),
        (b"[" + b" " * 100 + b"]", "a.json: larger than 100 bytes, which no such file is; copy it again"),
    ],
)
def test_json_that_cannot_be_read_is_one_error(workdir: Path, content: bytes, message: str) -> None:
    Path("a.json").write_bytes(content)
    with pytest.raises(LmnError) as raised:
        read_json(Path("a.json"), "copy it again", most=100 if b" " * 100 in content else 10**6)
    assert str(raised.value) == message


def test_a_byte_order_mark_is_no_damage_and_a_path_that_cannot_be_is_one_error(workdir: Path) -> None:
    Path("a.json").write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(Path("a.json")) == [1]
    for name in ("a\0b", "a\ud800", "a" * 5000):
        with pytest.raises(LmnError, match="cannot be read"):
            read_json(Path(name))


def test_secrets_are_masked_in_every_file(workdir: Path) -> None:
    keep_secret("sk-of-the-file-tests")
    with atomic_write(Path("a.txt")) as file:
        file.write("key sk-of-the-")
        file.write("file-tests\n")
        file.writelines(["b\n", "sk-of-the-file-tests"])
        file.flush()
    assert Path("a.txt").read_text() == "key ***\nb\n***"
    write_json(Path("a.json"), {"a": ["sk-of-the-file-tests"]})
    assert read_json(Path("a.json")) == {"a": ["***"]}


def test_a_large_file_is_hashed_again_only_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read = tmp_path / "weights", []
    path.write_text("one")

    def counted(one: Path) -> str:
        read.append(one)
        return sha256_of(one)

    monkeypatch.setattr("llms_meet_ner.files.sha256_of", counted)
    first = sha256_once(path)
    assert (sha256_once(path), len(read)) == (first, 1)
    path.write_text("other")
    assert sha256_once(path) == sha256_of(path) != first
    assert len(read) == 2
