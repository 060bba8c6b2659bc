"""RESULTS.md follows from the kept outcomes, and an outcome is what the simulation wrote."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner
from simulated import cell_row

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.simulation import results
from llms_meet_ner.annotation.simulation.budget_report import write_report
from llms_meet_ner.annotation.simulation.budget_summary import Paid, summarise
from llms_meet_ner.annotation.simulation.results import KeptOutcome, results_page
from llms_meet_ner.annotation.simulation.rows import opened_rows
from llms_meet_ner.typed_json import to_json

CELLS = {"fold-0/expert": cell_row(2, "expert", 4, 3), "fold-0/full": cell_row(100, "expert", 10, 9)}


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """Return the folder of a simulation that has come to its end."""
    folder = tmp_path / "simulation"
    folder.mkdir()
    with opened_rows(folder / "rows.jsonl", {"steps": 250}) as rows:
        for name, row in CELLS.items():
            rows.append(name, asdict(row))
    write_report(summarise(list(CELLS.values()), Paid(10, 100, 0, 0, None, None, None), 2), [], folder)
    return folder


def test_the_page_is_what_the_kept_outcomes_say() -> None:
    assert results.RESULTS_PAGE.read_text(encoding="utf-8") == results_page()


def test_an_outcome_keeps_its_settings_and_counts_and_shows_its_tables(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setattr(results, "RESULTS_FOLDER", kept)
    monkeypatch.setattr(results, "RESULTS_PAGE", tmp_path / "RESULTS.md")
    (kept / "mini.txt").write_text("## A budget on *mini*\n\n```sh\nlmn-annotate\n```\n")
    monkeypatch.setattr(results, "results_page", lambda: results_page(kept))
    run = CliRunner().invoke(results.main, [str(finished), "--name", "mini"])
    assert run.exit_code == 0, run.output
    outcome = KeptOutcome.load(kept / "mini.json")
    assert outcome == KeptOutcome.of(finished)
    assert json.loads((kept / "mini.json").read_text()) == json.loads(json.dumps(to_json(outcome)))
    assert outcome.settings == {"steps": 250}
    assert outcome.cells["fold-0/full"] == {"dev": (10, 10, 10), "test": (9, 10, 10)}
    page = (tmp_path / "RESULTS.md").read_text()
    assert "## A budget on *mini*\n\n```sh\nlmn-annotate\n```\n\n### F1 on test\n\n| budget | sentences |" in page
    assert "| 2 % | 12 | 120 | 0.300 (0.000 to 0.600) |" in page


def test_what_cannot_be_kept_is_named(finished: Path) -> None:
    alone = CliRunner().invoke(results.main, [str(finished)])
    assert (alone.exit_code, "say FOLDER and --name, or neither" in alone.output) == (1, True)
    summary = finished / "summary.json"
    summary.write_text(json.dumps({**json.loads(summary.read_text()), "complete": False}))
    with pytest.raises(LmnError, match=r"summary\.json: not the outcome of a whole simulation; name a folder"):
        KeptOutcome.of(finished)


def test_an_outcome_without_a_description_is_named(finished: Path, tmp_path: Path) -> None:
    (tmp_path / "mini.json").write_text(json.dumps(to_json(KeptOutcome.of(finished))))
    with pytest.raises(LmnError, match=r"mini\.txt: .*; write there a heading, what was simulated, and the commands"):
        results_page(tmp_path)
