"""The charts of a report: what is drawn of a scored run."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.report.charts import charts
from llms_meet_ner.eval.scored_run.analysis import KINDS
from llms_meet_ner.eval.scored_run.files import load_run


def test_charts_show_the_counts_of_the_run(demo: Path) -> None:
    run = load_run(demo)
    drawn = charts(run)
    assert {name: len(found) for name, found in drawn.items()} == {"errors": 1, "groups": 2, "confidence": 2}
    (errors,) = drawn["errors"]
    notes = {bar.note for bar in errors.bars}
    assert notes == {
        f"{label}, {kind}: {counts.of(kind):,}"
        for label, counts in run.analysis.errors.labels.items()
        for kind in KINDS
    }
    first = next(text.text for text in errors.texts if text.style == "row")
    wrong = {label: sum(map(counts.of, KINDS[1:])) for label, counts in run.analysis.errors.labels.items()}
    assert wrong[first] == max(wrong.values())
    reliability, thresholds = drawn["confidence"]
    assert run.calibration
    assert len(reliability.dots) == sum(row.predicted > 0 for row in run.calibration.bins)
    assert [key.name for key in thresholds.legend] == ["precision", "recall", "F1"]
    assert len(thresholds.dots) == 3 * len(run.calibration.thresholds)


def test_a_group_alone_and_a_run_without_confidences_have_no_charts(demo: Path) -> None:
    run = load_run(demo)
    alone = {name: dict(list(groups.items())[:1]) for name, groups in run.analysis.groups.items()}
    drawn = charts(replace(run, calibration=None, analysis=replace(run.analysis, groups=alone)))
    assert drawn["groups"] == []
    assert "confidence" not in drawn


def test_many_labels_are_cut(demo: Path) -> None:
    run = load_run(demo)
    counts = next(iter(run.analysis.errors.labels.values()))
    errors = replace(run.analysis.errors, labels={f"L{number}": counts for number in range(50)})
    (chart,) = charts(replace(run, analysis=replace(run.analysis, errors=errors)))["errors"]
    assert chart.title == "Entities by label and kind: the 40 labels with the most errors"
    assert sum(text.style == "row" for text in chart.texts) == 40


def test_the_charts_need_no_matplotlib(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = CliRunner().invoke(main, ["report", str(demo), "--out", str(tmp_path / "plain.html")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "plain.html").read_bytes() == (demo / "report.html").read_bytes()
