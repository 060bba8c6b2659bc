"""The file of paid answers: what was written comes back, and damage is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner.annotation import paid_answers
from llms_meet_ner.annotation.paid_answers import Paid, Use, read_answers
from llms_meet_ner.systems.server import Usage

ANSWER = Paid("k", "a/0", "s", "m", "2026-11-26", 0.5, "Ada 🚀", True, Usage(3, 4), Usage(70, 10), [{"token": "A"}])
USE = Use("k", "a/1", "s")


def test_answers_and_who_found_them_come_back(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    assert read_answers(path) == ({}, [])
    path.write_text(ANSWER.line() + USE.line())
    assert read_answers(path) == ({"k": ANSWER}, [USE])


@pytest.mark.parametrize("row", [[], {}, {"key": "k"}, {"key": 1, "id": "a", "system": "s"}])
def test_what_is_no_answer_is_refused(row: object) -> None:
    with pytest.raises(ValueError, match="not an answer"):
        Paid.of(row)
    assert Use.of(row) is None


@pytest.mark.parametrize("limit", [200, 10_000])
def test_a_line_that_is_too_long_is_one_damaged_line_and_a_long_one_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(paid_answers, "LONGEST", limit)
    path = tmp_path / "answers.jsonl"
    long = Paid("k", "a/0", "s", "m", "2026-11-26", 0.5, "y" * 1_000, True, None, None)
    path.write_text(long.line() + "z" * 30_000 + "\n" + USE.line() + "z" * 30_000)
    answers, uses = read_answers(path)
    assert (list(answers), uses) == (["k"] if limit > 1_000 else [], [USE])
    assert f"cut off or damaged: {2 + (limit < 1_000)};" in capsys.readouterr().err
    assert path.read_text() == "".join(answer.line() for answer in answers.values()) + USE.line()


def test_the_longest_answer_of_a_server_has_room() -> None:
    assert paid_answers.LONGEST > 3 * 16 * 2**20
