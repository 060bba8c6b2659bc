"""What is common to the files: inputs, values for JSON, and what is said in the end."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.files.records import InputFile, Notes, plain


def test_a_file_is_read_again_and_a_stream_goes_on(workdir: Path) -> None:
    (workdir / "a.txt").write_text("Anna\n")
    with (workdir / "a.txt").open("rb") as stream:
        file = InputFile.of(stream)
        assert file.path == workdir / "a.txt"
        for _ in range(2):
            with file.open() as again:
                assert again.read() == b"Anna\n"
    stdin = InputFile.of(io.BytesIO(b"Anna\nBob\n"))
    assert (stdin.name, stdin.path) == ("<stdin>", None)
    for line in (b"Anna\n", b"Bob\n"):
        with stdin.open() as again:
            assert again.readline() == line


def test_values_become_those_that_json_has() -> None:
    notes = Notes()
    values = {
        1: [float("nan"), 1.5, None], "when": datetime(2026, 1, 2, 3, tzinfo=UTC), "day": date(2026, 1, 2),
        "price": Decimal("1.10"), "took": timedelta(seconds=90), "x": {"y": (1, float("inf"))},
    }  # fmt: skip
    assert plain(values, "f:1", notes) == {
        "1": [None, 1.5, None], "when": "2026-01-02T03:00:00+00:00", "day": "2026-01-02", "price": "1.10", "took": "0:01:30",
        "x": {"y": [1, None]},
    }  # fmt: skip
    assert list(notes.lines()) == ["numbers that JSON does not have (NaN, infinities), written as null: 2"]
    with pytest.raises(
        LmnError, match=r"^f:1: holds bytes, which are neither JSON nor CSV; write Parquet: --format parquet$"
    ):
        plain([b"x"], "f:1", notes)


def test_what_is_left_out_is_counted_and_named() -> None:
    notes = Notes()
    assert list(notes.lines()) == []
    notes.left_out = [LmnError("broken", f"f:{n}", "mend it") for n in range(12)]
    notes.pieces = ["f:3 (2)"]
    lines = list(notes.lines())
    assert lines[:2] == ["records left out: 12", "  f:0: broken"]
    assert lines[10:] == [
        "  f:9: broken", "  and 2 more", "texts with sentences that were read in pieces, where an entity may be lost or torn: f:3 (2)",
    ]  # fmt: skip
