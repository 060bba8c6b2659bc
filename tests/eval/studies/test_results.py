"""RESULTS.md follows from the kept counts, and a study is what its JSON says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.eval.studies.results import RESULTS_PAGE, Result, Study, results_page

DOCUMENT: dict[str, Any] = {
    "format": "bracketed",
    "decoding": "free",
    "seqeval": {"micro": {"correct": 3, "predicted": 4, "gold": 6, "f1": 0.6}},
    "spans": None,
    "analysis": {"intervals": {"scores": {"micro": {"f1": [0.4, 0.75]}}}},
    "alignment": {"exact": 5, "repaired": 1, "failed": 0},
    "commit": "abc",
    "versions": {"python": "3.11"},
    "sha256": {"corpus": "00"},
    "predictions": "somewhere",
}


def test_the_page_is_what_the_kept_results_say() -> None:
    assert RESULTS_PAGE.read_text(encoding="utf-8") == results_page()


def test_a_study_comes_back_and_shows_its_rows(tmp_path: Path) -> None:
    result = Result.of("trained", DOCUMENT, "lmn-eval --split test\nlmn-eval --split dev")
    study = Study("Formats", "On a machine.", "wikigold", "test", (result, result))
    study.save(tmp_path / "a.json")
    assert Study.load(tmp_path / "a.json") == study
    page = results_page(tmp_path)
    assert "| trained | bracketed | free | 0.7500 | 0.5000 | 0.6000 | 0.4000-0.7500 | 4 | 5 | 1 | 0 |" in page
    assert page.count("lmn-eval --split test") == 1, "a command stands once"
    assert "6 gold entities" in page


def test_a_damaged_study_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"title": "x"}')
    with pytest.raises(LmnError, match=r"a\.json: not a study \(KeyError: 'results'\); run it again"):
        results_page(tmp_path)
