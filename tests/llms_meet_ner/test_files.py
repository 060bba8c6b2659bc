"""Files are written whole or not at all, and JSON that cannot be read is one error."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.files import atomic_write, read_json, sha256_of, unreadable, write_json


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
