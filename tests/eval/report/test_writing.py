"""The files of a report: where they lie, and that a failure leaves what was there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner.eval.report import markdown_report, report_path, write_markdown, write_page, writing
from llms_meet_ner.eval.report.page import html_report
from llms_meet_ner.eval.scored_run.files import load_evaluation


def test_a_report_lies_next_to_its_scores() -> None:
    assert report_path(Path("a/scores.json"), ".html") == Path("a/report.html")
    assert report_path(Path("a/scores.min0.9.json"), ".html") == Path("a/report.min0.9.html")
    assert report_path(Path("a/scores.min0.9.json"), ".md") == Path("a/report.min0.9.md")


def test_both_are_written_with_their_folder(demo: Path, tmp_path: Path) -> None:
    evaluation = load_evaluation(demo)
    page, markdown = tmp_path / "new/r.html", tmp_path / "other/r.md"
    write_page(page, evaluation)
    write_markdown(markdown, evaluation)
    assert page.read_text("utf-8") == "".join(html_report(evaluation))
    assert markdown.read_text("utf-8") == markdown_report(evaluation.run, evaluation.sentences)


def test_a_report_that_fails_halfway_leaves_the_one_before(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Iterator[str]:
        yield "<html>"
        raise KeyError("analysis")

    monkeypatch.setattr(writing, "html_report", broken)
    (tmp_path / "r.html").write_text("before")
    with pytest.raises(KeyError, match="analysis"):
        write_page(tmp_path / "r.html", load_evaluation(demo))
    assert (tmp_path / "r.html").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
