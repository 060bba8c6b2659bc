"""A trained adapter in small, for the tests of the room."""

from __future__ import annotations

from pathlib import Path

import pytest
from publishing import Trained, trained


@pytest.fixture
def tiny(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Trained:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_TOKEN", "hf_aVerySecretTokenOfMine1234")
    return trained(workdir)
