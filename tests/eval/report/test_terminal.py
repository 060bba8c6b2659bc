"""A scored run as text for the terminal, and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from conll_predictions import records, score_file, write
from rich.cells import cell_len
from scored_runs import flat_scores, scored_run

from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.report.terminal import WIDTH, as_table, describe_reading, micro_line
from llms_meet_ner.eval.scored_run.files import load_run
from llms_meet_ner.eval.scored_run.run import OtherReading

FACTS = """\
corpus       conll2003 testb
predictions  p.jsonl (decoding: free)
sentences    3 (2 without the 1 -DOCSTART- lines)
tokens       8 (7 without the 1 -DOCSTART- lines)
alignment    3 exact, 0 repaired, 0 failed
reading      lenient; published finds the same entities
entities     0 ungrounded, 0 with an unknown label, 0 dropped
published    not compared, because the model is not known; 17 results on
             conll2003, F1 0.4749 to 0.9385 (eval/published/references)

seqeval (strict, IOB2)
             precision  recall      f1  support
LOC             0.0000  0.0000  0.0000        0
ORG             1.0000  0.6667  0.8000        3
micro avg       0.6667  0.6667  0.6667        3
"""
END = """
scores.json
micro F1 0.6667 (0.0000–1.0000), precision 0.6667, recall 0.6667, support 3
"""


def test_the_table_ends_with_the_line_that_matters_and_has_details_on_request(workdir: Path) -> None:
    write(records("testb", lambda sentence, output: output.replace("[Ribe | ORG]", "[Ribe | LOC]")))
    assert (
        score_file("--predictions", "p.jsonl").stdout
        == f"""\
{FACTS}
errors: 0 boundary, 1 type, 0 both, 0 missed, 0 spurious
(--details prints every table, --html writes a page)
{END}"""
    )
    assert (
        score_file("--predictions", "p.jsonl", "--details").stdout
        == f"""\
{FACTS}
nervaluate   precision  recall      f1  support
strict          0.6667  0.6667  0.6667        3
exact           1.0000  1.0000  1.0000        3
partial         1.0000  1.0000  1.0000        3
ent_type        0.6667  0.6667  0.6667        3

95% interval             precision         recall             f1
micro avg            0.0000-1.0000  0.0000-1.0000  0.0000-1.0000
nervaluate strict    0.0000-1.0000  0.0000-1.0000  0.0000-1.0000
nervaluate exact     0.0000-1.0000  0.0000-1.0000  0.0000-1.0000
nervaluate partial   0.0000-1.0000  0.0000-1.0000  0.0000-1.0000
nervaluate ent_type  0.0000-1.0000  0.0000-1.0000  0.0000-1.0000
(percentile bootstrap over sentences, 1,000 resamples, seed 42)

entities     correct  boundary  type  both  missed  spurious
ORG                2         0     1     0       0         0
all                2         0     1     0       0         0

entity length  precision  recall      f1  support
1                 0.6667  0.6667  0.6667        3

sentence length  precision  recall      f1  support
1-10                0.6667  0.6667  0.6667        3

mention in train  precision  recall      f1  support
unseen               0.6667  0.6667  0.6667        3
(train: train)

labels in train  precision  recall      f1  support
unseen              0.6667  0.6667  0.6667        3
(train: train)
{END}"""
    )
    document = json.loads(Path("scores.json").read_text())
    assert document["seqeval"]["micro"] == {
        "correct": 2,
        "predicted": 3,
        "gold": 3,
        "precision": 2 / 3,
        "recall": 2 / 3,
        "f1": 2 / 3,
    }
    assert document["sha256"]["adapter"] is None
    assert document["recipe"] is None


def test_json_on_standard_output_is_the_file(workdir: Path) -> None:
    write(records("testb"))
    result = score_file("--predictions", "p.jsonl", "--report", "json", "--out", "there")
    assert json.loads(result.stdout) == json.loads(Path("there/scores.json").read_text())
    markdown = score_file("--predictions", "p.jsonl", "--report", "markdown")
    assert "| micro avg | 3 | 3 | 3 | 1.0000 | 1.0000 | 1.0000 |" in markdown.stdout
    assert markdown.stderr.endswith("\nscores.json\n")


def test_both_f1_are_said_where_the_readings_differ() -> None:
    other = OtherReading("published", 3, Counts(1, 4, 6))
    run = scored_run(scores=flat_scores({"LOC": Counts(3, 4, 6)}), reading="lenient", other_reading=other)
    assert describe_reading(run) == (
        "lenient: micro F1 0.6000; published finds other entities in 3 sentences: micro F1 0.2000"
    )
    assert describe_reading(scored_run(decoding="constrained")) == ""
    assert describe_reading(scored_run()) == "published; lenient finds the same entities"


def test_a_report_says_why_all_outputs_fail_and_what_helps(workdir: Path) -> None:
    write(records("testb", lambda sentence, output: "<think>\nLet me see"))
    shown = score_file("--predictions", "p.jsonl").stdout
    assert (
        "failing      all 2 outputs begin a block of thinking that does not end: raise\n"
        "             --max-new-tokens, or turn the model's thinking off\n" in shown
    )
    assert "2 empty" not in score_file("--predictions", "p.jsonl", "--reading", "published").stdout


def test_every_table_fits_eighty_columns_whatever_the_labels(demo: Path) -> None:
    run = load_run(demo)
    assert max(map(cell_len, as_table(run, details=True).splitlines())) <= WIDTH
    assert max(map(cell_len, [*as_table(run).splitlines(), micro_line(run)])) <= WIDTH
    counts = {"A" * 60: Counts(1, 2, 3), "東京都" * 12: Counts(1, 1, 1), "LOC": Counts(12_000, 12_000, 12_000)}
    lines = as_table(scored_run(scores=flat_scores(counts))).splitlines()
    assert max(map(cell_len, lines)) <= WIDTH
    assert lines[lines.index("A" * 60) + 1].split() == ["0.5000", "0.3333", "0.4000", "3"]


def test_what_does_not_go_with_the_report_is_refused(workdir: Path) -> None:
    write(records("testb"))
    told = score_file("--predictions", "p.jsonl", "--report", "json", "--details", code=2).stderr
    assert "--details is for --report table; json holds everything" in told
    told = score_file("--predictions", "p.jsonl", "--table", "labels", code=2).stderr
    assert "--table is for --report csv or tsv" in told
