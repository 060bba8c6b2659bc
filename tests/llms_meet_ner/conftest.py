"""Fixtures of the library's tests: a format, and a system behind a server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_openai import Fake, fake_server
from listing import Listing
from served_project import KEY, save_mini_project

from llms_meet_ner import formats


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format called `listing`, which does not write the sentence again."""
    monkeypatch.setitem(formats._FORMATS, "listing", Listing)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with data and a recipe, and no model."""
    folder = tmp_path_factory.mktemp("served")
    save_mini_project(folder, "none/such")
    return folder


@pytest.fixture
def project(converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", KEY + "\n")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    folder = tmp_path / "project"
    shutil.copytree(converted, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def fake() -> Iterator[Fake]:
    with fake_server() as server:
        yield server
