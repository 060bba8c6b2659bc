"""The log of problems: what is fatal raises or is counted, and places are kept up to a limit."""

from __future__ import annotations

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import problems
from llms_meet_ner.data_converters.problems import LOSES_LINES, NOTES, PROBLEM_KINDS, ProblemLog
from llms_meet_ner.sentence import Where

HERE = Where("a.conll", 3)


def test_a_fatal_problem_raises_with_place_and_remedy() -> None:
    log = ProblemLog()
    with pytest.raises(LmnError) as raised:
        log.report("untagged", HERE, "a line without a tag: 'x'", remedy="mend it")
    error = raised.value
    assert (error.what, error.where, error.remedy) == ("a line without a tag: 'x'", "a.conll:3", "mend it")
    assert str(error) == "a.conll:3: a line without a tag: 'x'; mend it"
    assert not log.counts


def test_a_log_that_keeps_going_counts_what_would_have_been_fatal() -> None:
    log = ProblemLog(keep_going=True)
    log.report("untagged", HERE, "x")
    log.report("crossing", HERE, "y", fatal=False)
    assert (log.counts, log.fatal) == ({"untagged": 1, "crossing": 1}, 1)
    assert [(problem.kind, problem.fatal) for problem in log.kept] == [("untagged", True), ("crossing", False)]
    assert [problem.message for problem in log.of("crossing")] == ["y"]


def test_only_the_first_places_of_a_kind_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "MAX_KEPT", 2)
    log = ProblemLog()
    for number in range(4):
        log.report("filtered", Where("a", number), "", fatal=False)
    assert (log.counts["filtered"], [problem.where.line for problem in log.kept]) == (4, [0, 1])


def test_a_warning_names_the_number_the_sorts_and_the_first_places_of_a_kind() -> None:
    log = ProblemLog(keep_going=True)
    for number, detail in enumerate(["B- read as I-", "I- read as B-", "B- read as I-", "B- read as I-"], 1):
        log.report("invalid-transition", Where("a", number), "x", fatal=False, detail=detail)
    log.report("untagged", HERE, "y")
    assert list(log.warnings("c train")) == [
        "c train: 4 x a tag that its scheme does not allow at its place: 3 B- read as I-, 1 I- read as B- (first at a:1, a:2, a:3)",
        "c train: 1 x a line without a tag (first at a.conll:3)",
    ]


def test_every_kind_has_a_meaning() -> None:
    assert set(PROBLEM_KINDS) >= LOSES_LINES | NOTES
    assert not LOSES_LINES & NOTES
