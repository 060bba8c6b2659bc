"""Splits of several files: what is missing, what leads out, and the hash of all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.readers.file_sets import CorpusFiles, files_below


def found(folder: Path, value: str) -> list[Path]:
    return files_below(folder / value, lambda name: name.endswith(".ann"))


def files(tmp_path: Path, value: str = "docs") -> CorpusFiles:
    return CorpusFiles(tmp_path, value, found, "name another")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for name in ("b/1.ann", "a.ann", "b/0.ann", "b.ann", ".git/x.ann", "._a.ann", "other.txt"):
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "docs"


def test_files_come_in_one_order_without_hidden_ones(docs: Path, tmp_path: Path) -> None:
    names = ["a.ann", "b/0.ann", "b/1.ann", "b.ann"]
    assert [file.relative_to(docs).as_posix() for file in found(tmp_path, "docs")] == names
    assert found(tmp_path, "docs/other.txt") == [docs / "other.txt"]
    assert files(tmp_path).missing() is None


def test_the_hash_covers_names_and_contents_of_all_files(docs: Path, tmp_path: Path) -> None:
    seen = [files(tmp_path).sha256()]
    (docs / "other.txt").write_text("changed")
    assert files(tmp_path).sha256() == seen[0]
    (docs / "b" / "0.ann").write_text("changed")
    seen.append(files(tmp_path).sha256())
    (docs / "b" / "0.ann").rename(docs / "b" / "2.ann")
    seen.append(files(tmp_path).sha256())
    assert len(set(seen)) == 3


def test_what_is_missing_is_named(docs: Path, tmp_path: Path) -> None:
    assert str(files(tmp_path, "train").missing()) == (
        f"{tmp_path}/train: no such file or folder; --source DIR names the folder that holds train"
    )
    (tmp_path / "empty").mkdir()
    assert str(files(tmp_path, "empty").missing()) == f"{tmp_path}/empty: holds no file to read; name another"
    pair = CorpusFiles(tmp_path, "docs/a.ann", lambda folder, value: [folder / value, folder / "gone"], "name another")
    assert str(pair.missing()) == f"{tmp_path}/gone: no such file; name another"


def test_nothing_outside_of_the_folder_is_read(docs: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tmp_path = docs.parent
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.ann").write_text("secret")
    for value in ("../x", "/etc", "~/x"):
        with pytest.raises(LmnError, match="may lead anywhere"):
            files(tmp_path, value).missing()
    (docs / "link.ann").symlink_to(outside / "secret.ann")
    with pytest.raises(LmnError, match=r"docs/link\.ann: a link that leads out of"):
        files(tmp_path).missing()
    (docs / "link.ann").unlink()
    (docs / "link").symlink_to(outside, target_is_directory=True)
    with pytest.raises(LmnError, match=r"docs/link: a link to a folder, which is not followed; put the folder itself"):
        files(tmp_path).missing()
    (tmp_path / "away").symlink_to(outside, target_is_directory=True)
    with pytest.raises(LmnError, match="a link that leads out of"):
        files(tmp_path, "away").missing()
