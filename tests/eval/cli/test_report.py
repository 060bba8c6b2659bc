"""The command `lmn-eval report`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from llms_meet_ner import Span
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.report import writing
from llms_meet_ner.eval.scored_run.analysis import ExaminedSentence, Pair
from llms_meet_ner.eval.scored_run.files import sentence_line


def test_the_page_is_made_again_from_what_was_written(demo: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(demo / "scores.json"), "--out", str(tmp_path / "again.html")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "again.html").read_bytes() == (demo / "report.html").read_bytes()


def test_reports_of_what_is_no_run_are_refused(demo: Path, tmp_path: Path) -> None:
    def refused() -> str:
        result = CliRunner().invoke(main, ["report", str(tmp_path)])
        assert result.exit_code == 1
        assert not (tmp_path / "report.html").exists()
        return result.stderr

    assert "scores.json: no such file; lmn-eval writes it" in refused()
    (tmp_path / "scores.json").write_text('{"schema": 2, "analysis": {}}')
    (tmp_path / "sentences.jsonl").write_text("")
    assert "scores.json: not as lmn-eval writes it (corpus is missing); score the run again" in refused()
    scores = json.loads((demo / "scores.json").read_text())
    del scores["sentences_sha256"]
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    row = ExaminedSentence("a", "", ("x",), (Pair("missed", Span(0, 1, "LOC"), None),), (), "exact", (), "x")
    (tmp_path / "sentences.jsonl").write_text(sentence_line(row).replace('"status"', '"state"'))
    assert "sentences.jsonl:1: not as lmn-eval writes it (status is missing)" in refused()


def test_a_mistake_in_this_program_is_no_damage(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Iterator[str]:
        raise KeyError("analysis")

    monkeypatch.setattr(writing, "html_report", broken)
    result = CliRunner().invoke(main, ["report", str(demo), "--out", str(tmp_path / "r.html")])
    assert isinstance(result.exception, KeyError)
    assert not (tmp_path / "r.html").exists()
