"""The sentence about a reason that nearly all outputs fail for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from scored_runs import flat_scores, scored_run

from llms_meet_ner.alignment import REASONS
from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.scored_run.failing import _REMEDIES, describe_failing
from llms_meet_ner.eval.scored_run.run import OtherReading, ScoredRun
from llms_meet_ner.eval.scored_run.scores import AlignmentSummary, Size


def failing(failed: int, reasons: dict[str, int], counts: Counts = Counts(0, 0, 6), **changes: Any) -> ScoredRun:  # noqa: B008
    scores = replace(
        flat_scores({"LOC": counts}, sentences=Size(11, 1)), alignment=AlignmentSummary(11 - failed, 0, failed, reasons, {}, 0, 0)
    )  # fmt: skip
    return scored_run(scores=scores, **changes)


@pytest.mark.parametrize("reason", _REMEDIES)
def test_each_reason_has_its_sentence(reason: str) -> None:
    assert reason in REASONS
    assert describe_failing(failing(10, {reason: 10})).startswith("all 10 outputs ")
    assert describe_failing(failing(9, {reason: 9, "added": 10})).startswith("9 of 10 outputs ")


def test_the_most_telling_reason_is_named() -> None:
    said = describe_failing(failing(10, {"empty": 10, "unended-thought": 10}))
    assert said == (
        "all 10 outputs begin a block of thinking that does not end: raise --max-new-tokens, or turn the model's thinking off"
    )


def test_a_reason_of_some_outputs_or_of_outputs_that_are_read_is_not_named() -> None:
    assert describe_failing(failing(8, {"empty": 8}, Counts(1, 2, 6))) == ""
    assert describe_failing(failing(0, {"unknown-label": 10}, Counts(1, 2, 6))) == ""
    assert describe_failing(failing(0, {})) == ""


def test_the_other_reading_is_named_where_it_reads_more() -> None:
    other = OtherReading("lenient", 10, Counts(6, 6, 6))
    run = failing(10, {"unrelated": 10}, reading="published", other_reading=other)
    assert describe_failing(run).endswith("; --reading lenient reads them")
