"""Fixtures of the tests of eval/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from curve_project import StandIn

    from llms_meet_ner.eval.studies.search_plan import SearchPlan


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a scored run of the demo corpus, with its report."""
    from scored_demo import score_demo

    folder = tmp_path_factory.mktemp("run")
    score_demo(folder)
    return folder


@pytest.fixture
def plan(workdir: Path) -> SearchPlan:
    """A search in the working directory."""
    from search_file import first_plan

    return first_plan(workdir)


@pytest.fixture
def stand_in(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A training's project in the working directory, and the stand-in for its model."""
    from curve_project import StandIn, write_project

    from llms_meet_ner.eval.studies import curve

    write_project(workdir)
    found = StandIn()
    monkeypatch.setattr(curve, "predict", found)
    return found
