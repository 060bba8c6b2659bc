"""A server that answers as the tests want, and no key of whoever runs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_openai import Fake, fake_server


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with fake_server() as server:
        yield server
