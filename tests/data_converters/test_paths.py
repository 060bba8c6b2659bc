"""Paths that files name stay inside a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.paths import fault_of, inner_path, leads_out, named_path


@pytest.mark.parametrize("value", ["a", "a/b.txt", "a b", "..a", "a..b/c", "ä", "a:b", "{x}*[1]"])
def test_a_path_that_goes_on_from_a_folder(value: str, tmp_path: Path) -> None:
    assert fault_of(value) is None
    assert inner_path(tmp_path, value, "") == tmp_path / value


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("/etc/passwd", "a path that may lead anywhere"), ("../x", "a path that"), ("a/../../x", "a path that"),
        ("~/x", "a path that"), ("a\\..\\x", "a path that"), ("http://x/y", "an address and not a path"),
        ("file:///etc/passwd", "an address and not a path"), ("zip://a::b", "an address and not a path"), ("a::b", "an address and not a path"),
        ("a\nb", "a path with U+000A"), ("a\0b", "a path with U+0000"), ("\ud800", "a path with U+D800"),
    ],
)  # fmt: skip
def test_any_other_path_is_refused(value: str, fault: str, tmp_path: Path) -> None:
    assert (fault_of(value) or "").startswith(fault)
    with pytest.raises(LmnError, match="name another"):
        inner_path(tmp_path, value, "name another")


def test_a_link_may_lead_anywhere_inside_and_nowhere_else(tmp_path: Path) -> None:
    root = tmp_path / "link to root"
    (tmp_path / "root/deep").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    root.symlink_to("root")
    (tmp_path / "root/in").symlink_to("deep")
    (tmp_path / "root/up").symlink_to("../out")
    (tmp_path / "root/absolute").symlink_to(tmp_path / "out")
    assert [leads_out(root / name, root) for name in ("in", "up", "absolute", "up/x", "none")] == [
        False,
        True,
        True,
        True,
        False,
    ]
    with pytest.raises(LmnError, match=r"up/x: a link that leads out of .*link to root; name another"):
        inner_path(root, "up/x", "name another")


def test_a_snapshot_of_the_hub_s_cache_may_lead_to_the_cache_s_own_files(tmp_path: Path) -> None:
    snapshot = tmp_path / "datasets--a--b/snapshots/0123"
    snapshot.mkdir(parents=True)
    (tmp_path / "datasets--a--b/blobs").mkdir()
    (snapshot / "a.csv").symlink_to("../../blobs/4567")
    (snapshot / "b.csv").symlink_to("../../../other")
    assert [leads_out(snapshot / name, snapshot) for name in ("a.csv", "b.csv")] == [False, True]
    assert os.readlink(inner_path(snapshot, "a.csv", "")) == "../../blobs/4567"


def test_a_word_of_a_file_is_looked_up_beside_it_and_in_the_working_directory(workdir: Path) -> None:
    for folder in ("cards/sub", "elsewhere"):
        Path(folder).mkdir(parents=True)
    for file in ("cards/a.yaml", "cards/sub/card.yaml", "b.yaml", "elsewhere/c.yaml"):
        Path(file).touch()
    Path("cards/link.yaml").symlink_to("../elsewhere/c.yaml")
    near = Path("cards")
    found = [named_path(value, near, "r", "card.yaml") for value in ("a.yaml", "sub", "b.yaml", "cards/a.yaml", "none")]
    assert found == [near / "a.yaml", near / "sub/card.yaml", Path("b.yaml"), Path("cards/a.yaml"), None]
    assert named_path("sub", near, "r") == near / "sub"
    outside = workdir.parent / "outside.yaml"
    outside.touch()
    assert named_path("../outside.yaml", None, "r") == Path("../outside.yaml")
    for value in ("../b.yaml", "link.yaml"):
        with pytest.raises(LmnError, match=r"; name another$"):
            named_path(value, near, "name another")
