"""RESULTS.md follows from the kept counts, and a study is what its JSON says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scored_runs import flat_scores, scored_run

from llms_meet_ner import LmnError
from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.scored_run.analysis import Interval
from llms_meet_ner.eval.scored_run.run import Hashes, Provenance
from llms_meet_ner.eval.studies.results import RESULTS_FOLDER, RESULTS_PAGE, Result, Study, results_page

RUN = scored_run(
    scores=flat_scores({"LOC": Counts(3, 4, 6)}, exact=5, repaired=1),
    f1=Interval(0.4, 0.75),
    provenance=Provenance({"python": "3.11"}, "abc", 42, Hashes("00", "11", None)),
)


def test_the_page_is_what_the_kept_results_say() -> None:
    assert RESULTS_PAGE.read_text(encoding="utf-8") == results_page()


def test_a_study_comes_back_and_shows_its_rows(tmp_path: Path) -> None:
    result = Result.of("trained", RUN, "lmn-eval --split test\nlmn-eval --split dev")
    study = Study("Formats", "On a machine.", "wikigold", "test", (result, result))
    study.save(tmp_path / "a.json")
    assert Study.load(tmp_path / "a.json") == study
    row = json.loads((tmp_path / "a.json").read_text())["results"][0]
    assert (row["counts"], row["f1_interval"]) == ({"correct": 3, "predicted": 4, "gold": 6}, [0.4, 0.75])
    assert row["traces"] == {
        "commit": "abc", "versions": {"python": "3.11"}, "sha256": {"corpus": "00", "predictions": "11", "adapter": None}
    }  # fmt: skip
    page = results_page(tmp_path)
    assert "| trained | bracketed | free | 0.7500 | 0.5000 | 0.6000 | 0.4000-0.7500 | 4 | 5 | 1 | 0 |" in page
    assert page.count("lmn-eval --split test") == 1, "a command appears once"
    assert "6 gold entities" in page


def test_names_in_a_study_show_as_text_and_its_description_as_markdown() -> None:
    result = Result.of("a|b <i>", RUN, "lmn-eval ```")
    page = Study("# <b>x</b>", "Of *this*.", "wikigold", "test", (result,)).markdown()
    assert page.startswith("## \\# &lt;b&gt;x&lt;/b&gt;\n\nOf *this*.\n")
    assert "| a\\|b &lt;i&gt; | bracketed |" in page
    assert page.endswith("````sh\nlmn-eval ```\n````")


def test_the_kept_results_are_written_as_they_are_read(tmp_path: Path) -> None:
    for path in RESULTS_FOLDER.glob("*.json"):
        Study.load(path).save(tmp_path / path.name)
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_a_damaged_study_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"title": "x"}')
    with pytest.raises(LmnError, match=r"a\.json: not as a study writes it \(about is missing\); run the study again"):
        results_page(tmp_path)
