"""Several runs compared pair by pair: Holm's correction, and what the command prints and writes."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scored_demo import score_changed_demo

from llms_meet_ner import LmnError
from llms_meet_ner.eval.analysis.comparison import Comparison
from llms_meet_ner.eval.analysis.several import SeveralRuns, holm
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scored_run.files import load_evaluation


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of three scored runs of the same sentences: a, b and c."""
    folder = tmp_path_factory.mktemp("runs")
    for name, wrong in (("a", ("| LOC]", "| ORG]")), ("b", ("| PER]", "| MISC]")), ("c", ("| ", "| X"))):
        score_changed_demo(str(folder / name), wrong)
    return folder


def test_holm_corrects_as_computed_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9, 0.04]) == pytest.approx([1.0, 1.0, 0.12])
    assert holm([0.02]) == [0.02]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_rejects_what_the_closed_test_of_all_subsets_rejects(p_values: list[float]) -> None:
    """Holm's is the closed test by Bonferroni: a p-value is the largest of those of all sets of hypotheses that hold it."""
    places = range(len(p_values))
    sets = [found for size in range(1, len(p_values) + 1) for found in combinations(places, size)]
    closed = [
        max(min(1, len(found) * min(p_values[at] for at in found)) for found in sets if place in found)
        for place in places
    ]
    assert holm(p_values) == pytest.approx(closed)


def test_three_runs_are_compared_pair_by_pair(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(main, ["compare", "a", "b", "c", "--json", "c.json"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:3] == ["A  a/scores.json", "B  b/scores.json", "C  c/scores.json"]
    assert "C     0.0000  0.0000  0.0000      154" in lines
    assert max(map(len, lines[:-2])) <= 80
    document = json.loads(Path("c.json").read_text())
    assert [(pair["first"], pair["second"]) for pair in document["pairs"]] == [("A", "B"), ("A", "C"), ("B", "C")]
    pair = Comparison.of(load_evaluation(Path("a")), load_evaluation(Path("c")))
    found = document["pairs"][1]
    assert (found["only_first"], found["only_second"]) == (pair.only_first, pair.only_second)
    for name, one in pair.differences.items():
        difference = found["differences"][name]
        assert (difference["value"], difference["p_value"]) == (one.value, one.p_value)
        p_values = [row["differences"][name]["p_value"] for row in document["pairs"]]
        assert [row["differences"][name]["holm_p_value"] for row in document["pairs"]] == holm(p_values)
    f1 = found["differences"]["f1"]
    row = next(line for line in lines if line.startswith("C - A"))
    assert row.split()[3:] == [f"{f1['value']:+.4f}", *(f"{end:+.4f}" for end in f1["interval"]), "0.0001", "0.0003"]
    assert document["seed_groups"] == []


def test_conditions_are_told_by_value(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    path = Path("b/scores.json")
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), "decoding": "constrained"}))
    try:
        result = CliRunner().invoke(main, ["compare", "a", "b", "c"])
    finally:
        path.write_text(before)
    assert "they differ in decoding: free (A, C); constrained (B)" in result.stdout.splitlines()


def test_one_run_and_too_many_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(main, ["compare", "a"])
    assert (result.exit_code, "with what is a compared?" in result.stderr) == (2, True)
    with pytest.raises(LmnError, match="27 runs, and at most 26 are compared"):
        SeveralRuns.of([load_evaluation(Path("a"))] * 27)
