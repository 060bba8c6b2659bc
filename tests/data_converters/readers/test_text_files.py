"""Text files for reading: line ends, byte order marks, and the line of what cannot be decoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.readers.text_files import open_text


def lines(path: Path, encoding: str = "utf-8") -> list[str]:
    with open_text(path, encoding, progress=True) as file:  # no bar where standard error is not a terminal
        return list(file)


def test_lines_end_in_line_feeds_alone_and_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffa\r\nb\rc\u2028d\ne".encode())
    assert lines(path) == ["a\r\n", "b\rc\u2028d\n", "e"]
    path.write_bytes("ğ\n".encode("iso-8859-9"))
    assert lines(path, "iso-8859-9") == ["ğ\n"]


def test_what_cannot_be_decoded_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a\n" * 70_000 + b"\xff\n")
    with pytest.raises(LmnError) as raised:
        lines(path)
    assert (raised.value.where, raised.value.remedy) == (f"{path}:70001", "the card's reader.encoding names another")


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LmnError, match=r"nope: no such file$"):
        lines(tmp_path / "nope")
