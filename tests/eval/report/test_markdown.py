"""The report as Markdown, read by a parser of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hostile import adversarial
from scored_demo import evaluated, reads_as, score_changed_demo

from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.report.markdown import LISTED, markdown_report
from llms_meet_ner.eval.scored_run.analysis import ERRORS
from llms_meet_ner.rendering.text import visible


def test_the_same_as_markdown(demo: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(demo), "--markdown"])
    assert (result.exit_code, result.stdout) == (0, f"{demo / 'report.md'}\n")
    text = (demo / "report.md").read_text("utf-8")
    lines = text.splitlines()
    document = json.loads((demo / "scores.json").read_text("utf-8"))
    assert lines[0] == "# demo testb: gold and predictions"
    errors = document["analysis"]["errors"]["all"]
    assert f"| all | {' | '.join(map(str, errors.values()))} |" in lines
    for kind in ERRORS:
        at = lines.index(f"## Errors: {kind} ({errors[kind]})")
        listed = lines[at + 4 :][: min(errors[kind], LISTED)]
        assert all(line.startswith("- demo/testb/") for line in listed)
        if errors[kind] > LISTED:
            assert lines[at + 5 + LISTED] == f"and {errors[kind] - LISTED} more"
    assert "| reasons | sentences |" in lines
    assert "baseline: majority" in reads_as(text)


@pytest.mark.filterwarnings("ignore:A single label was found")
def test_a_thousand_random_and_adversarial_predictions(tmp_path: Path) -> None:
    sentences, outputs = adversarial(1000)
    evaluation = evaluated(tmp_path, sentences, outputs)
    text = markdown_report(evaluation.run, evaluation.sentences)
    assert not {character for character in text if visible(character) != character} - {"\n"}
    shown = reads_as(text)
    listed = [row for row in evaluation.sentences if any(pair.kind in ERRORS for pair in row.pairs)][:LISTED]
    assert all(visible(" ".join(row.tokens)) in shown for row in listed)
    assert markdown_report(evaluation.run) == text.partition("\n## Errors: ")[0]


def test_the_report_has_the_large_tables_too(workdir: Path) -> None:
    text = score_changed_demo("a", ("| LOC]", "| ORG]"), "--report", "markdown")
    assert "| labels | " in text
    assert "| tags, averaged | accuracy | precision | recall | f1 | support |" in text
    assert "| B-LOC | " in text
    assert "| unseen | " in text
    assert "\ntrain: train\n" in text
