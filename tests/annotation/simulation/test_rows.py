"""The file of a simulation: what is finished stays, what was torn is cut off, and other settings are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.simulation.rows import opened_rows, peeked_rows, read_rows

SETTINGS = {"corpus": "demo", "budgets": [2, 5]}


def test_rows_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "out" / "rows.jsonl"
    with opened_rows(path, SETTINGS) as rows:
        rows.append("a", {"f1": 0.5})
    with opened_rows(path, SETTINGS) as rows:
        assert "a" in rows
        assert rows.get("b") is None
        rows.append("b", {"f1": 0.25})
        with pytest.raises(ValueError, match="a has a row"):
            rows.append("a", {})
        assert len(rows) == 2
    assert read_rows(path) == (SETTINGS, {"a": {"f1": 0.5}, "b": {"f1": 0.25}})


def test_a_torn_row_is_cut_off_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    with opened_rows(path, SETTINGS) as rows:
        rows.append("a", {"f1": 0.5})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"cell": "b", "f')
    with opened_rows(path, SETTINGS) as rows:
        assert [cell for cell, _ in rows.items()] == ["a"]
    assert path.read_bytes() == whole
    assert "was not written to its end" in capsys.readouterr().err
    path.write_bytes(b'{"settings": {"cor')  # killed before the first line was whole
    with opened_rows(path, SETTINGS) as rows:
        assert not rows.items()


def test_other_settings_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with opened_rows(path, SETTINGS) as rows:
        rows.append("a", {})
    with (
        pytest.raises(LmnError, match=r"budgets was \[2, 5\] and is \[2\]; seed was null and is 1"),
        opened_rows(path, {"corpus": "demo", "budgets": [2], "seed": 1}),
    ):
        pass
    with opened_rows(tmp_path / "planned.jsonl", SETTINGS):
        pass
    with opened_rows(tmp_path / "planned.jsonl", {"corpus": "demo"}) as rows:
        assert not rows.items()  # nothing had followed from the settings
    assert read_rows(tmp_path / "planned.jsonl")[0] == {"corpus": "demo"}
    path.write_text('{"text": "hello"}\n')
    with pytest.raises(LmnError, match="not the rows of a simulation"), opened_rows(path, SETTINGS):
        pass
    path.write_text('{"settings": {}}\n{"cell": "a"}\n{"cell": "a"}\n')
    with pytest.raises(LmnError, match=r"rows.jsonl:3: .*has a row"):
        read_rows(path)


def test_a_second_process_waits(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    code = (
        "import sys, pathlib; from llms_meet_ner.annotation.simulation.rows import opened_rows\n"
        f"with opened_rows(pathlib.Path({str(path)!r}), {{}}) as rows: print(len(rows))"
    )
    with opened_rows(path, {}) as rows:
        other = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert other.stderr is not None
        assert "waiting until" in other.stderr.readline()
        rows.append("a", {})
    assert other.communicate()[0] == "1\n"


def test_rows_are_read_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "out" / "rows.jsonl"
    with pytest.raises(LmnError, match="no simulation has written here"):
        peeked_rows(path, SETTINGS)
    assert not path.parent.exists()
    with opened_rows(path, SETTINGS) as rows:
        rows.append("a", {"f1": 0.5})
        torn = path.read_bytes() + b'{"cell": "b", "f'
        path.write_bytes(torn)
        assert [cell for cell, _ in peeked_rows(path, {**SETTINGS, "later": 1}).items()] == ["a"]
        assert path.read_bytes() == torn
        with pytest.raises(LmnError, match="budgets was"):
            peeked_rows(path, {**SETTINGS, "budgets": [1]})
    path.write_text("[]\n")
    with pytest.raises(LmnError, match="not the rows of a simulation"):
        peeked_rows(path, SETTINGS)
