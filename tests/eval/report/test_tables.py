"""The tables of a scored run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conll_predictions import constrained_rows, score_rows, scores_of
from scored_runs import analysis, scored_run

from llms_meet_ner.eval.report.content import sections
from llms_meet_ner.eval.report.tables import error_table
from llms_meet_ner.sentence import Sentence, Span

ORG = Span(0, 2, "ORG")


TRUST = """\
reliability  entities  confidence  accuracy
0.8-0.9             2      0.9000    1.0000
0.9-1.0             1      0.9500    0.0000

confidence   entities  precision  recall      f1
from 0.00           3     0.6667  0.6667  0.6667
from 0.50           3     0.6667  0.6667  0.6667
from 0.70           3     0.6667  0.6667  0.6667
from 0.80           3     0.6667  0.6667  0.6667
from 0.90           3     0.6667  0.6667  0.6667
from 0.95           1     0.0000  0.0000  0.0000
from 0.99           0     0.0000  0.0000  0.0000

scores.json
"""


def test_the_reports_show_the_curve(workdir: Path) -> None:
    table = score_rows(constrained_rows(), "--details").stdout
    assert TRUST in table
    assert "predictions  p.jsonl (decoding: constrained)\n" in table
    told = "confidence expected calibration error 0.3833, maximum 0.9500, Brier score 0.3075, of 3 entities "
    assert told in " ".join(table.split())
    assert "uncertainty  mean 0.1000, maximum 0.5000 nats, averages of 2 sentences\n" in table
    document = scores_of()
    first = document["calibration"]["thresholds"][0]
    assert {key: value for key, value in first.items() if key != "from"} == document["seqeval"]["micro"]
    assert (document["decoding"], document["min_confidence"], document["below_min_confidence"]) == (
        "constrained",
        None,
        0,
    )
    assert document["uncertainty"] == {
        "sentences": 2, "mean_sum": 0.2, "max_sum": 1.0, "mean": 0.1, "max": 0.5, "quarters": [],
    }  # fmt: skip
    markdown = score_rows(constrained_rows(), "--report", "markdown").stdout
    assert (
        "| reliability | entities | confidence | accuracy |\n|---|---:|---:|---:|\n| 0.8-0.9 | 2 | 0.9000 | 1.0000 |\n"
        in markdown
    )


def test_errors_by_uncertainty_are_shown_from_four_sentences_on(workdir: Path) -> None:
    gold = [Sentence(f"conll2003/testb/{n}", ("Ribe", "IF"), (ORG,)) for n in range(4)]
    (workdir / "eng.testb").write_text("Ribe NNP I-NP I-ORG\nIF NNP I-NP I-ORG\n\n" * 4)
    outputs = ["[Ribe IF | ORG]", "Ribe IF", "[Ribe IF | ORG]", "[Ribe IF | PER]"]
    found = [
        {"id": s.id, "output": output, "uncertainty": {"mean": 0, "max": 4 - n}}
        for n, (s, output) in enumerate(zip(gold, outputs))
    ]
    table = score_rows(found, "--source", str(workdir), "--details").stdout
    assert "maximum entropy  sentences  with errors   share\n1.0000-1.0000            1            1  1.0000\n" in table
    assert [row["with_errors"] for row in scores_of()["uncertainty"]["quarters"]] == [1, 0, 1, 0]
    assert scores_of()["calibration"] is None


def test_sentences_that_were_not_paired_are_counted_below_the_errors() -> None:
    given_up = replace(analysis(), given_up=1200)
    told = "not paired in 1,200 sentences, where too many entities lie inside each other"
    assert error_table(analysis()).notes == ()
    assert error_table(given_up).notes == (told,)
    page = next(section for section in sections(scored_run(analysis=given_up)) if section.name == "errors")
    assert page.tables[0].table.notes[1:] == (told,)
