"""A secret that is kept turns up nowhere, however it is written."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from llms_meet_ner import masking
from llms_meet_ner.masking import keep_secret, masked

SECRET = 'p/w "1" ü'


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_secrets", [])


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET)[1:-1],
        base64.b64encode(f"me:{SECRET}".encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
)
def test_every_way_to_write_a_secret_is_masked(written: str) -> None:
    keep_secret(SECRET, user="me")
    assert masked(f"before {written} after") == "before *** after"


def test_nothing_is_masked_for_an_empty_or_short_value() -> None:
    keep_secret(None)
    keep_secret("")
    keep_secret("none")
    assert masked("none of it") == "none of it"
