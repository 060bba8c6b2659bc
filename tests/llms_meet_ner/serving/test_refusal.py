"""Every reason has a status, and only those that pass say when to try again."""

from __future__ import annotations

from typing import get_args

from llms_meet_ner.serving.refusal import STATUS, Reason, RefusedError


def test_every_reason_has_a_status() -> None:
    assert set(STATUS) == set(get_args(Reason))
    assert RefusedError("full", "later", 3).status == 503
    assert RefusedError("text", "never").retry_after is None
    assert {reason for reason in STATUS if RefusedError(reason, "").may_pass} == {
        "busy",
        "full",
        "loading",
        "ending",
        "failing",
    }
