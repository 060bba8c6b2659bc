"""A look at a file: encoding, lines, records."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.starting.looking import look_at, rows_of


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("ö O\n".encode(), "utf-8"),
        ("ö O\n".encode("utf-8-sig"), "utf-8"),
        ("ö O\n".encode("utf-16"), "utf-16"),
        ("ö O\n".encode("cp1252"), "cp1252"),
        (b"\x81\x9f O\n", "latin-1"),
        (b"\x78\x9c\x00", None),
        (b"", "utf-8"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, encoding: str | None) -> None:
    (tmp_path / "a").write_bytes(data)
    look = look_at(tmp_path / "a")
    assert look.encoding == encoding
    if encoding and data and encoding != "latin-1":
        assert look.lines == ("ö O", "")


@pytest.mark.parametrize(
    ("text", "count"), [('{"a": 1}\n{"a": 2}\n', 2), ('[{"a": 1}]', 1), ("[ O\n] O\n", 0), ("{ O\n", 0), ('["x", {"y": []}]\n["z", {}]', 2)]
)  # fmt: skip
def test_only_json_has_records(tmp_path: Path, text: str, count: int) -> None:
    (tmp_path / "a").write_text(text)
    assert len(look_at(tmp_path / "a").records) == count


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LmnError, match="no such file"):
        look_at(tmp_path / "a")


def test_fields() -> None:
    assert rows_of(["a  b", "", "c d"], " ") == [["a", "b"], ["c", "d"]]
    assert rows_of(["a\t\tb"], "\t") == [["a", "", "b"]]
