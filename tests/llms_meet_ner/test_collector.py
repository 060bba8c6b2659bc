"""The garbage collector pauses in a block, and is afterwards as it was before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from llms_meet_ner.collector import collector_paused


@pytest.fixture
def collector() -> Iterator[None]:
    was = gc.isenabled()
    yield
    if was:
        gc.enable()
    else:
        gc.disable()


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_afterwards_as_before(enabled: bool) -> None:
    if enabled:
        gc.enable()
    else:
        gc.disable()
    with pytest.raises(ImportError):
        fail_to_import()
    assert gc.isenabled() == enabled


@collector_paused()
def fail_to_import() -> None:
    with collector_paused():
        assert not gc.isenabled()
    assert not gc.isenabled()
    raise ImportError
