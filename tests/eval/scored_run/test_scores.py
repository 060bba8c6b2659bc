"""Scores as a notebook shows them, and counts that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from scored_runs import flat_scores, nested_scores
from strict_html import Page

from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.scored_run.scores import AlignmentSummary, ScenarioCounts, Scores, Size


def shown(scores: Scores) -> str:
    html = scores._repr_html_()
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return html


def test_a_notebook_shows_the_tables() -> None:
    scores = flat_scores({"<b>LOC</b>": Counts(3, 4, 6)})
    html = shown(scores)
    assert "&lt;b&gt;LOC&lt;/b&gt;" in html
    assert "<b>" not in html
    for text in ("seqeval (strict, IOB2)", "micro avg", "0.7500", "0.5000", "0.6000", "nervaluate", "ent_type"):
        assert text in html
    assert "ungrounded" not in html
    nested = shown(nested_scores(scores))
    assert "sets of spans (entities nest: seqeval cannot hold them)" in nested
    assert "nervaluate" not in nested


@pytest.mark.parametrize(
    "make",
    [
        lambda: Counts(2, 1, 3), lambda: Counts(1, 1, 0), lambda: Counts(-1), lambda: ScenarioCounts(0, 0, 0, -1, 0), lambda: Size(1, 2),
        lambda: Scores(Size(1, 0), Size(1, 0), None, None, None, AlignmentSummary(1, 0, 0, {}, {}, 0, 0)),
    ],
)  # fmt: skip
def test_counts_that_cannot_be_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"not valid counts|cannot be|either seqeval or spans"):
        make()


def test_scenarios_add_up_count_by_count() -> None:
    assert ScenarioCounts(1, 2, 3, 4, 5) + ScenarioCounts(10, 20, 30, 40, 50) == ScenarioCounts(11, 22, 33, 44, 55)
