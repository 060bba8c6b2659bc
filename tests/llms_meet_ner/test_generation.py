"""Files of one result take their names together, and a mixture is noticed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from llms_meet_ner import LmnError, generation
from llms_meet_ner.files import sha256_of
from llms_meet_ner.generation import Generation, check_sha256, known_sha256, move_files, remove_files


@contextmanager
def written(*names: str, text: str = "new") -> Iterator[Generation]:
    with Generation() as files:
        for name in names:
            with files.write(Path(name), gone_first=name == "info.json") as file:
                file.write(text)
        yield files


def test_nothing_takes_its_name_before_all_is_whole(workdir: Path) -> None:
    Path("data").write_text("old")
    with written("data", "info.json") as files:
        assert Path("data").read_text() == "old"
        assert not Path("info.json").exists()
        files.put()
    assert {path.name: path.read_text() for path in workdir.iterdir()} == {"data": "new", "info.json": "new"}


def test_what_is_not_put_goes(workdir: Path) -> None:
    Path("data").write_text("old")
    with written("data", "info.json"):
        pass
    assert [path.name for path in workdir.iterdir()] == ["data"]
    assert Path("data").read_text() == "old"


def test_while_names_change_the_describing_file_is_missing(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bool]] = []
    replace = os.replace

    def watched(source: Path, target: Path) -> None:
        seen.append((Path(target).name, Path("info.json").exists()))
        replace(source, target)

    Path("info.json").write_text("old")
    with written("data", "more", "info.json") as files:
        monkeypatch.setattr(os, "replace", watched)
        files.put()
    assert seen == [("data", False), ("more", False), ("info.json", False)]


def test_the_hash_of_what_is_written_is_known_before_it_has_its_name(workdir: Path) -> None:
    with written("data") as files:
        noted = files.sha256(Path("data"))
        files.put()
    assert noted == sha256_of(Path("data"))


def test_a_name_that_cannot_be_taken_is_one_error(workdir: Path) -> None:
    Path("folder").mkdir()
    with pytest.raises(LmnError, match="folder: cannot be written"), written("folder") as files:
        files.put()
    with pytest.raises(LmnError, match="folder/x/y: cannot be written"), written("data") as files:
        _write_below_a_file(files)
    assert not Path("data").exists()


def test_a_file_is_hashed_once_unless_it_changes(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Path] = []

    def counted(path: Path) -> str:
        hashed.append(path)
        return sha256_of(path)

    monkeypatch.setattr(generation, "sha256_of", counted)
    path = Path("data")
    path.write_text("a")
    assert known_sha256(path) == known_sha256(path.absolute())
    assert len(hashed) == 1
    path.write_text("ab")
    assert known_sha256(path) == sha256_of(path)
    assert len(hashed) == 2
    with pytest.raises(LmnError, match="none: no such file"):
        known_sha256(Path("none"))


def test_another_file_than_the_one_noted_is_an_error_with_the_remedy(workdir: Path) -> None:
    path = Path("data")
    path.write_text("a")
    check_sha256(path, sha256_of(path), "info.json", "convert again")
    check_sha256(path, None, "info.json", "convert again")
    for noted in ("0" * 64, 5, ""):
        with pytest.raises(LmnError, match=r"^data: not the file that info\.json describes .*; convert again$"):
            check_sha256(path, noted, "info.json", "convert again")


def _write_below_a_file(files: Generation) -> None:
    Path("folder/x").touch()
    with files.write(Path("folder/x/y")):
        pass


def test_bytes_are_written_as_they_are(workdir: Path) -> None:
    with Generation() as files:
        with files.write_bytes(Path("a.png")) as file:
            file.write(b"\x89PNG\r\n\xff")
        files.put()
    assert Path("a.png").read_bytes() == b"\x89PNG\r\n\xff"


def test_files_move_also_to_a_link_on_another_disk(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_disk(self: Path, target: str) -> NoReturn:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    Path("new").mkdir()
    Path("new/weights").write_bytes(b"\xff")
    Path("there").write_bytes(b"old")
    Path("weights").symlink_to("there")
    real = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, to: other_disk(self, to) if self.parent.name == "new" else real(self, to)
    )
    move_files(Path("new"), workdir, ["weights"])
    assert Path("weights").is_symlink()
    assert Path("there").read_bytes() == b"\xff"
    remove_files(workdir, ["weights", "none"])
    assert Path("weights").is_symlink()
    assert not Path("there").exists()
