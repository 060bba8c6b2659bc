"""The Hub's client with bounds and checks; `tests/security/test_hub_answers.py` attacks it over a connection."""

from __future__ import annotations

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.hub_client import causes, guard_hub, hub_errors, reason_of, status_of


class RefusedError(Exception):
    server_message = "not\nyours"

    class response:  # noqa: N801
        status_code = 403


def test_errors_of_the_client_become_ours() -> None:
    for error, reason in (
        (ValueError("a\nb"), "a b"),
        (RefusedError("long"), "not yours"),
        (KeyError("sha"), "an answer that no Hub gives: KeyError: 'sha'"),
        (RecursionError(), "an answer that no Hub gives: RecursionError: "),
        (TimeoutError(), "TimeoutError"),
    ):
        with pytest.raises(LmnError) as caught, hub_errors("cannot be had", "me/ner", "go online"):
            raise error
        assert str(caught.value) == f"me/ner: cannot be had ({reason}); go online"
    ours = LmnError("ours")
    with pytest.raises(LmnError) as caught, hub_errors("cannot be had", "me/ner"):
        raise ours
    assert caught.value is ours


def test_what_an_error_says_is_found_in_its_causes() -> None:
    error = RuntimeError("upload failed")
    error.__cause__ = RefusedError()
    assert [type(one) for one in causes(error)] == [RuntimeError, RefusedError]
    assert status_of(error) == 403
    assert reason_of(error) == "upload failed: not yours"
    assert status_of(ValueError()) is None


def test_the_client_that_checks_is_the_client_of_this_process() -> None:
    from huggingface_hub import get_session

    guard_hub()
    assert get_session().headers["accept-encoding"] == "identity"
    assert get_session().follow_redirects
