"""One service with the stand-in model, for the tests that need no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from capitals_service import Running, running


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with running() as one:
        yield one
