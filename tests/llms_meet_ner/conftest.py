"""Fixtures of the library's tests."""

from __future__ import annotations

import pytest
from listing import Listing

from llms_meet_ner import formats


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format called `listing`, which does not write the sentence again."""
    monkeypatch.setitem(formats._FORMATS, "listing", Listing)
