"""Fixtures of the tests of eval/."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a scored run of the demo corpus, with its report."""
    from scored_demo import score_demo

    folder = tmp_path_factory.mktemp("run")
    score_demo(folder)
    return folder
