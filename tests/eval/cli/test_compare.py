"""The command `lmn-eval compare`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from scored_demo import score_changed_demo

from llms_meet_ner.eval.cli.score import main


def compare(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["compare", *words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def runs(workdir: Path) -> None:
    """Two scored runs of the same sentences, in the folders a and b."""
    score_changed_demo("a", ("| LOC]", "| ORG]"))
    score_changed_demo("b", ("| PER]", "| MISC]"))


def test_runs_are_folders_or_files(runs: None) -> None:
    printed = compare("a", "b", "--json", "new/c.json").stdout
    assert compare("a/scores.json", "b/scores.json").stdout == printed
    document = json.loads(Path("new/c.json").read_text())
    assert f"; only B: {document['only_second']}; of 154" in printed
    assert "seed 7" in compare("a", "b", "--seed", "7").stdout
    assert "seed 7" not in printed
    assert "seed 42" in printed


def test_a_run_with_itself_differs_in_nothing(runs: None) -> None:
    lines = compare("a", "a").stdout.splitlines()
    assert not [line for line in lines if line.startswith("they differ in")]
    assert "gold entities that only A found: 0; only B: 0; of 154" in lines


def test_files_that_cannot_be_read_are_one_error(runs: None) -> None:
    assert "c: no such file; lmn-eval writes it" in compare("a", "c", "--json", "c.json", code=1).stderr
    assert not Path("c.json").exists()
    Path("b/sentences.jsonl").write_text("{}\n")
    assert "b/sentences.jsonl: not the file that scores.json describes" in compare("a", "b", code=1).stderr
    scores = json.loads(Path("b/scores.json").read_text())
    del scores["sentences_sha256"]
    Path("b/scores.json").write_text(json.dumps(scores))
    damaged = "b/sentences.jsonl:1: not as lmn-eval writes it (id is missing); score the run again"
    assert damaged in compare("a", "b", code=1).stderr
    Path("b/sentences.jsonl").unlink()
    assert "b/sentences.jsonl: no such file; score the run again" in compare("a", "b", code=1).stderr
    Path("b/scores.json").write_text("{}")
    assert "score the run again" in compare("a", "b", code=1).stderr
    assert "Invalid value for '--seed'" in compare("a", "b", "--seed", "-1", code=2).stderr
